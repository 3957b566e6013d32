/*
 * prune.h
 *		Leaving out users and items with few ratings.
 */
#ifndef RECSYS_RATINGS_PRUNE_H
#define RECSYS_RATINGS_PRUNE_H

#include "postgres.h"

#include "ratings/matrix.h"

extern void interactions_prune(Interactions *ratings, const RatingsPolicy *policy);
extern void interactions_drop_empty(Interactions *ratings);

#endif							/* RECSYS_RATINGS_PRUNE_H */
