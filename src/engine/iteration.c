/*
 * iteration.c
 *		How many iterations a training run does.
 *
 * With the option "validation" a run is done twice.  At first a share of the
 * ratings is held out, and predicted after every iteration; when the error has
 * not fallen for "patience" iterations the number that was best is known.
 * Then all ratings are trained on with that number: the model has lost nothing
 * to the search.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "engine/iteration.h"
#include "engine/train.h"
#include "ratings/budget.h"
#include "ratings/subset.h"

/* The seed of what is held out: it has nothing to do with that of the factors. */
#define HOLD_OUT_SEED 0

/* The algorithm's iteration options among its options; NULL: it does not iterate. */
const IterationOptions *
iteration_options(const Algorithm *algorithm, const void *options)
{
	if (algorithm->iteration == 0)
		return NULL;
	return (const IterationOptions *) ((const char *) options + algorithm->iteration);
}

/* Bytes that the search needs besides what any run does. */
Size
iteration_search_bytes(const IterationOptions *options, const MatrixShape *shape)
{
	Size		starts = budget_array((Size) shape->users + shape->items, sizeof(int64));

	if (options == NULL || options->validation == 0)
		return 0;
	/* Two parts with the entries of the whole, and a label for each. */
	return add_size(add_size(matrix_bytes(shape), starts),
					add_size(shape->ratings, budget_array(shape->items, sizeof(double))));
}

static double
squared_error_of_user(TrainContext *context, const IterationSearch *search, int32 user,
					  double *prediction)
{
	const SparseRows *held_out = search->held_out;
	int64		from = held_out->start[user];
	int64		count = sparse_row_length(held_out, user);
	double		squares = 0;

	context->algorithm->predict(context, user, held_out->index + from, count, prediction);
	for (int64 i = 0; i < count; i++)
	{
		double		rating = Min(Max(prediction[i], search->minimum), search->maximum);
		double		error = held_out->value[from + i] - rating;

		squares += error * error;
	}
	return squares;
}

/* RMSE of the held-out ratings, as the training stands. */
static double
validation_rmse(TrainContext *context, const IterationSearch *search)
{
	const SparseRows *held_out = search->held_out;
	double	   *prediction = palloc(sizeof(double) * held_out->cols);
	double		squares = 0;

	for (int32 user = 0; user < held_out->rows; user++)
	{
		CHECK_FOR_INTERRUPTS();
		if (sparse_row_length(held_out, user) > 0)
			squares += squared_error_of_user(context, search, user, prediction);
	}
	pfree(prediction);
	return sqrt(squares / sparse_entries(held_out));
}

/* Does the search go on after one more iteration? */
static bool
search_goes_on(TrainContext *context, IterationSearch *search)
{
	double		rmse = validation_rmse(context, search);

	search->done++;
	if (search->best == 0 || rmse < search->best_rmse)
	{
		search->best = search->done;
		search->best_rmse = rmse;
	}
	return search->done - search->best < search->patience;
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
	return context->search == NULL || search_goes_on(context, context->search);
}

static void
report_search(const TrainContext *context, const IterationSearch *search)
{
	ereport(NOTICE,
			(errmsg("%s: of %d iterations, the held-out ratings were predicted best, with an RMSE of %.4f, after %d",
					context->algorithm->name, search->done, search->best_rmse, search->best),
			 errdetail("Training on all ratings now, with as many.")));
}

/* Train on a part of the ratings, until it is known how long is best. */
static void
run_search(TrainContext *context, IterationSearch *search, const uint8 *label, bool shared)
{
	SubsetFilter kept = {.label = label, .value = 0, .equal = true};
	SubsetFilter held_out = {.label = label, .value = 1, .equal = true};
	Interactions *part = subset_create(context->ratings, &kept, shared);
	Interactions *rest = subset_create(context->ratings, &held_out, false);
	TrainContext run = *context;

	search->held_out = &rest->by_user;
	if (sparse_entries(search->held_out) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there are too few ratings to hold some of them out"),
				 errhint("Leave out the option \"validation\".")));
	run.ratings = part;
	run.search = search;
	train_once(&run);
	train_end(&run);
	interactions_release(part);
}

/*
 * Find the number of iterations to do, into context->iteration_limit.  The
 * ratings trained on in the search are in shared memory or in that of this
 * process.
 */
void
iteration_search(TrainContext *context, bool shared)
{
	const Interactions *ratings = context->ratings;
	const IterationOptions *options = iteration_options(context->algorithm, context->options);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys validation",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	IterationSearch search = {
		.patience = options->patience,
		.minimum = ratings->minimum,
		.maximum = ratings->maximum
	};

	run_search(context, &search,
			   subset_hold_out(ratings, options->validation, HOLD_OUT_SEED), shared);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	report_search(context, &search);
	context->iteration_limit = search.best;
}
