/*
 * bpr.c
 *		Algorithm "bpr": p_u . q_i + b_i, so that users prefer the items they have
 *		to others, by stochastic gradient descent.
 *
 * Bayesian personalized ranking; the loss and the step are in math/bpr.c.
 * In each epoch every observation is compared with one item that the user does
 * not have, drawn uniformly or as often as it was observed.  How much was
 * observed does not count, but a value of 0 is no observation.
 *
 * A step moves two items, one of them drawn at random, so a fixed grid of
 * blocks (as in svd.c) would never compare an item with those of other blocks.
 * Instead the items are dealt into groups anew each epoch, at random, and the
 * item that an observation meets is drawn from the group of its own: of all
 * pairs of items each is as likely as another.  In a stratum of an epoch
 * each group of users works with another group of items, so no two units share
 * a user or an item, and a unit's random numbers are its own: any number of
 * processes makes the same model.  A group of items is also small enough for
 * the cache.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/registry.h"
#include "algorithms/sgd.h"
#include "engine/cost.h"
#include "engine/divergence.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "engine/traits.h"
#include "engine/vectors.h"
#include "forms/fold_in.h"
#include "math/bpr.h"
#include "math/kernels.h"
#include "math/random.h"
#include "resources/budget.h"

/*
 * Groups of users and of items: as many, unless groups of items would become
 * small.  The result depends on both numbers.
 */
#define MOST_GROUPS 16
#define GROUP_ITEMS 32

/* Draws of an item that the user does not have, before the observation is skipped. */
#define TRIES 32

/* See bpr_suit. */
#define FEWEST_FACTORS 64
#define MOST_FACTORS 128
#define SUITED_RATE .35
#define LEAST_RATE .02
#define MOST_RATE .1
#define SUITED_REGULARIZATION .01
#define FEW_ITEMS 1000
#define MORE_WITHOUT_TASTE 30.
#define BIAS_WITHOUT_TASTE .1

/* Passes over the observations of a user who is folded in. */
#define FOLD_IN_PASSES 40

typedef struct BprOptions
{
	CommonOptions common;
	IterationOptions iteration;
	RateOptions rate;
	PenaltyOptions penalty;
	int			factors;
	int			negatives;		/* BprNegatives */
	double		init_stddev;
	int			seed;
} BprOptions;

typedef enum BprNegatives
{
	BPR_UNIFORM,
	BPR_POPULARITY
} BprNegatives;

static const char *const negatives_names[] = {"uniform", "popularity", NULL};

static const OptionSpec options[] = {
	INT_OPTION("factors", BprOptions, factors, OPTION_AUTO, 1, 4096,
			   "length of the vectors of users and items; default the root of the number of items, in steps of 16 from 64 to 128"),
	PLAIN_ITERATION_OPTION(BprOptions, iteration, 100, "passes over the observations"),
	RATE_OPTIONS(BprOptions, rate, OPTION_AUTO,
				 "; default 0.35 / sqrt(n), with n the ratings of the mean user, from 0.02 to 0.1, and down to 0.02 where users hardly choose by more than popularity"),
	REAL_OPTION("regularization", BprOptions, penalty.regularization, OPTION_AUTO, 0, 1000,
				"penalty on the squares of factors and biases, for each rating; default 0.01, of N < 1000 items sqrt(1000 / N) times as much, and up to 30 times as much where users hardly choose by more than popularity"),
	REAL_OPTION("bias_regularization", BprOptions, penalty.bias_regularization, OPTION_AUTO, 0, 1000,
				"penalty on the squares of the biases alone; default: the value of regularization, if that is given, else 0.01, and down to 0.001 where users hardly choose by more than popularity"),
	ENUM_OPTION("negatives", BprOptions, negatives, BPR_UNIFORM, negatives_names,
				"how the items that a user does not have are sampled: uniformly, or by popularity, as often as they were observed, which keeps items from being recommended for popularity alone"),
	REAL_OPTION("init_stddev", BprOptions, init_stddev, .1, 0, 100,
				"standard deviation of the random factors at the start",
				.old_name = "init_sd"),
	INT_OPTION("seed", BprOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("factors", 16, 256),
	LOG_AXIS("learning_rate", .01, .5),
	LOG_AXIS("regularization", 1e-4, .1)
};

/* Names of the random streams; the last are one for each epoch. */
enum
{
	STREAM_USERS = 1,
	STREAM_ITEMS,
	STREAM_GROUPS,
	STREAM_NEGATIVES
};

/* Phases of the work. */
enum
{
	BPR_START_USERS,			/* random factors; units of users */
	BPR_START_ITEMS,			/* units of items */
	BPR_DEAL,					/* sort rows by groups of items; units of users */
	BPR_STRATUM					/* a stratum of an epoch; units of its blocks */
};

/* Shared arrays. */
enum
{
	BPR_P,
	BPR_Q,
	BPR_ITEM_BIAS,
	BPR_DEALT,
	BPR_GROUP,
	BPR_DRAWN,
	BPR_ORDER,
	BPR_SLICES
};

typedef struct Bpr
{
	const BprOptions *options;
	const Interactions *ratings;
	int			stride;
	int			groups;
	float	   *p;				/* [users x stride] */
	float	   *q;				/* [items x stride] */
	float	   *item_bias;		/* [items] */
	int32		user_bound[MOST_GROUPS + 1];	/* users of each group */
	int32		item_bound[MOST_GROUPS + 1];	/* places of each group in: */
	int32	   *dealt;			/* [items] the items, group by group */
	uint8	   *group;			/* [items] of each item */
	int64	   *drawn;			/* [items + 1] observations of the items dealt
								 * before, for negatives by popularity */
	int32	   *order;			/* [entries] the rows of users, sorted by group;
								 * ~item if its value is 0 */
	int32	   *slice;			/* [users x groups] where in the user's row each
								 * group ends */

	/* Work space of this process. */
	uint8	   *taken;			/* [items] does the user have it? */
} Bpr;

/* Biases are penalized as factors are, if it is said how these are. */
static void
bpr_prepare(void *options, bool has_values)
{
	BprOptions *opts = options;

	opts->common.plain_weights = true;
	if (!isnan(opts->penalty.regularization))
		penalty_prepare(&opts->penalty);
}

/*
 * The penalties that were left open.  Of few items each is met more often.
 * Without taste popularity alone is learnt.
 */
static void
suit_penalty(PenaltyOptions *penalty, const DataTraits *traits, double taste)
{
	double		few_items = sqrt(Max(1, FEW_ITEMS / (double) traits->shape.items));

	penalty->regularization = plain_number(SUITED_REGULARIZATION * few_items *
										   pow(MORE_WITHOUT_TASTE, 1 - taste), 0, 1000);
	if (isnan(penalty->bias_regularization))
		penalty->bias_regularization = plain_number(SUITED_REGULARIZATION *
													pow(BIAS_WITHOUT_TASTE, 1 - taste), 0, 1000);
}

/*
 * A learning rate for users who have so many observations: with few they take few
 * steps in a pass, which then have to be larger.  Without taste the steps should
 * be small, so that what is left is not chance.
 */
static double
suited_rate(double observations, double taste)
{
	double		rate = Max(LEAST_RATE, Min(MOST_RATE, SUITED_RATE / sqrt(observations)));

	return plain_number(LEAST_RATE + taste * (rate - LEAST_RATE), LEAST_RATE, MOST_RATE);
}

/* Decide what depends on the data. */
static void
bpr_suit(void *options, const DataTraits *traits)
{
	BprOptions *opts = options;
	double		taste = NAN;

	if (opts->factors < 0)
		opts->factors = root_in_steps(traits->shape.items, FEWEST_FACTORS, MOST_FACTORS);
	if (isnan(opts->rate.learning_rate) || isnan(opts->penalty.regularization))
		taste = traits_taste(traits);
	if (isnan(opts->rate.learning_rate))
		opts->rate.learning_rate = suited_rate(user_ratings_mean(traits), taste);
	if (isnan(opts->penalty.regularization))
		suit_penalty(&opts->penalty, traits, taste);
}

/* How many groups there are, of users and of items. */
static int
groups_of_items(int32 item_count)
{
	return Min(Max(item_count / GROUP_ITEMS, 1), MOST_GROUPS);
}

/* Vectors and biases; the items dealt; the rows of users sorted by group. */
static Size
bpr_memory(const MatrixShape *shape, const void *options)
{
	int			stride = KERNEL_PADDED(((const BprOptions *) options)->factors);
	Size		vectors = add_size(vectors_bytes(shape->users, stride),
								   vectors_bytes(shape->items, stride + 1));
	Size		items = budget_array(shape->items,
									 sizeof(int32) + sizeof(uint8) + sizeof(int64));
	Size		rows = add_size(budget_array(shape->ratings, sizeof(int32)),
								budget_array(shape->users, sizeof(int32) *
											 groups_of_items(shape->items)));

	return add_size(vectors, add_size(items, rows));
}

/* A byte for each item, in each process. */
static Size
bpr_scratch(const MatrixShape *shape, const void *options)
{
	return shape->items;
}

/* Every epoch is a step for each observation. */
static double
bpr_cost(const DataTraits *traits, const void *options)
{
	const BprOptions *opts = options;

	return cost_of_steps(opts->iteration.iterations, traits->shape.ratings, opts->factors);
}

/* Groups of users and items, whose bounds are fixed, and the arrays of the deal. */
static void
attach_groups(Bpr *bpr, TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	int32		user_count = ratings->by_user.rows;
	int32		item_count = ratings->by_item.rows;

	bpr->groups = groups_of_items(item_count);
	for (int g = 0; g <= bpr->groups; g++)
	{
		bpr->user_bound[g] = sparse_row_bound(&ratings->by_user, g, bpr->groups);
		bpr->item_bound[g] = (int64) item_count * g / bpr->groups;
	}
	bpr->dealt = team_array(context, BPR_DEALT, budget_array(item_count, sizeof(int32)));
	bpr->group = team_array(context, BPR_GROUP, item_count);
	bpr->drawn = team_array(context, BPR_DRAWN, budget_array((Size) item_count + 1, sizeof(int64)));
	bpr->order = team_array(context, BPR_ORDER,
							budget_array(sparse_entries(&ratings->by_user), sizeof(int32)));
	bpr->slice = team_array(context, BPR_SLICES,
							budget_array(user_count, sizeof(int32) * bpr->groups));
}

/* The shared arrays, and this process's marks. */
static void *
bpr_attach(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	Bpr		   *bpr = palloc0(sizeof(Bpr));

	bpr->options = context->options;
	bpr->ratings = ratings;
	bpr->stride = KERNEL_PADDED(bpr->options->factors);
	bpr->p = team_vectors(context, BPR_P, ratings->by_user.rows, bpr->stride);
	bpr->q = team_vectors(context, BPR_Q, ratings->by_item.rows, bpr->stride);
	bpr->item_bias = team_vectors(context, BPR_ITEM_BIAS, ratings->by_item.rows, 1);
	attach_groups(bpr, context);
	bpr->taken = allocate_array_zero(ratings->by_item.rows, sizeof(*bpr->taken));
	return bpr;
}

/* Normal factors for a row, from a stream of its own. */
static void
start_row(const Bpr *bpr, int phase, int32 row)
{
	bool		users = phase == BPR_START_USERS;

	draw_vector((users ? bpr->p : bpr->q) + (Size) row * bpr->stride, bpr->options->factors,
				bpr->options->init_stddev, bpr->options->seed,
				users ? STREAM_USERS : STREAM_ITEMS, row);
}

/* The leader: deal the items into the groups of an epoch. */
static void
deal_items(Bpr *bpr, int epoch)
{
	const SparseRows *by_item = &bpr->ratings->by_item;
	RandomStream stream = random_stream(bpr->options->seed, STREAM_GROUPS, epoch);
	int32		item_count = by_item->rows;

	for (int32 i = 0; i < item_count; i++)
	{
		int32		j = random_below(&stream, i + 1);

		bpr->dealt[i] = bpr->dealt[j];
		bpr->dealt[j] = i;
	}
	for (int g = 0; g < bpr->groups; g++)
		for (int32 i = bpr->item_bound[g]; i < bpr->item_bound[g + 1]; i++)
			bpr->group[bpr->dealt[i]] = g;
	for (int32 i = 0; i < item_count; i++)
		bpr->drawn[i + 1] = bpr->drawn[i] + sparse_row_length(by_item, bpr->dealt[i]);
	CHECK_FOR_INTERRUPTS();
}

/* Sort the row of a user by the groups of its items, which stay in order. */
static void
deal_row(Bpr *bpr, int32 user)
{
	const SparseRows *by_user = &bpr->ratings->by_user;
	int64		start = by_user->start[user];
	int32	   *slice = bpr->slice + (Size) user * bpr->groups;
	int32		sum = 0;

	memset(slice, 0, sizeof(int32) * bpr->groups);
	for (int64 e = start; e < by_user->start[user + 1]; e++)
		slice[bpr->group[by_user->index[e]]]++;
	for (int g = 0; g < bpr->groups; g++)
	{
		int32		count = slice[g];

		slice[g] = sum;
		sum += count;
	}
	/* What was the start of a group is its end when all are at their places. */
	for (int64 e = start; e < by_user->start[user + 1]; e++)
	{
		int32		item = by_user->index[e];

		bpr->order[start + slice[bpr->group[item]]++] = by_user->value[e] > 0 ? item : ~item;
	}
}

/* An item of a group. */
static int32
draw_item(const Bpr *bpr, int g, RandomStream *stream)
{
	int32		low = bpr->item_bound[g];
	int32		high = bpr->item_bound[g + 1];
	int64		from = bpr->drawn[low];
	int64		goal;

	if (bpr->options->negatives == BPR_UNIFORM)
		return bpr->dealt[low + random_below(stream, high - low)];
	goal = from + (int64) (random_uniform(stream) * (bpr->drawn[high] - from));
	/* The last place before which there are not more than "goal". */
	while (high - low > 1)
	{
		int32		middle = low + (high - low) / 2;

		if (bpr->drawn[middle] <= goal)
			low = middle;
		else
			high = middle;
	}
	return bpr->dealt[low];
}

/* An item of a group that the user does not have; -1: none was found. */
static int32
draw_negative(const Bpr *bpr, int g, RandomStream *stream)
{
	for (int i = 0; i < TRIES; i++)
	{
		int32		item = draw_item(bpr, g, stream);

		if (!bpr->taken[item])
			return item;
	}
	return -1;
}

/* An item as a step takes it. */
static inline BprItem
order_item(const Bpr *bpr, int32 item)
{
	return (BprItem) {bpr->q + (Size) item * bpr->stride, &bpr->item_bias[item]};
}

/* The steps of a user with the items of a group; returns their loss. */
static double
train_slice(Bpr *bpr, const BprStep *step, int32 user, int g, RandomStream *stream)
{
	const int32 *order = bpr->order + bpr->ratings->by_user.start[user];
	const int32 *slice = bpr->slice + (Size) user * bpr->groups;
	int32		from = g > 0 ? slice[g - 1] : 0;
	float	   *p = bpr->p + (Size) user * bpr->stride;
	double		loss = 0;

	for (int32 e = from; e < slice[g]; e++)
		bpr->taken[order[e] < 0 ? ~order[e] : order[e]] = true;
	for (int32 e = from; e < slice[g]; e++)
	{
		int32		other = order[e] < 0 ? -1 : draw_negative(bpr, g, stream);

		CHECK_FOR_INTERRUPTS();
		if (other >= 0)
			loss += bpr_step(step, bpr->stride, p, order_item(bpr, order[e]),
							 order_item(bpr, other));
	}
	for (int32 e = from; e < slice[g]; e++)
		bpr->taken[order[e] < 0 ? ~order[e] : order[e]] = false;
	return loss;
}

/* A group of users with a group of items. */
static double
train_block(Bpr *bpr, int epoch, int users, int items)
{
	const BprOptions *opts = bpr->options;
	double		rate = learning_rate(&opts->rate, epoch);
	BprStep		step = {
		.rate = rate,
		.keep = 1 - rate * opts->penalty.regularization,
		.bias_keep = 1 - rate * opts->penalty.bias_regularization
	};
	RandomStream stream = random_stream(opts->seed, STREAM_NEGATIVES + epoch,
										users * MOST_GROUPS + items);
	double		loss = 0;

	for (int32 user = bpr->user_bound[users]; user < bpr->user_bound[users + 1]; user++)
	{
		loss += train_slice(bpr, &step, user, items, &stream);
		CHECK_FOR_INTERRUPTS();
	}
	return loss;
}

/* The argument of a stratum: its epoch, times the number of strata, and its number. */
static double
bpr_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Bpr		   *bpr = context->state;
	const SparseRows *rows = phase == BPR_START_ITEMS ? &bpr->ratings->by_item :
		&bpr->ratings->by_user;
	RowRange	range;

	if (phase == BPR_STRATUM)
		return train_block(bpr, argument / bpr->groups, unit,
						   (unit + argument % bpr->groups) % bpr->groups);
	range = team_unit_rows(rows, unit);
	for (int32 row = range.from; row < range.to; row++)
	{
		CHECK_FOR_INTERRUPTS();
		if (phase == BPR_DEAL)
			deal_row(bpr, row);
		else
			start_row(bpr, phase, row);
	}
	return 0;
}

/*
 * One pass over the observations; returns the loss met on the way.  The
 * strata need no order of their own: the groups have none.
 */
static double
train_epoch(TrainContext *context, int epoch)
{
	Bpr		   *bpr = context->state;
	double		loss = 0;

	deal_items(bpr, epoch);
	team_run_rows(context, BPR_DEAL, 0, &bpr->ratings->by_user, NULL);
	for (int s = 0; s < bpr->groups; s++)
		loss += team_run(context, BPR_STRATUM, (int64) epoch * bpr->groups + s, bpr->groups,
						 NULL);
	return loss;
}

/* What the model is: factors, item biases, and how to fold users in. */
static void
bpr_finish(const Bpr *bpr, ModelDraft *draft)
{
	const BprOptions *opts = bpr->options;
	int32		item_count = bpr->ratings->by_item.rows;
	FoldIn		fold_in = {
		.kind = FOLD_IN_RANKING,
		.regularization = opts->penalty.regularization,
		.learning_rate = opts->rate.learning_rate,
		.learning_rate_decay = 1,
		.iterations = FOLD_IN_PASSES,
		.popularity = opts->negatives == BPR_POPULARITY,
		.seed = opts->seed
	};

	draft_add_fold_in(draft, &fold_in);
	draft_add_unknown(draft, 0);
	draft_add_factors(draft, 0, bpr->p, bpr->ratings->by_user.rows, bpr->q, item_count,
					  opts->factors, bpr->stride);
	draft_add_floats(draft, PART_ITEM_BIAS, bpr->item_bias, item_count, 1, 1);
}

/* Epochs, each of which deals the items anew. */
static void
bpr_train(TrainContext *context)
{
	const Bpr  *bpr = context->state;
	const Interactions *ratings = context->ratings;
	int			iterations = iteration_plan(context);

	team_run_rows(context, BPR_START_USERS, 0, &ratings->by_user, NULL);
	team_run_rows(context, BPR_START_ITEMS, 0, &ratings->by_item, NULL);
	for (int epoch = 0; epoch < iterations; epoch++)
	{
		double		loss = train_epoch(context, epoch);

		if (loss_has_diverged(context, loss, "Lower the learning_rate, the regularization or init_stddev.") ||
			!iteration_end(context, loss, NAN))
			break;
	}
	bpr_finish(bpr, context->draft);
}

const Algorithm bpr_algorithm = {
	.name = "bpr",
	.family = "matrix factorization",
	.feedback = FEEDBACK_IMPLICIT,
	.form = &factor_form,
	.description = "Bayesian personalized ranking: factorization that ranks what a user has above what they do not have",
	.options = OPTION_TABLE(BprOptions, options),
	.space = SEARCH_SPACE(space),
	.iteration = offsetof(BprOptions, iteration),
	.learning_rate = offsetof(BprOptions, rate.learning_rate),
	.prepare = bpr_prepare,
	.suit = bpr_suit,
	.memory = bpr_memory,
	.scratch = bpr_scratch,
	.cost = bpr_cost,
	.long_run_hint = TRY_FEWER_PASSES,
	.attach = bpr_attach,
	.work = bpr_work,
	.train = bpr_train
};
