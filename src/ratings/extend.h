/*
 * extend.h
 *		An interaction matrix with more items than were rated, or with nothing
 *		at all.
 */
#ifndef RECSYS_RATINGS_EXTEND_H
#define RECSYS_RATINGS_EXTEND_H

#include "postgres.h"

#include "ratings/matrix.h"

extern Interactions *interactions_empty(bool integer_users, bool integer_items);
extern Interactions *interactions_add_items(const Interactions *ratings, const Ids *items,
											int32 *index);

#endif							/* RECSYS_RATINGS_EXTEND_H */
