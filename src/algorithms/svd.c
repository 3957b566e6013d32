/*
 * svd.c
 *		Algorithm "svd": mu + b_u + b_i + p_u . q_i by stochastic gradient
 *		descent.
 *
 * Funk's and Koren's factorization (Koren, Bell, Volinsky, "Matrix
 * Factorization Techniques for Recommender Systems", Computer 2009, eq. 5-7).
 *
 * The ratings are worked on in a fixed grid of blocks of users and items (the
 * scheme of Gemulla et al., "Large-Scale Matrix Factorization with Distributed
 * SGD", KDD 2011): blocks on one diagonal of the grid share no user and no
 * item.  An epoch goes through the diagonals in a random order.  Within
 * a block it goes user by user, which keeps the user's vector in the cache;
 * the items of a user are in order, so a block's part of a row is a slice of
 * it and the grid needs no copy of the ratings.
 *
 * The steps can be adaptive, by the rule of Chin, Zhuang, Juan, Lin, "A
 * Learning-Rate Schedule for Stochastic Gradient Methods to Matrix
 * Factorization" (PAKDD 2015): the rate of a vector is divided by the root of
 * the squared gradients it has seen, averaged over its elements, so that those
 * with few ratings go far and those with many settle.  The first elements of
 * the vectors have their own rate and the first epoch for themselves; the
 * others, new in the second, are not slowed by what the first have seen.  A
 * bias is a vector of its own.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/lists.h"
#include "algorithms/registry.h"
#include "algorithms/sgd.h"
#include "engine/divergence.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "engine/vectors.h"
#include "forms/fold_in.h"
#include "math/kernels.h"
#include "math/random.h"
#include "resources/budget.h"

/* Blocks on a side of the grid.  The result depends on it. */
#define GRID 8

/* Defaults of learning_rate. */
#define PLAIN_RATE .005
#define ADAPTIVE_RATE .1

typedef struct SvdOptions
{
	CommonOptions common;
	IterationOptions iteration;
	RateOptions rate;
	PenaltyOptions penalty;
	int			factors;
	bool		biased;
	bool		adaptive;
	double		init_stddev;
	int			seed;
} SvdOptions;

static const OptionSpec options[] = {
	INT_OPTION("factors", SvdOptions, factors, 100, 1, 4096,
			   "length of the vectors of users and items"),
	ITERATION_OPTIONS(SvdOptions, iteration, 20, "passes over the ratings"),
	RATE_OPTIONS(SvdOptions, rate, OPTION_AUTO, "; default 0.005, with adaptive 0.1"),
	PENALTY_OPTIONS(SvdOptions, penalty, .02),
	BOOL_OPTION("biased", SvdOptions, biased, true,
				"model the mean and the biases of users and items, too"),
	BOOL_OPTION("adaptive", SvdOptions, adaptive, false,
				"shorten the steps of a user or item as their squared gradients add up"),
	REAL_OPTION("init_stddev", SvdOptions, init_stddev, .1, 0, 100,
				"standard deviation of the random factors at the start; on large data 0.05 may be better",
				.old_name = "init_sd"),
	INT_OPTION("seed", SvdOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("factors", 10, 200),
	LOG_AXIS("learning_rate", .001, .05),
	LOG_AXIS("regularization", .005, .2)
};

/* Names of the random streams. */
enum
{
	STREAM_DIAGONALS = 1,
	STREAM_USERS,
	STREAM_ITEMS
};

/* Phases of the work. */
enum
{
	SVD_START_USERS,			/* random factors, and slices; units of users */
	SVD_START_ITEMS,			/* units of items */
	SVD_DIAGONAL				/* one diagonal of the grid in an epoch; units of
								 * its blocks */
};

/* Shared arrays. */
enum
{
	SVD_P,
	SVD_Q,
	SVD_USER_BIAS,
	SVD_ITEM_BIAS,
	SVD_SLICES,
	SVD_USER_GRADIENTS,
	SVD_ITEM_GRADIENTS
};

/* What has an adaptive rate of its own in a user or item. */
enum
{
	RATED_BIAS,
	RATED_FIRST,				/* the first elements of the vector */
	RATED_REST,					/* the other elements */
	RATED_PADDING				/* fills a vector register */
};

#define RATED (RATED_PADDING + 1)

/*
 * With adaptive steps: what the squares of the gradients of a user or item
 * have added up to, of elements on average.
 */
typedef struct Gradients
{
	float		squares[RATED];
} Gradients;

typedef struct Svd
{
	const SvdOptions *options;
	const Interactions *ratings;
	int			stride;
	double		offset;
	float	   *p;				/* [users x stride] */
	float	   *q;				/* [items x stride] */
	float	   *user_bias;		/* [users] */
	float	   *item_bias;		/* [items] */
	Gradients  *user_gradients; /* [users]; NULL: steps are not adaptive */
	Gradients  *item_gradients; /* [items] */
	int32		user_bound[GRID + 1];	/* users of each row of the grid */
	int32		item_bound[GRID + 1];	/* items of each column */
	int32	   *slice;			/* [users x GRID] where in the user's row those
								 * of each column end */
} Svd;

/* The learning rate and the penalty that were left open. */
static void
svd_prepare(void *options, bool has_values)
{
	SvdOptions *opts = options;

	penalty_prepare(&opts->penalty);
	if (isnan(opts->rate.learning_rate))
		opts->rate.learning_rate = opts->adaptive ? ADAPTIVE_RATE : PLAIN_RATE;
}

/* Bytes of the slices of all users. */
static Size
slices_bytes(int32 user_count)
{
	return budget_array(user_count, sizeof(int32) * GRID);
}

/* Vectors, biases, the squares of their gradients if steps are adaptive, and slices. */
static Size
svd_memory(const MatrixShape *shape, const void *options)
{
	const SvdOptions *opts = options;
	int			floats = KERNEL_PADDED(opts->factors) + 1;

	if (opts->adaptive)
		floats += sizeof(Gradients) / sizeof(float);
	return add_size(add_size(vectors_bytes(shape->users, floats),
							 vectors_bytes(shape->items, floats)),
					slices_bytes(shape->users));
}

/* The shared arrays, and the bounds of the grid. */
static void *
svd_attach(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	int32		user_count = ratings->by_user.rows;
	int32		item_count = ratings->by_item.rows;
	Svd		   *svd = palloc0(sizeof(Svd));

	svd->options = context->options;
	svd->ratings = ratings;
	svd->stride = KERNEL_PADDED(svd->options->factors);
	svd->offset = svd->options->biased ? ratings->mean : 0;
	svd->p = team_vectors(context, SVD_P, user_count, svd->stride);
	svd->q = team_vectors(context, SVD_Q, item_count, svd->stride);
	svd->user_bias = team_vectors(context, SVD_USER_BIAS, user_count, 1);
	svd->item_bias = team_vectors(context, SVD_ITEM_BIAS, item_count, 1);
	if (svd->options->adaptive)
	{
		svd->user_gradients = team_array(context, SVD_USER_GRADIENTS,
										 budget_array(user_count, sizeof(Gradients)));
		svd->item_gradients = team_array(context, SVD_ITEM_GRADIENTS,
										 budget_array(item_count, sizeof(Gradients)));
	}
	svd->slice = team_array(context, SVD_SLICES, slices_bytes(user_count));
	for (int g = 0; g <= GRID; g++)
	{
		svd->user_bound[g] = sparse_row_bound(&ratings->by_user, g, GRID);
		svd->item_bound[g] = sparse_row_bound(&ratings->by_item, g, GRID);
	}
	return svd;
}

/* Normal factors for a unit of rows, from a stream for each row. */
static void
start_factors(const Svd *svd, const SparseRows *rows, float *vectors, int stream_name,
			  int unit)
{
	RowRange	range = team_unit_rows(rows, unit);

	for (int32 r = range.from; r < range.to; r++)
	{
		CHECK_FOR_INTERRUPTS();
		draw_vector(vectors + (Size) r * svd->stride, svd->options->factors,
					svd->options->init_stddev, svd->options->seed, stream_name, r);
	}
}

/* Find the slices of the rows of a unit of users. */
static void
start_slices(const Svd *svd, int unit)
{
	const SparseRows *by_user = &svd->ratings->by_user;
	RowRange	range = team_unit_rows(by_user, unit);

	for (int32 user = range.from; user < range.to; user++)
	{
		int64		start = by_user->start[user];

		CHECK_FOR_INTERRUPTS();
		for (int g = 0; g < GRID; g++)
			svd->slice[(Size) user * GRID + g] =
				sparse_lower_bound(by_user, start, by_user->start[user + 1],
								   svd->item_bound[g + 1]) - start;
	}
}

/* How far the steps of an epoch go. */
typedef struct Step
{
	float		rate;
	float		keep;			/* what is left of a vector */
	float		bias_keep;		/* and of a bias */

	/* Adaptive: the rate is numerator / sqrt(start + squares of gradients). */
	float		numerator[RATED];
	float		start[RATED];
	float		share[RATED];	/* what the square of an element counts */
	float		penalty;
	float		bias_penalty;
	bool		whole;			/* not of the first elements only */
} Step;

/*
 * The paper has 1 as the start of the squares, for ratings of deviation 1.  Of
 * others, biases and factors have the scale of the ratings and its root, and
 * gradients that of the ratings and its power of 1.5.
 */
static void
prepare_adaptive_step(Step *step, int factors, double stddev)
{
	double		scale = stddev > 0 ? stddev : 1;

	for (int i = 0; i < RATED; i++)
	{
		step->numerator[i] = step->rate * sqrt(scale);
		step->start[i] = scale * scale * scale;
	}
	step->numerator[RATED_BIAS] = step->rate * scale;
	step->start[RATED_BIAS] = scale * scale;
	step->share[RATED_FIRST] = 1.0 / Min(factors, KERNEL_LANES);
	step->share[RATED_REST] = 1.0 / Max(factors - KERNEL_LANES, 1);
}

/* How far the steps of an epoch go. */
static Step
step_of_epoch(const Svd *svd, int epoch)
{
	const PenaltyOptions *penalty = &svd->options->penalty;
	double		rate = learning_rate(&svd->options->rate, epoch);
	Step		step = {
		.rate = rate,
		.keep = 1 - rate * penalty->regularization,
		.bias_keep = 1 - rate * penalty->bias_regularization,
		.penalty = penalty->regularization,
		.bias_penalty = penalty->bias_regularization,
		.whole = epoch > 0 && svd->options->factors > KERNEL_LANES
	};

	prepare_adaptive_step(&step, svd->options->factors, svd->ratings->stddev);
	return step;
}

/* The rating of an item by a user. */
static float
predict_rating(const Svd *svd, int32 user, int32 item)
{
	return svd->offset + svd->user_bias[user] + svd->item_bias[item] +
		kernels->dot(svd->stride, svd->p + (Size) user * svd->stride,
					 svd->q + (Size) item * svd->stride);
}

/* Some ratings of a user, as the training stands. */
static void
svd_predict(TrainContext *context, int32 user, const int32 *item, int count,
			double *prediction)
{
	for (int i = 0; i < count; i++)
		prediction[i] = predict_rating(context->state, user, item[i]);
}

/* The step of one rating, with a length that is the same for all. */
static void
plain_step(Svd *svd, const Step *step, int32 user, int32 item, float error)
{
	if (svd->options->biased)
	{
		svd->user_bias[user] = step->bias_keep * svd->user_bias[user] + step->rate * error;
		svd->item_bias[item] = step->bias_keep * svd->item_bias[item] + step->rate * error;
	}
	kernels->sgd_step(svd->stride, svd->p + (Size) user * svd->stride,
					  svd->q + (Size) item * svd->stride, step->rate * error, step->keep,
					  step->keep);
}

/* The rates of a user or item. */
static inline void
adaptive_rates(const Step *step, const Gradients *gradients, float *rates)
{
	for (int i = 0; i < RATED; i++)
		rates[i] = step->numerator[i] / sqrtf(step->start[i] + gradients->squares[i]);
}

/* The step of a bias, whose squared gradient is added to those it has seen. */
static inline void
adaptive_bias_step(float *bias, float rate, float penalty, float error, Gradients *gradients)
{
	float		gradient = penalty * *bias - error;

	*bias -= rate * gradient;
	gradients->squares[RATED_BIAS] += gradient * gradient;
}

/* The step of one rating, shorter the more has been learned of either. */
static void
adaptive_step(Svd *svd, const Step *step, int32 user, int32 item, float error)
{
	float	   *p = svd->p + (Size) user * svd->stride;
	float	   *q = svd->q + (Size) item * svd->stride;
	Gradients  *g = &svd->user_gradients[user];
	Gradients  *h = &svd->item_gradients[item];
	float		rate_p[RATED];
	float		rate_q[RATED];

	adaptive_rates(step, g, rate_p);
	adaptive_rates(step, h, rate_q);
	if (svd->options->biased)
	{
		adaptive_bias_step(&svd->user_bias[user], rate_p[RATED_BIAS],
						   step->bias_penalty, error, g);
		adaptive_bias_step(&svd->item_bias[item], rate_q[RATED_BIAS],
						   step->bias_penalty, error, h);
	}
	kernels->adaptive_step(KERNEL_LANES, p, q, error, step->penalty,
						   rate_p[RATED_FIRST], rate_q[RATED_FIRST], step->share[RATED_FIRST],
						   &g->squares[RATED_FIRST], &h->squares[RATED_FIRST]);
	if (step->whole)
		kernels->adaptive_step(svd->stride - KERNEL_LANES, p + KERNEL_LANES, q + KERNEL_LANES,
							   error, step->penalty,
							   rate_p[RATED_REST], rate_q[RATED_REST], step->share[RATED_REST],
							   &g->squares[RATED_REST], &h->squares[RATED_REST]);
}

/* The steps of a slice of a user's ratings; returns their squared error. */
static double
train_slice(Svd *svd, const Step *step, int32 user, int64 from, int64 to)
{
	const SparseRows *by_user = &svd->ratings->by_user;
	double		sse = 0;

	for (int64 e = from; e < to; e++)
	{
		int32		item = by_user->index[e];
		float		error = by_user->value[e] - predict_rating(svd, user, item);

		CHECK_FOR_INTERRUPTS();
		sse += (double) error * error;
		if (svd->user_gradients != NULL)
			adaptive_step(svd, step, user, item, error);
		else
			plain_step(svd, step, user, item, error);
	}
	return sse;
}

/* The steps of a block of the grid; returns the squared error met on the way. */
static double
train_block(Svd *svd, const Step *step, int row, int column)
{
	const SparseRows *by_user = &svd->ratings->by_user;
	double		sse = 0;

	for (int32 user = svd->user_bound[row]; user < svd->user_bound[row + 1]; user++)
	{
		const int32 *slice = svd->slice + (Size) user * GRID;
		int64		start = by_user->start[user];

		sse += train_slice(svd, step, user, column > 0 ? start + slice[column - 1] : start,
						   start + slice[column]);
		CHECK_FOR_INTERRUPTS();
	}
	return sse;
}

/*
 * A unit of a phase: the start of some rows, or a block of a diagonal.  The
 * argument of a diagonal is its epoch, times GRID, plus its number.
 */
static double
svd_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Svd		   *svd = context->state;
	Step		step;

	switch (phase)
	{
		case SVD_START_USERS:
			start_factors(svd, &svd->ratings->by_user, svd->p, STREAM_USERS, unit);
			start_slices(svd, unit);
			return 0;
		case SVD_START_ITEMS:
			start_factors(svd, &svd->ratings->by_item, svd->q, STREAM_ITEMS, unit);
			return 0;
		default:
			step = step_of_epoch(svd, argument / GRID);
			return train_block(svd, &step, unit,
							   (unit + argument % GRID) % GRID);
	}
}

/* The diagonals in the order of an epoch. */
static void
shuffle_diagonals(int *diagonal, int seed, int epoch)
{
	RandomStream stream = random_stream(seed, STREAM_DIAGONALS, epoch);

	for (int i = 0; i < GRID; i++)
		diagonal[i] = i;
	for (int i = GRID - 1; i > 0; i--)
	{
		int			j = random_below(&stream, i + 1);
		int			swap = diagonal[i];

		diagonal[i] = diagonal[j];
		diagonal[j] = swap;
	}
}

/* One pass over the ratings; returns the squared error met on the way. */
static double
train_epoch(TrainContext *context, int epoch)
{
	const Svd  *svd = context->state;
	int			diagonal[GRID];
	double		sse = 0;

	shuffle_diagonals(diagonal, svd->options->seed, epoch);
	for (int d = 0; d < GRID; d++)
		sse += team_run(context, SVD_DIAGONAL, (int64) epoch * GRID + diagonal[d],
						GRID, NULL);
	return sse;
}

/* What the model is: offset, factors, biases, and how to fold users in. */
static void
svd_finish(const Svd *svd, int iterations, ModelDraft *draft)
{
	int32		user_count = svd->ratings->users.count;
	int32		item_count = svd->ratings->items.count;

	FoldIn		fold_in = {
		.kind = FOLD_IN_DESCENT,
		.regularization = svd->options->penalty.regularization,
		.bias_regularization = svd->options->penalty.bias_regularization,
		.biased = svd->options->biased,
		.learning_rate = svd->options->adaptive ? PLAIN_RATE : svd->options->rate.learning_rate,
		.learning_rate_decay = svd->options->rate.learning_rate_decay,
		.iterations = iterations
	};

	draft_add_fold_in(draft, &fold_in);
	draft_add_factors(draft, svd->offset, svd->p, user_count, svd->q, item_count,
					  svd->options->factors, svd->stride);
	if (svd->options->biased)
		draft_add_biases(draft, svd->user_bias, user_count, svd->item_bias, item_count, 1);
}

/* Epochs; users are folded in by as many plain steps as were taken. */
static void
svd_train(TrainContext *context)
{
	const Svd  *svd = context->state;
	const Interactions *ratings = context->ratings;
	int			iterations = iteration_plan(context);

	team_run_rows(context, SVD_START_USERS, 0, &ratings->by_user, NULL);
	team_run_rows(context, SVD_START_ITEMS, 0, &ratings->by_item, NULL);
	for (int epoch = 0; epoch < iterations; epoch++)
	{
		double		sse = train_epoch(context, epoch);

		if (squares_have_diverged(context, sse) || !iteration_end_squares(context, sse, 0))
			break;
	}
	svd_finish(svd, context->progress->done, context->draft);
}

const Algorithm svd_algorithm = {
	.name = "svd",
	.family = "matrix factorization",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &factor_form,
	.description = "biased matrix factorization by stochastic gradient descent",
	.options = OPTION_TABLE(SvdOptions, options),
	.space = SEARCH_SPACE(space),
	LISTS_BY_IALS,
	.depends_on_scale = true,
	.learning_rate = offsetof(SvdOptions, rate.learning_rate),
	.iteration = offsetof(SvdOptions, iteration),
	.prepare = svd_prepare,
	.memory = svd_memory,
	.attach = svd_attach,
	.work = svd_work,
	.train = svd_train,
	.predict = svd_predict
};
