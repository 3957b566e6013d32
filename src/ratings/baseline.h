/*
 * baseline.h
 *		Baseline estimates by alternating least squares.
 */
#ifndef RECSYS_RATINGS_BASELINE_H
#define RECSYS_RATINGS_BASELINE_H

#include "postgres.h"

#include "ratings/matrix.h"

/* Defaults of ALGORITHMS.md, and of the libraries users compare with. */
#define BASELINE_ITERATIONS 10
#define BASELINE_REG_I 10
#define BASELINE_REG_U 15

typedef struct BaselineOptions
{
	double		reg_i;
	double		reg_u;
} BaselineOptions;

typedef struct Baseline
{
	float	   *user_bias;		/* [users] */
	float	   *item_bias;		/* [items] */
} Baseline;

extern void baseline_fit_items(const Interactions *ratings, const BaselineOptions *options,
							   Baseline *baseline, int32 from, int32 to);
extern void baseline_fit_users(const Interactions *ratings, const BaselineOptions *options,
							   Baseline *baseline, int32 from, int32 to);
extern void baseline_fit(const Interactions *ratings, const BaselineOptions *options,
						 int iterations, Baseline *baseline);

#endif							/* RECSYS_RATINGS_BASELINE_H */
