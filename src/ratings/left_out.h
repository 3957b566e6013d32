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

/* What is left out, as a model has it; NULL: there is nothing. */
typedef struct SeenPairs
{
	const SparseRows *pairs;	/* [users x items] of the model */
	Ids		   *cold_users;		/* users who are not in the model */
	const SparseRows *cold_pairs;	/* [cold users x items] */
} SeenPairs;

extern void left_out_split(Interactions *ratings, const RatingsPolicy *policy);
extern void left_out_add_pruned(Interactions *ratings, const int32 *user_index,
								const int32 *item_index);
extern void left_out_add_marked(Interactions *ratings);
extern SeenPairs left_out_place(const LeftOut *left_out, const Ids *users, const Ids *items);

#endif							/* RECSYS_RATINGS_LEFT_OUT_H */
