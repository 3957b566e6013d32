/*
 * validation.c
 *		The search for the number of iterations, by held-out ratings.
 *
 * With the option "validation_fraction" a run is done twice.  At first a share of the
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
#include "engine/run.h"
#include "engine/validation.h"
#include "ratings/subset.h"
#include "resources/budget.h"

/* The seed of what is held out: it has nothing to do with that of the factors. */
#define HOLD_OUT_SEED 0

/* The search for a good number of iterations, and its result. */
typedef struct Search
{
	const SparseRows *held_out; /* by user */
	int			patience;
	double		minimum;		/* range of the ratings */
	double		maximum;
	int			done;
	int			best;			/* iterations after which the error was least */
	double		best_rmse;
} Search;

/* Do these options ask for a search? */
bool
validation_is_wanted(const Algorithm *algorithm, const void *options)
{
	const IterationOptions *iteration = iteration_options(algorithm, options);

	return iteration != NULL && iteration->validation_fraction > 0;
}

/* Bytes that the search needs besides what any run does. */
Size
validation_bytes(const Algorithm *algorithm, const void *options, const MatrixShape *shape)
{
	Size		starts = budget_array((Size) shape->users + shape->items, sizeof(int64));

	if (!validation_is_wanted(algorithm, options))
		return 0;
	/* Two parts with the entries of the whole, and a label for each. */
	return add_size(add_size(matrix_bytes(shape), starts),
					add_size(shape->ratings, budget_array(shape->items, sizeof(double))));
}

/*
 * The squared error on the held-out ratings of a user, whose predictions are
 * kept in the range of the ratings.  "prediction" has room for all items.
 */
static double
squared_error_of_user(TrainContext *context, const Search *search, int32 user,
					  double *prediction)
{
	const SparseRows *held_out = search->held_out;
	int64		from = held_out->start[user];
	int64		count = sparse_row_length(held_out, user);
	double		sse = 0;

	context->algorithm->predict(context, user, held_out->index + from, count, prediction);
	for (int64 i = 0; i < count; i++)
	{
		double		rating = Min(Max(prediction[i], search->minimum), search->maximum);
		double		error = held_out->value[from + i] - rating;

		sse += error * error;
	}
	return sse;
}

/* RMSE of the held-out ratings, as the training stands. */
static double
validation_rmse(TrainContext *context, const Search *search)
{
	const SparseRows *held_out = search->held_out;
	double	   *prediction = palloc(sizeof(double) * held_out->cols);
	double		sse = 0;

	for (int32 user = 0; user < held_out->rows; user++)
	{
		CHECK_FOR_INTERRUPTS();
		if (sparse_row_length(held_out, user) > 0)
			sse += squared_error_of_user(context, search, user, prediction);
	}
	pfree(prediction);
	return sqrt(sse / sparse_entries(held_out));
}

/* After one more iteration: does the search go on? */
static bool
search_goes_on(TrainContext *context)
{
	Search	   *search = context->search;
	double		rmse = validation_rmse(context, search);

	search->done++;
	if (search->best == 0 || rmse < search->best_rmse)
	{
		search->best = search->done;
		search->best_rmse = rmse;
	}
	return search->done - search->best < search->patience;
}

/* Say what the search has found. */
static void
report_search(const TrainContext *context, const Search *search)
{
	ereport(NOTICE,
			(errmsg("%s: best of %d iterations on held-out ratings, with an RMSE of %.4f: %d",
					context->algorithm->name, search->done,
					search->best_rmse * context->scale, search->best),
			 errdetail("Training on all ratings with this number of iterations.")));
}

/* Train on a part of the ratings, until it is known how long is best. */
static void
run_search(TrainContext *context, Search *search, const uint8 *label, bool shared)
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
				 errhint("Leave out the option \"validation_fraction\".")));
	run.ratings = part;
	run.search = search;
	run.goes_on = search_goes_on;
	train_once(&run);
	train_end(&run);
	context->divergence = run.divergence;
	context->divergence_hint = run.divergence_hint;
	interactions_release(part);
}

/*
 * Find the number of iterations to do, into context->iteration_limit.  The
 * ratings trained on in the search are in shared memory or in that of this
 * process.
 */
void
validation_search(TrainContext *context, bool shared)
{
	const Interactions *ratings = context->ratings;
	const IterationOptions *options = iteration_options(context->algorithm, context->options);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys validation",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	Search		search = {
		.patience = options->patience,
		.minimum = ratings->minimum,
		.maximum = ratings->maximum
	};

	run_search(context, &search,
			   subset_hold_out(ratings, options->validation_fraction, HOLD_OUT_SEED), shared);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	if (context->divergence != NULL)
		return;
	report_search(context, &search);
	context->iteration_limit = search.best;
}
