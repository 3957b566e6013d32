/*
 * slim.c
 *		Algorithm "slim": sparse linear weights of items for each other.
 *
 * Ning and Karypis, "SLIM: Sparse Linear Methods for Top-N Recommender Systems"
 * (ICDM 2011): for every item i the weights w >= 0 of the other items that
 * minimize (eq. 4)
 *
 *		|x_i - X w|^2 / 2 + l1 sum of w + l2 |w|^2 / 2
 *
 * where l1 is the option l1_regularization and l2 is regularization, both in
 * units of the mean of all |x_j|^2.  All that is needed of X is the Gram matrix
 * G = X'X.  With r = G_i - G w the weight of j is best at
 * (Friedman, Hastie, Tibshirani, "Regularization Paths for Generalized Linear
 * Models via Coordinate Descent", JSS 2010, with updates of covariances)
 *
 *		max(0, r_j + G_jj w_j - l1) / (G_jj + l2)
 *
 * which changes r by a multiple of row j of G.  As nothing here is negative,
 * r_j is G_ij at most: items with G_ij <= l1 have no weight and are left out
 * from the start.  Of the others those are candidates that would reduce the
 * loss most if they were alone.  Sweeps go through the weights that are not
 * zero until these stay, then through all.
 *
 * The Gram matrix is held if maintenance_work_mem has room for it beside all else,
 * else a row of it is made when an item gets a weight: the same, more slowly.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"

#include "algorithms/gram.h"
#include "algorithms/registry.h"
#include "algorithms/row_lists.h"
#include "engine/cost.h"
#include "engine/team.h"
#include "engine/traits.h"
#include "engine/vectors.h"
#include "math/kernels.h"
#include "resources/budget.h"

/* Sweeps after which an item is left as it is. */
#define MOST_SWEEPS 1000

/* Room that is left beside the Gram matrix: an experiment has all else several times. */
#define RESTS 3

typedef struct SlimOptions
{
	CommonOptions common;
	double		l1_regularization;
	double		regularization;
	bool		scaled_regularization;
	bool		binary;
	int			k;
	int			candidates;
	double		tolerance;
} SlimOptions;

static const OptionSpec options[] = {
	REAL_OPTION("l1_regularization", SlimOptions, l1_regularization, .01, 0, 1e9,
				"penalty on the weights; a larger one leaves fewer weights",
				.old_name = "l1"),
	REAL_OPTION("regularization", SlimOptions, regularization, OPTION_AUTO, 0, 1e9,
				"penalty on the squares of the weights; default 1, or 50 / n if the mean item has n < 50 users, and up to 50 times as much where users hardly choose by more than popularity; with scaled_regularization false that times the mean of the sums of squared values",
				.old_name = "l2"),
	BOOL_OPTION("scaled_regularization", SlimOptions, scaled_regularization, true,
				"multiply the penalties by the mean, over items, of the sum of squared values; with values of 1 that is the mean number of users of an item"),
	BOOL_OPTION("binary", SlimOptions, binary, false,
				"learn the weights from who has what, as if every rating were 1; the ratings themselves count only when a user's scores are added up",
				.old_name = "presence"),
	INT_OPTION("k", SlimOptions, k, 100, 1, 100000,
			   "number of weights to keep for each item, the largest"),
	INT_OPTION("candidates", SlimOptions, candidates, 1000, 1, 8192,
			   "number of items that can get a weight for an item: those that have most in common with it"),
	REAL_OPTION("tolerance", SlimOptions, tolerance, 1e-4, 1e-9, 1,
				"the search for the weights of an item ends when none changes by more")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("l1_regularization", 1e-3, .2),
	LOG_AXIS("regularization", .05, 20)
};

/* See slim_suit. */
#define FEW_USERS 50
#define MORE_WITHOUT_TASTE 50.

/*
 * Decide what depends on the data: the weights of items that few users have
 * are hardly known, and without taste none is worth knowing.
 */
static void
slim_suit(void *options, const DataTraits *traits)
{
	SlimOptions *opts = options;
	double		users = item_ratings_mean(traits);
	double		squares = opts->binary ? users : users * pow(weight_level(traits), 2);

	if (isnan(opts->regularization))
		opts->regularization = plain_number(Max(1, FEW_USERS / users) *
											pow(MORE_WITHOUT_TASTE, 1 - traits_taste(traits)) *
											(opts->scaled_regularization ? 1 : squares), 0, 1e9);
}

/* Shared arrays. */
enum
{
	SLIM_LISTS,
	SLIM_NORMS = SLIM_LISTS + ROW_LISTS_ARRAYS,
	SLIM_GRAM
};

/* Phases of the work. */
enum
{
	SLIM_PREPARE,				/* norms, and the Gram matrix if it is held; units of items */
	SLIM_ITEMS					/* the weights for each item; units of items */
};

typedef struct Slim
{
	const SlimOptions *options;
	const Interactions *ratings;
	RowLists	lists;			/* of the weights for each item */
	float	   *norm;			/* [items + 1] G_jj, then their mean */
	int			stride;
	float	   *gram;			/* [items x stride]; NULL: it is not held */
	float	   *row;			/* [stride] of the Gram matrix, if it is not */

	/* The problem at hand. */
	double		l1;
	double		l2;
	int			capacity;
	int			count;			/* of candidates */
	Scored	   *best;			/* [capacity] */
	int32	   *item;			/* [capacity] the candidates */
	float	   *rest;			/* [capacity, padded] r */
	double	   *weight;			/* [capacity] */
	int32	   *place;			/* [capacity] of its row among those below, or -1 */
	int			rows;
	float	   *rows_of;		/* [capacity x padded] rows of G over the candidates */
} Slim;

/* Bytes of the whole Gram matrix. */
static Size
gram_bytes(int32 item_count)
{
	return vectors_bytes(item_count, KERNEL_PADDED(item_count));
}

/* The most candidates that an item can have. */
static int
candidate_capacity(const SlimOptions *opts, int32 item_count)
{
	return Min(opts->candidates, Max(item_count - 1, 1));
}

/* Bytes without the Gram matrix. */
static Size
least_bytes(const MatrixShape *shape, const SlimOptions *opts)
{
	/* Lists for an item become those of it, for a moment both. */
	return add_size(mul_size(2, row_lists_bytes(shape->items, opts->k)),
					vectors_bytes(shape->items, 1) + sizeof(float));
}

/* The problem at hand, in each process. */
static Size
slim_scratch(const MatrixShape *shape, const void *options)
{
	int			capacity = candidate_capacity(options, shape->items);

	return add_size(add_size(vectors_bytes(capacity, KERNEL_PADDED(capacity)),
							 vectors_bytes(1, KERNEL_PADDED(shape->items))),
					budget_array(capacity, sizeof(Scored) + 2 * sizeof(int32) +
								 sizeof(float) + sizeof(double)));
}

/*
 * Is there room for the Gram matrix beside all else?  It must not be what makes
 * a run too large that could do without.
 */
static bool
holds_gram(const MatrixShape *shape, const SlimOptions *opts)
{
	MatrixShape numbers = {shape->users, shape->items, shape->ratings, 0};
	Size		rest = add_size(matrix_bytes(&numbers),
								add_size(least_bytes(shape, opts), slim_scratch(shape, opts)));

	return add_size(gram_bytes(shape->items), mul_size(RESTS, rest)) <= budget_limit();
}

/* The lists, and the Gram matrix where there is room for it. */
static Size
slim_memory(const MatrixShape *shape, const void *options)
{
	Size		bytes = least_bytes(shape, options);

	return holds_gram(shape, options) ? add_size(bytes, gram_bytes(shape->items)) : bytes;
}

/*
 * The Gram matrix, row by row; for each item a look at all others, and some
 * sweeps through its candidates, of which few get a weight.
 */
static double
slim_cost(const DataTraits *traits, const void *options)
{
	const SlimOptions *opts = options;
	double		items = traits->shape.items;
	double		candidates = candidate_capacity(opts, traits->shape.items);

	return COST_PAIR * traits->user_pairs + COST_PRODUCT * items * (items + 3 * candidates * candidates);
}

/* Work space for the problem of one item. */
static void
allocate_problem(Slim *slim, int32 item_count)
{
	int			padded;

	slim->capacity = candidate_capacity(slim->options, item_count);
	padded = KERNEL_PADDED(slim->capacity);
	slim->row = allocate_vectors(1, slim->stride);
	slim->best = palloc(sizeof(Scored) * slim->capacity);
	slim->item = palloc(sizeof(int32) * slim->capacity);
	slim->rest = allocate_vectors(1, padded);
	slim->weight = palloc(sizeof(double) * slim->capacity);
	slim->place = palloc(sizeof(int32) * slim->capacity);
	slim->rows_of = allocate_vectors(slim->capacity, padded);
}

/* The shared arrays, and the work space. */
static void *
slim_attach(TrainContext *context)
{
	const SlimOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	int32		item_count = ratings->by_item.rows;
	MatrixShape shape = {ratings->by_user.rows, item_count, sparse_entries(&ratings->by_user), 0};
	Slim	   *slim = palloc0(sizeof(Slim));

	slim->options = opts;
	slim->ratings = ratings;
	slim->lists = row_lists_attach(context, SLIM_LISTS, item_count, opts->k);
	slim->norm = team_vectors(context, SLIM_NORMS, item_count + 1, 1);
	slim->stride = KERNEL_PADDED(item_count);
	if (holds_gram(&shape, opts))
		slim->gram = team_vectors(context, SLIM_GRAM, item_count, slim->stride);
	allocate_problem(slim, item_count);
	return slim;
}

/* The norm of an item, which is returned, and its row of the matrix if that is held. */
static double
prepare_item(Slim *slim, int32 item)
{
	const SparseRows *by_item = &slim->ratings->by_item;
	float		squares = 0;

	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
		squares += slim->options->binary ? 1 : by_item->value[e] * by_item->value[e];
	slim->norm[item] = squares;
	if (slim->gram != NULL)
		gram_row(slim->ratings, item, 0, slim->options->binary,
				 slim->gram + (Size) item * slim->stride);
	return squares;
}

/* A row of the Gram matrix, held or made. */
static const float *
row_of_gram(Slim *slim, int32 item)
{
	if (slim->gram != NULL)
		return slim->gram + (Size) item * slim->stride;
	memset(slim->row, 0, sizeof(float) * slim->stride);
	gram_row(slim->ratings, item, 0, slim->options->binary, slim->row);
	return slim->row;
}

/* Set up the problem of an item: its penalties and candidates, no weights. */
static void
pose_problem(Slim *slim, int32 item)
{
	const SlimOptions *opts = slim->options;
	const float *row = row_of_gram(slim, item);
	double		unit = opts->scaled_regularization ?
		slim->norm[slim->ratings->by_item.rows] : 1;
	TopK		best;

	slim->l1 = opts->l1_regularization * unit;
	slim->l2 = opts->regularization * unit;
	topk_init(&best, slim->capacity, slim->best);
	for (int32 other = 0; other < slim->ratings->by_item.rows; other++)
	{
		double		above = row[other] - slim->l1;

		if (other != item && above > 0)
			topk_push(&best, above * above / (slim->norm[other] + slim->l2), other);
	}
	qsort(best.heap, best.count, sizeof(Scored), compare_scored_indexes);
	slim->count = best.count;
	slim->rows = 0;
	memset(slim->rest, 0, sizeof(float) * KERNEL_PADDED(slim->capacity));
	for (int c = 0; c < slim->count; c++)
	{
		slim->item[c] = slim->best[c].index;
		slim->rest[c] = row[slim->best[c].index];
		slim->weight[c] = 0;
		slim->place[c] = -1;
	}
}

/* The row of the Gram matrix of a candidate, over all candidates. */
static const float *
row_of_candidate(Slim *slim, int c)
{
	int			padded = KERNEL_PADDED(slim->capacity);
	float	   *among;
	const float *row;

	if (slim->place[c] >= 0)
		return slim->rows_of + (Size) slim->place[c] * padded;
	CHECK_FOR_INTERRUPTS();
	row = row_of_gram(slim, slim->item[c]);
	slim->place[c] = slim->rows++;
	among = slim->rows_of + (Size) slim->place[c] * padded;
	for (int other = 0; other < slim->count; other++)
		among[other] = row[slim->item[other]];
	return among;
}

/* Put the weight of a candidate where it is best; returns how far that was. */
static double
improve_weight(Slim *slim, int c)
{
	double		norm = slim->norm[slim->item[c]];
	double		before = slim->weight[c];
	double		weight = (slim->rest[c] + norm * before - slim->l1) / (norm + slim->l2);

	weight = Max(weight, 0);
	if (weight == before)
		return 0;
	slim->weight[c] = weight;
	kernels->combine(KERNEL_PADDED(slim->count), slim->rest, 1, before - weight,
					 row_of_candidate(slim, c));
	return fabs(weight - before);
}

/* One sweep through all candidates, or those with a weight; the largest change. */
static double
sweep(Slim *slim, bool all)
{
	double		largest = 0;

	CHECK_FOR_INTERRUPTS();
	for (int c = 0; c < slim->count; c++)
		if (all || slim->weight[c] > 0)
		{
			double		change = improve_weight(slim, c);

			largest = Max(largest, change);
		}
	return largest;
}

/* Find the weights for an item, and make the largest its list. */
static void
solve_item(Slim *slim, int32 item)
{
	double		tolerance = slim->options->tolerance;
	int			sweeps = 0;
	TopK		best;

	pose_problem(slim, item);
	while (sweeps++ < MOST_SWEEPS && sweep(slim, true) > tolerance)
		while (sweeps++ < MOST_SWEEPS && sweep(slim, false) > tolerance)
			;
	topk_init(&best, slim->lists.capacity, slim->lists.heap);
	for (int c = 0; c < slim->count; c++)
		if (slim->weight[c] > 0)
			topk_push(&best, slim->weight[c], slim->item[c]);
	row_lists_put(&slim->lists, item, &best);
}

/*
 * A unit of a phase: some items; returns the sum of their norms, if that is
 * the phase.
 */
static double
slim_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Slim	   *slim = context->state;
	const SparseRows *by_item = &slim->ratings->by_item;
	RowRange	range = team_unit_rows(by_item, unit);
	double		norms = 0;

	for (int32 item = range.from; item < range.to; item++)
	{
		CHECK_FOR_INTERRUPTS();
		if (phase == SLIM_PREPARE)
			norms += prepare_item(slim, item);
		else
			solve_item(slim, item);
	}
	return norms;
}

/* Norms, the Gram matrix if it is held, then the weights for each item. */
static void
slim_train(TrainContext *context)
{
	Slim	   *slim = context->state;
	const SparseRows *by_item = &context->ratings->by_item;

	progress_plan(context->progress, 0);
	slim->norm[by_item->rows] = team_run_rows(context, SLIM_PREPARE, 0, by_item, NULL) /
		by_item->rows;
	team_run_rows(context, SLIM_ITEMS, 0, by_item, "parts of the weights");
	draft_add_sparse(context->draft, PART_WEIGHTS, row_lists_transpose(&slim->lists));
}

const Algorithm slim_algorithm = {
	.name = "slim",
	.family = "item weights",
	.feedback = FEEDBACK_IMPLICIT,
	.form = &item_weights_form,
	.description = "a few non-negative weights of other items for each item that reproduce the data best",
	.options = OPTION_TABLE(SlimOptions, options),
	.space = SEARCH_SPACE(space),
	.needs_stored_ratings = true,
	.suit = slim_suit,
	.memory = slim_memory,
	.scratch = slim_scratch,
	.cost = slim_cost,
	.long_run_hint = "Try fewer candidates, or rp3beta.",
	.attach = slim_attach,
	.work = slim_work,
	.train = slim_train
};
