/*
 * iteration.c
 *		How many iterations a training run does, and what is told of each.
 *
 * An algorithm that iterates announces how many iterations there will be, and
 * reports each one.  Where the run is a search (validation.c) the report may be
 * answered: no more.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "engine/iteration.h"

/* The algorithm's iteration options among its options; NULL: it does not iterate. */
const IterationOptions *
iteration_options(const Algorithm *algorithm, const void *options)
{
	if (algorithm->iteration == 0)
		return NULL;
	return (const IterationOptions *) ((const char *) options + algorithm->iteration);
}

/* Announce the iterations of a run; returns how many there are at most. */
int
iteration_plan(TrainContext *context)
{
	return iteration_plan_more(context, 0);
}

/* The same where there can be so many more than the option says. */
int
iteration_plan_more(TrainContext *context, int more)
{
	const IterationOptions *options = iteration_options(context->algorithm,
														context->options);
	int			iterations = options->iterations + more;

	if (context->iteration_limit > 0)
		iterations = context->iteration_limit;
	progress_plan(context->progress, iterations);
	return iterations;
}

/*
 * Record the end of an iteration: the loss that is minimized and the RMSE on
 * the training ratings, NaN where they do not apply.  Returns false if it is
 * to be the last.
 */
bool
iteration_end(TrainContext *context, double loss, double train_rmse)
{
	progress_iteration(context->progress, loss, train_rmse);
	return context->goes_on == NULL || context->goes_on(context);
}

/*
 * The same where the loss is the sum of the squared errors on the training
 * ratings and a penalty; an algorithm that does not add it up gives 0.
 */
bool
iteration_end_squares(TrainContext *context, double sse, double penalty)
{
	return iteration_end(context, sse + penalty,
						 sqrt(sse / sparse_entries(&context->ratings->by_user)));
}
