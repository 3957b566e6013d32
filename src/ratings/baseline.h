/*
 * baseline.h
 *		Baseline estimates by alternating least squares.
 */
#ifndef RECSYS_RATINGS_BASELINE_H
#define RECSYS_RATINGS_BASELINE_H

#include "postgres.h"

#include "ratings/matrix.h"

/* Defaults: those of the library Surprise, which users compare with. */
#define BASELINE_ITERATIONS 10
#define BASELINE_ITEM_REGULARIZATION 10
#define BASELINE_USER_REGULARIZATION 15

typedef struct BaselineOptions
{
	double		item_regularization;
	double		user_regularization;
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
