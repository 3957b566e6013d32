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
 * units of the mean of all |x_j|^2.  The problems of the items do not depend on each
 * other (slim_problem.c).  Of the weights of each the k largest are kept.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"

#include "algorithms/registry.h"
#include "algorithms/row_lists.h"
#include "algorithms/slim_problem.h"
#include "engine/cost.h"
#include "engine/team.h"
#include "engine/traits.h"
#include "engine/vectors.h"
#include "model/encode.h"
#include "resources/budget.h"

/*
 * Room that is left beside what is held of the Gram matrix: an experiment has all
 * else several times, and takes the memory of a run for the size of a model that it
 * may have several times, too.
 */
#define RESTS 3
#define MODELS 4

/* Sweeps for an item, roughly. */
#define SWEEPS 10

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
	INT_OPTION("candidates", SlimOptions, candidates, OPTION_AUTO, 1, 8192,
			   "number of items that can get a weight for an item: those that would help most if they were alone; default 4 times the number of users of the mean item, 150 at least and 1000 at most"),
	REAL_OPTION("tolerance", SlimOptions, tolerance, 1e-3, 1e-9, 1,
				"the search for the weights of an item ends when none changes by more")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("l1_regularization", 1e-3, .2),
	LOG_AXIS("regularization", .05, 20)
};

/* See slim_suit. */
#define FEW_CANDIDATES 150
#define MANY_CANDIDATES 1000
#define CANDIDATES_FOR_A_USER 4
#define FEW_USERS 50
#define MORE_WITHOUT_TASTE 50.

/*
 * Decide what depends on the data: the weights of items that few users have
 * are hardly known, and without taste none is worth knowing.  Where users are few
 * the best candidates are also better alone: of many small weights those of rare
 * items are the largest, and would be kept instead of theirs.
 */
static void
slim_suit(void *options, const DataTraits *traits)
{
	SlimOptions *opts = options;
	double		users = item_ratings_mean(traits);
	double		squares = opts->binary ? users : users * pow(weight_level(traits), 2);

	if (opts->candidates < 0)
		opts->candidates = Min(Max(CANDIDATES_FOR_A_USER * users, FEW_CANDIDATES), MANY_CANDIDATES);
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
	SLIM_HELD
};

/* Phases of the work. */
enum
{
	SLIM_PREPARE,				/* norms, and the Gram matrix as far as it is held; units of items */
	SLIM_ITEMS					/* the weights for each item; units of items */
};

typedef struct Slim
{
	const SlimOptions *options;
	const Interactions *ratings;
	RowLists	lists;			/* of the weights for each item */
	float	   *norm;			/* [items + 1] G_jj, then their mean */
	SlimProblem problem;		/* that of the item at hand */
} Slim;

/* The most candidates that an item can have. */
static int
candidate_capacity(const SlimOptions *opts, int32 item_count)
{
	return Min(opts->candidates, Max(item_count - 1, 1));
}

/* Bytes without what is held of the Gram matrix. */
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
	return slim_problem_bytes(shape->items, candidate_capacity(options, shape->items));
}

/*
 * Of how many items the Gram matrix is held: as many as there is room for beside
 * all else.  It must not be what makes a run too large that could do without.
 */
static int32
items_held(const MatrixShape *shape, const SlimOptions *opts)
{
	MatrixShape numbers = {shape->users, shape->items, shape->ratings, 0};
	Size		least = add_size(least_bytes(shape, opts), held_gram_bytes(shape->items, 0));
	Size		rest = add_size(matrix_bytes(&numbers), add_size(least, slim_scratch(shape, opts)));
	Size		taken = add_size(encode_bytes(budget_limit()), mul_size(RESTS, rest));

	return held_gram_count(shape->items, (Max(budget_limit(), taken) - taken) / MODELS);
}

/* The lists, and what is held of the Gram matrix. */
static Size
slim_memory(const MatrixShape *shape, const void *options)
{
	return add_size(least_bytes(shape, options),
					held_gram_bytes(shape->items, items_held(shape, options)));
}

/*
 * Twice the Gram matrix, row by row; then for each item the rows of its candidates,
 * if they are too many to be held, and some sweeps through them.
 */
static double
slim_cost(const DataTraits *traits, const void *options)
{
	double		items = traits->shape.items;
	double		candidates = candidate_capacity(options, traits->shape.items);
	double		walked = candidates * (1 - Min(HELD_GRAM_MOST / items, 1));

	return COST_PAIR * traits->user_pairs * (2 + walked) +
		COST_PRODUCT * SWEEPS * items * candidates * candidates;
}

/* The shared arrays, and the work space. */
static void *
slim_attach(TrainContext *context)
{
	const SlimOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	int32		items = ratings->by_item.rows;
	MatrixShape shape = {ratings->by_user.rows, items, sparse_entries(&ratings->by_user), 0};
	Slim	   *slim = palloc0(sizeof(Slim));

	slim->options = opts;
	slim->ratings = ratings;
	slim->lists = row_lists_attach(context, SLIM_LISTS, items, opts->k);
	slim->norm = team_vectors(context, SLIM_NORMS, items + 1, 1);
	slim->problem.ratings = ratings;
	slim->problem.norm = slim->norm;
	slim->problem.held = held_gram_attach(context, SLIM_HELD, items, items_held(&shape, opts));
	slim->problem.binary = opts->binary;
	slim->problem.capacity = candidate_capacity(opts, items);
	slim_problem_allocate(&slim->problem, items);
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
	held_gram_fill(&slim->problem.held, slim->ratings, item, slim->options->binary);
	return squares;
}

/* Find the weights for an item, and make the largest its list. */
static void
solve_item(Slim *slim, int32 item)
{
	const SlimOptions *opts = slim->options;
	SlimProblem *problem = &slim->problem;
	double		unit = opts->scaled_regularization ? slim->norm[slim->ratings->by_item.rows] : 1;
	TopK		best;

	slim_problem_pose(problem, item, opts->l1_regularization * unit, opts->regularization * unit);
	slim_problem_solve(problem, opts->tolerance);
	topk_init(&best, slim->lists.capacity, slim->lists.heap);
	for (int c = 0; c < problem->net.count; c++)
		if (problem->net.weight[c] > 0)
			topk_push(&best, problem->net.weight[c], problem->item[c]);
	row_lists_put(&slim->lists, item, &best);
}

/*
 * A unit of a phase: some items; returns the sum of their norms, if that is
 * the phase.  Items of every unit are spread over all, popular ones and others,
 * so that units take about as long and their number tells how much is left.
 */
static double
slim_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Slim	   *slim = context->state;
	const SparseRows *by_item = &slim->ratings->by_item;
	int			units = team_row_units(by_item);
	double		norms = 0;

	for (int64 item = unit; item < by_item->rows; item += units)
	{
		CHECK_FOR_INTERRUPTS();
		if (phase == SLIM_PREPARE)
			norms += prepare_item(slim, item);
		else
			solve_item(slim, item);
	}
	return norms;
}

/* Norms, the Gram matrix as far as it is held, then the weights for each item. */
static void
slim_train(TrainContext *context)
{
	Slim	   *slim = context->state;
	const SparseRows *by_item = &context->ratings->by_item;

	held_gram_rank(&slim->problem.held, by_item);
	slim->norm[by_item->rows] = team_run_rows(context, SLIM_PREPARE, 0, by_item, NULL) /
		by_item->rows;
	progress_plan(context->progress, 0);
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
