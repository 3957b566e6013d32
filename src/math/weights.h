/*
 * weights.h
 *		Weights that span orders of magnitude: how they are spread, and what is
 *		made of them.
 */
#ifndef RECSYS_MATH_WEIGHTS_H
#define RECSYS_MATH_WEIGHTS_H

#include <stdbool.h>
#include <stdint.h>

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

#define WEIGHT_CLASSES 4096

/* Weights as they are counted; all 0 at first. */
typedef struct WeightHistogram
{
	int64_t		count[WEIGHT_CLASSES];	/* of those above 0 */
	double		sum[WEIGHT_CLASSES];
	int64_t		zeros;
	int64_t		negative;
	float		least;			/* above 0 */
	float		most;
} WeightHistogram;

/* How weights are spread. */
typedef struct WeightSpread
{
	bool		counts;			/* do they span orders of magnitude, as ratings do not? */
	bool		flags;			/* are they 0 and one other value? */
	double		top;			/* the mean of the largest hundredth, in means of all */
	double		unit;			/* a tenth of those above 0 are not larger, roughly */
} WeightSpread;

extern void weights_count(const float *value, int64_t n, WeightHistogram *histogram);
extern WeightSpread weights_spread(const WeightHistogram *histogram);
extern void weights_transform(const WeightRule *rule, int64_t n, float *value, float *space);

#endif							/* RECSYS_MATH_WEIGHTS_H */
