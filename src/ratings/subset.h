/*
 * subset.h
 *		Parts of an interaction matrix: folds, and what is held out.
 */
#ifndef RECSYS_RATINGS_SUBSET_H
#define RECSYS_RATINGS_SUBSET_H

#include "postgres.h"

#include "ratings/matrix.h"

/* Where the users and items of the whole are in a compact subset. */
typedef struct SubsetIndex
{
	int32	   *user;			/* [users of the whole] index in the subset, or -1 */
	int32	   *item;			/* [items of the whole] likewise */
	int32		users;			/* of the subset */
	int32		items;
} SubsetIndex;

/* Which ratings of the whole, by their labels, in the order of by_user. */
typedef struct SubsetFilter
{
	const uint8 *label;			/* [ratings of the whole] */
	uint8		value;
	bool		equal;			/* those with the value, or all others */
} SubsetFilter;

extern uint8 *subset_folds(const Interactions *whole, int folds, int seed);
extern uint8 *subset_hold_out(const Interactions *whole, double share, int seed);
extern Interactions *subset_create(const Interactions *whole, const SubsetFilter *filter,
								   bool shared);
extern SubsetIndex subset_index(const Interactions *whole, const SubsetFilter *filter);
extern Interactions *subset_create_compact(const Interactions *whole,
										   const SubsetFilter *filter,
										   const SubsetIndex *index, bool shared);

#endif							/* RECSYS_RATINGS_SUBSET_H */
