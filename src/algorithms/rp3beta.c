/*
 * rp3beta.c
 *		Algorithm "rp3beta": where a walk of three steps from a user ends.
 *
 * Paudel, Christoffel, Newell, Bernstein, "Updatable, Accurate, Diverse, and
 * Scalable Recommendations for Interactive Applications" (TiiS 2017): a walk
 * from a user to one of their items, to another of its users, to one of that
 * user's items, with the probabilities of each step raised to the power alpha
 * and the end's divided by its popularity to the power beta.  What an item j
 * adds to i is, with x the weights and sums of x for the degrees d,
 *
 *		W[j][i] = sum over users v of (x_vj / d_j)^alpha (x_vi / d_v)^alpha / n_i^beta
 *
 * where the popularity n_i is d_i.  The first step has no part in the order of
 * a user's items, but for weights that differ: those are a user's own.  Of
 * every row of W, the items that one item leads to, the k largest are kept, and
 * made to add up to 1: else an item counts for more the fewer others it leads to.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"

#include "algorithms/registry.h"
#include "algorithms/row_lists.h"
#include "engine/cost.h"
#include "engine/team.h"
#include "engine/traits.h"
#include "engine/vectors.h"
#include "resources/budget.h"

/* Entries of a row that are followed between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 256

typedef struct Rp3Options
{
	CommonOptions common;
	double		alpha;
	double		beta;
	int			k;
	bool		normalize;
} Rp3Options;

static const OptionSpec options[] = {
	REAL_OPTION("alpha", Rp3Options, alpha, 1, 0, 10,
				"exponent of the probability of a step"),
	REAL_OPTION("beta", Rp3Options, beta, OPTION_AUTO, 0, 10,
				"exponent of an item's popularity, by which its score is divided: more prefers items that fewer users have; default 0.2, and with n > 30 ratings of the mean user 0.2 log2(n / 30) more, but not above 0.7"),
	INT_OPTION("k", Rp3Options, k, 100, 1, 100000,
			   "number of weights to keep of each item for others, the largest"),
	BOOL_OPTION("normalize", Rp3Options, normalize, true,
				"divide the weights of an item by their sum, so that all items of a user count the same")
};

/* What is searched. */
static const SearchAxis space[] = {
	LINEAR_AXIS("alpha", .5, 1.5),
	LINEAR_AXIS("beta", 0, 1),
	LOG_AXIS("k", 30, 500)
};

/* See rp3_suit. */
#define LEAST_BETA .2
#define MOST_BETA .7
#define FEW_RATINGS 30

/*
 * Decide what depends on the data.  All items that a user has lead to the
 * popular ones, so these gain with the number of their items, and have to be
 * held back the more.
 */
static void
rp3_suit(void *options, const DataTraits *traits)
{
	Rp3Options *opts = options;
	double		more = LEAST_BETA * log2(Max(1, user_ratings_mean(traits) / FEW_RATINGS));

	if (isnan(opts->beta))
		opts->beta = plain_number(LEAST_BETA + more, 0, MOST_BETA);
}

/* Shared arrays. */
enum
{
	RP3_LISTS,
	RP3_STEP = RP3_LISTS + ROW_LISTS_ARRAYS,
	RP3_ITEM_SCALE,
	RP3_END_SCALE
};

/* Phases of the work. */
enum
{
	RP3_STEPS,					/* the last step of each entry; units of users */
	RP3_SCALES,					/* degrees and popularity; units of items */
	RP3_ROWS					/* the largest of each row; units of items */
};

typedef struct Rp3
{
	const Rp3Options *options;
	const Interactions *ratings;
	RowLists	lists;
	float	   *step;			/* [ratings by user] (x_vi / d_v)^alpha */
	double	   *item_scale;		/* [items] d_j^-alpha */
	double	   *end_scale;		/* [items] d_i^-beta */
	double	   *sum;			/* [items] of the row at hand, zero otherwise */
	int32	   *touched;		/* [items] where it is not */
} Rp3;

/* The lists, the last steps and the scales of items. */
static Size
rp3_memory(const MatrixShape *shape, const void *options)
{
	Size		lists = row_lists_bytes(shape->items, ((const Rp3Options *) options)->k);

	return add_size(add_size(lists, budget_array(shape->ratings, sizeof(float))),
					budget_array(shape->items, 2 * sizeof(double)));
}

/* The row at hand, in each process. */
static Size
rp3_scratch(const MatrixShape *shape, const void *options)
{
	return budget_array(shape->items, sizeof(double) + sizeof(int32));
}

/* A walk of each item to the items of its users. */
static double
rp3_cost(const DataTraits *traits, const void *options)
{
	return cost_of_pairs(traits->user_pairs, traits->shape.items);
}

/* The shared arrays, and room for the row at hand. */
static void *
rp3_attach(TrainContext *context)
{
	const Rp3Options *opts = context->options;
	const Interactions *ratings = context->ratings;
	int32		item_count = ratings->by_item.rows;
	Rp3		   *rp3 = palloc0(sizeof(Rp3));

	rp3->options = opts;
	rp3->ratings = ratings;
	rp3->lists = row_lists_attach(context, RP3_LISTS, item_count, opts->k);
	rp3->step = team_array(context, RP3_STEP,
						   budget_array(sparse_entries(&ratings->by_user), sizeof(float)));
	rp3->item_scale = team_array(context, RP3_ITEM_SCALE, budget_array(item_count, sizeof(double)));
	rp3->end_scale = team_array(context, RP3_END_SCALE, budget_array(item_count, sizeof(double)));
	rp3->sum = allocate_aligned(budget_array(item_count, sizeof(double)));
	rp3->touched = allocate_aligned(budget_array(item_count, sizeof(int32)));
	return rp3;
}

/* A power of the sum of a row's weights; of nothing 0. */
static double
degree_power(const SparseRows *rows, int32 row, double power)
{
	double		degree = 0;

	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		degree += rows->value[e];
	return degree > 0 ? pow(degree, power) : 0;
}

/* What the last step of a walk through a user weighs, for each of their items. */
static void
find_steps(Rp3 *rp3, int32 user)
{
	const SparseRows *by_user = &rp3->ratings->by_user;
	double		alpha = rp3->options->alpha;
	double		scale = degree_power(by_user, user, -alpha);

	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		float		x = by_user->value[e];

		rp3->step[e] = x > 0 ? scale * (x == 1 ? 1 : pow(x, alpha)) : 0;
	}
}

/* What an item's weights are multiplied by, as a walk's middle and as its end. */
static void
find_scales(Rp3 *rp3, int32 item)
{
	const SparseRows *by_item = &rp3->ratings->by_item;

	rp3->item_scale[item] = degree_power(by_item, item, -rp3->options->alpha);
	rp3->end_scale[item] = degree_power(by_item, item, -rp3->options->beta);
}

/* Sum up over the users of an item what its other items are reached by. */
static int32
follow_item(Rp3 *rp3, int32 item)
{
	const SparseRows *by_user = &rp3->ratings->by_user;
	const SparseRows *by_item = &rp3->ratings->by_item;
	double		alpha = rp3->options->alpha;
	int32		touched = 0;

	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
	{
		int32		user = by_item->index[e];
		float		x = by_item->value[e];
		double		first = x > 0 ? (x == 1 ? 1 : pow(x, alpha)) : 0;

		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		for (int64 o = by_user->start[user]; first > 0 && o < by_user->start[user + 1]; o++)
		{
			double	   *sum = &rp3->sum[by_user->index[o]];
			double		product = first * rp3->step[o];

			/* One that is too small for a number leaves the sum untouched. */
			if (*sum == 0 && product > 0)
				rp3->touched[touched++] = by_user->index[o];
			*sum += product;
		}
	}
	return touched;
}

/* Make weights add up to 1. */
static void
normalize_weights(TopK *weights)
{
	double		sum = 0;

	for (int i = 0; i < weights->count; i++)
		sum += weights->heap[i].score;
	for (int i = 0; i < weights->count; i++)
		weights->heap[i].score /= sum;
}

/* The row of an item: the largest of what it leads to. */
static void
find_row(Rp3 *rp3, int32 item)
{
	int32		touched = follow_item(rp3, item);
	TopK		best;

	topk_init(&best, rp3->lists.capacity, rp3->lists.heap);
	for (int32 t = 0; t < touched; t++)
	{
		int32		other = rp3->touched[t];
		float		weight = rp3->sum[other] * rp3->item_scale[item] * rp3->end_scale[other];

		if (other != item && weight > 0)
			topk_push(&best, weight, other);
		rp3->sum[other] = 0;
	}
	if (rp3->options->normalize)
		normalize_weights(&best);
	row_lists_put(&rp3->lists, item, &best);
}

/* The rows that a phase is about. */
static const SparseRows *
rows_of_phase(const Rp3 *rp3, int phase)
{
	return phase == RP3_STEPS ? &rp3->ratings->by_user : &rp3->ratings->by_item;
}

/* A unit of a phase: some rows. */
static double
rp3_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Rp3		   *rp3 = context->state;
	const SparseRows *rows = rows_of_phase(rp3, phase);
	RowRange	range = team_unit_rows(rows, unit);

	for (int32 row = range.from; row < range.to; row++)
	{
		CHECK_FOR_INTERRUPTS();
		if (phase == RP3_STEPS)
			find_steps(rp3, row);
		else if (phase == RP3_SCALES)
			find_scales(rp3, row);
		else
			find_row(rp3, row);
	}
	return 0;
}

/* Steps, scales, then the weights of each item. */
static void
rp3_train(TrainContext *context)
{
	Rp3		   *rp3 = context->state;
	const SparseRows *by_item = &context->ratings->by_item;

	progress_plan(context->progress, 0);
	team_run_rows(context, RP3_STEPS, 0, &context->ratings->by_user, NULL);
	team_run_rows(context, RP3_SCALES, 0, by_item, NULL);
	team_run_rows(context, RP3_ROWS, 0, by_item, "parts of the weights");
	draft_add_sparse(context->draft, PART_WEIGHTS, row_lists_close(&rp3->lists));
}

const Algorithm rp3beta_algorithm = {
	.name = "rp3beta",
	.family = "item weights",
	.feedback = FEEDBACK_IMPLICIT,
	.form = &item_weights_form,
	.description = "ends of random walks of three steps: to an item of the user, another user of it, and an item of that user",
	.options = OPTION_TABLE(Rp3Options, options),
	.space = SEARCH_SPACE(space),
	.needs_stored_ratings = true,
	.suit = rp3_suit,
	.memory = rp3_memory,
	.scratch = rp3_scratch,
	.cost = rp3_cost,
	.long_run_hint = TRY_FEWER_PAIRS,
	.attach = rp3_attach,
	.work = rp3_work,
	.train = rp3_train
};
