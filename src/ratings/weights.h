/*
 * weights.h
 *		Weights that span orders of magnitude, and what training takes them for.
 */
#ifndef RECSYS_RATINGS_WEIGHTS_H
#define RECSYS_RATINGS_WEIGHTS_H

#include "postgres.h"

#include "ratings/matrix.h"

/* What becomes of a weight x of a user. */
typedef enum WeightTransform
{
	TRANSFORM_NONE,
	TRANSFORM_LOG,				/* log2(1 + x / unit) */
	TRANSFORM_SQRT,				/* sqrt(x / unit) */
	TRANSFORM_RANK,				/* (1 + share of the user's that are not larger) / 2 */
	TRANSFORM_BINARY			/* 1 */
} WeightTransform;

typedef struct WeightRule
{
	WeightTransform transform;
	double		unit;			/* of log and sqrt: what becomes 1 */
} WeightRule;

/* How weights are spread. */
typedef struct WeightSpread
{
	bool		negative;		/* is any below 0? */
	bool		flags;			/* are they 0 and one other value? */
	double		top;			/* the mean of the largest hundredth, in means of all */
	double		unit;			/* a tenth of those above 0 are not larger, roughly */
} WeightSpread;

extern WeightSpread weights_spread(const SparseRows *rows);
extern bool weights_are_counts(const WeightSpread *spread);
extern void weights_transform(const WeightRule *rule, SparseRows *rows);
extern void interactions_transform(Interactions *ratings, const WeightRule *rule);

#endif							/* RECSYS_RATINGS_WEIGHTS_H */
