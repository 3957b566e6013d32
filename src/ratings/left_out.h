/*
 * left_out.h
 *		Pairs of user and item that were read, but that training does not use.
 */
#ifndef RECSYS_RATINGS_LEFT_OUT_H
#define RECSYS_RATINGS_LEFT_OUT_H

#include "postgres.h"

#include "ratings/matrix.h"

/*
 * Bytes that a pair takes at most: the room that it leaves unused in the matrix,
 * by user and by item, the pair itself, its place in the model, and its block.
 */
#define LEFT_OUT_BYTES 40

extern void left_out_split(Interactions *ratings, const RatingsPolicy *policy);
extern void left_out_add_pruned(Interactions *ratings, const int32 *user_index,
								const int32 *item_index);
extern const SparseRows *left_out_place(const LeftOut *left_out, const Ids *users,
										const Ids *items);
extern const SparseRows *left_out_place_cold(const LeftOut *left_out, const Ids *users,
											 const Ids *items, Ids *cold);

#endif							/* RECSYS_RATINGS_LEFT_OUT_H */
