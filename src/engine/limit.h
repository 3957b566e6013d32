/*
 * limit.h
 *		Users with absurdly many ratings.
 */
#ifndef RECSYS_ENGINE_LIMIT_H
#define RECSYS_ENGINE_LIMIT_H

#include "postgres.h"

#include "ratings/matrix.h"

/* What a limit leaves out. */
typedef struct LimitEffect
{
	int32		limit;			/* ratings of a user; 0: no user has absurdly many */
	int32		users;			/* with more */
	int64		ratings;		/* of theirs that are too many */
	double		pairs;			/* sum over users of the squares of what is left */
} LimitEffect;

extern LimitEffect limit_for_pairs(const SparseRows *by_user);
extern void interactions_limit(Interactions *ratings, int32 limit, bool remember);

#endif							/* RECSYS_ENGINE_LIMIT_H */
