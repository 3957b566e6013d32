/*
 * iteration.h
 *		How many iterations a training run does, and what is told of each.
 */
#ifndef RECSYS_ENGINE_ITERATION_H
#define RECSYS_ENGINE_ITERATION_H

#include "postgres.h"

#include "engine/algorithm.h"

/* The options of algorithms that iterate. */
typedef struct IterationOptions
{
	int			iterations;
	double		validation_fraction;	/* of the ratings; 0: do all iterations */
	int			patience;
} IterationOptions;

#define ITERATION_OPTIONS(type, member, count, help) \
	INT_OPTION("iterations", type, member.iterations, count, 1, 100000, help), \
	REAL_OPTION("validation_fraction", type, member.validation_fraction, 0, 0, .9, \
				"early stopping: share of the ratings to set aside at first, to find the number of iterations that predicts them best; then all ratings are trained on with that number; 0: all iterations are done", \
				.old_name = "validation"), \
	INT_OPTION("patience", type, member.patience, 3, 1, 100000, \
			   "early stopping: number of iterations without improvement after which the search ends")

/*
 * The same for those whose predictions are preferences: the RMSE of preferences
 * that were held out, all of them positive, does not say how good a ranking
 * is, so there is no search.
 */
#define PLAIN_ITERATION_OPTION(type, member, count, help) \
	INT_OPTION("iterations", type, member.iterations, count, 1, 100000, help)

extern const IterationOptions *iteration_options(const Algorithm *algorithm,
												 const void *options);
extern int	iteration_plan(TrainContext *context);
extern int	iteration_plan_more(TrainContext *context, int more);
extern bool iteration_end(TrainContext *context, double loss, double train_rmse);
extern bool iteration_end_squares(TrainContext *context, double sse, double penalty);

#endif							/* RECSYS_ENGINE_ITERATION_H */
