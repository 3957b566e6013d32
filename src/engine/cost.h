/*
 * cost.h
 *		How long a training run will take, roughly.
 */
#ifndef RECSYS_ENGINE_COST_H
#define RECSYS_ENGINE_COST_H

#include "postgres.h"

#include "engine/algorithm.h"

/*
 * Seconds of one core for what training does most, as measured on one machine
 * of 2024: others are within a factor of two or three.
 */
#define COST_PAIR 2e-9			/* a pair of ratings of a row: a sum somewhere in memory */
#define COST_SUM 1.5e-8			/* such a sum when it is done: is it among the best? */
#define COST_PRODUCT 1e-10		/* a multiplication of elements of vectors, in cache */
#define COST_DENSE 2e-11		/* the same in a product of matrices */
#define COST_STEP 5e-8			/* a step of gradient descent, besides its vectors */

/* What those can do whose runs would be long, for hints. */
#define TRY_FEWER_PAIRS "The time grows with the squares of the numbers of ratings of each user.  Try the option max_user_ratings, or ials or bpr."
#define TRY_FEWER_PASSES "Try fewer iterations or factors."

extern double cost_of_pairs(double pairs, double rows);
extern double cost_of_steps(double passes, double ratings, int factors);
extern double algorithm_cost(const Algorithm *algorithm, const DataTraits *traits,
							 const void *options);
extern double expected_seconds(const Algorithm *algorithm, const void *options,
							   const Interactions *ratings);
extern void report_seconds(const Algorithm *algorithm, const void *options, double seconds,
						   int trainings, const Interactions *ratings);

#endif							/* RECSYS_ENGINE_COST_H */
