/*
 * logistic_mf.c
 *		Algorithm "logistic_mf": p_u . q_i + b_u + b_i is the logarithm of the odds
 *		that user u has item i.
 *
 * Johnson, "Logistic Matrix Factorization for Implicit Feedback Data" (NIPS
 * workshop 2014), with weights alpha x: the loss and its gradient are in
 * math/logistic.c.  Users and items take a step of AdaGrad in turn, each with
 * its whole gradient: of all pairs, not of some drawn at random.  That is
 * matrix products, at which processors are good; steps are then few and sure,
 * and the loss that is minimized is known.  But the time is proportional to
 * users times items: where both are many, ials or bpr do.
 *
 * The vector of a user ends in their bias and a 1, that of an item in a 1 and its
 * bias, so that their product has both.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/registry.h"
#include "engine/cost.h"
#include "engine/divergence.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "engine/traits.h"
#include "engine/vectors.h"
#include "forms/fold_in.h"
#include "math/kernels.h"
#include "math/logistic.h"
#include "resources/budget.h"

/* Rows whose gradients are made together. */
#define TILE_ROWS 32

/* Multiplications in the time of an exponential. */
#define EXPONENTIAL 10

/* Steps from nothing with which a user is folded in. */
#define FOLD_IN_STEPS 60

typedef struct LogisticOptions
{
	CommonOptions common;
	IterationOptions iteration;
	int			factors;
	double		alpha;
	double		learning_rate;
	double		regularization;
	double		init_stddev;
	int			seed;
} LogisticOptions;

static const OptionSpec options[] = {
	INT_OPTION("factors", LogisticOptions, factors, 30, 1, 4096,
			   "length of the vectors of users and items"),
	PLAIN_ITERATION_OPTION(LogisticOptions, iteration, 30, "number of steps of all users and all items"),
	REAL_OPTION("alpha", LogisticOptions, alpha, 1, 1e-6, 1e6,
				"weight of an observation for each unit of its value"),
	REAL_OPTION("learning_rate", LogisticOptions, learning_rate, .2, 1e-9, 10,
				"step size, before it is divided by the root of the squared gradients so far (AdaGrad)"),
	REAL_OPTION("regularization", LogisticOptions, regularization, OPTION_AUTO, 0, 1e9,
				"penalty on half the squares of the factors; default 0.35 (sqrt(n) + sqrt(m)) times the mean weight of an observation, with n the ratings of the mean user and m those of the item of the mean rating: the effect of chance; up to 0.8 instead of 0.35 where users hardly choose by more than popularity"),
	REAL_OPTION("init_stddev", LogisticOptions, init_stddev, .1, 0, 100,
				"standard deviation of the random factors at the start",
				.old_name = "init_sd"),
	INT_OPTION("seed", LogisticOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* Phases of the work; their argument is the side that they are about. */
enum
{
	LOGISTIC_START,				/* random factors; units of its rows */
	LOGISTIC_STEP				/* a step of its rows; units of them */
};

typedef struct LogisticSide
{
	const SparseRows *rows;
	float	   *vectors;		/* [rows x stride] */
	float	   *squares;		/* [rows x stride] of the gradients seen */
	int			bias;			/* the element that is the bias */
	int			one;			/* and that which is 1 */
} LogisticSide;

typedef struct Logistic
{
	const LogisticOptions *options;
	int			stride;
	LogisticSide side[2];

	/* Work space of this process. */
	float	   *tile;			/* [TILE_ROWS x LOGISTIC_COLS] */
	float	   *gradient;		/* [TILE_ROWS x stride] */
	int64		cursor[TILE_ROWS];	/* the next entry of each row */
} Logistic;

/*
 * The penalty that the data ask for: near zero the loss is that of a singular
 * value decomposition of what observations exceed their odds by, in which
 * singular values below the penalty are lost.  Biases are not penalized.
 */
static void
logistic_suit(void *options, const DataTraits *traits)
{
	LogisticOptions *opts = options;

	if (isnan(opts->regularization))
		opts->regularization = plain_number(opts->alpha * weight_level(traits) *
											chance_bound(traits), 0, 1e9);
}

/* The stride of the vectors, with bias and 1. */
static int
padded_length(const LogisticOptions *opts)
{
	return KERNEL_PADDED(opts->factors + 2);
}

/* Vectors, and the squares of the gradients they have seen. */
static Size
logistic_memory(const MatrixShape *shape, const void *options)
{
	int			stride = padded_length(options);

	return add_size(vectors_bytes(shape->users, 2 * stride),
					vectors_bytes(shape->items, 2 * stride));
}

/* A tile and its gradients, in each process. */
static Size
logistic_scratch(const MatrixShape *shape, const void *options)
{
	return vectors_bytes(TILE_ROWS, LOGISTIC_COLS + padded_length(options));
}

/* Each step is two products of all users with all items, and so many exponentials. */
static double
logistic_cost(const DataTraits *traits, const void *options)
{
	const LogisticOptions *opts = options;
	double		pairs = (double) traits->shape.users * traits->shape.items;

	return opts->iteration.iterations * 2 * pairs *
		(2 * COST_DENSE * padded_length(opts) + COST_PRODUCT * EXPONENTIAL);
}

/* The shared arrays of both sides, and the work space. */
static void *
logistic_attach(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	Logistic   *logistic = palloc0(sizeof(Logistic));
	int			factors;

	logistic->options = context->options;
	logistic->stride = padded_length(logistic->options);
	factors = logistic->options->factors;
	for (int s = SIDE_USERS; s <= SIDE_ITEMS; s++)
	{
		LogisticSide *side = &logistic->side[s];

		side->rows = interactions_by(ratings, s);
		side->vectors = team_vectors(context, 2 * s, side->rows->rows, logistic->stride);
		side->squares = team_vectors(context, 2 * s + 1, side->rows->rows, logistic->stride);
		side->bias = s == SIDE_USERS ? factors : factors + 1;
		side->one = s == SIDE_USERS ? factors + 1 : factors;
	}
	logistic->tile = allocate_vectors(TILE_ROWS, LOGISTIC_COLS);
	logistic->gradient = allocate_vectors(TILE_ROWS, logistic->stride);
	return logistic;
}

/* The sum of the values of a row. */
static double
side_weight(const LogisticSide *side, int32 row)
{
	double		sum = 0;

	for (int64 e = side->rows->start[row]; e < side->rows->start[row + 1]; e++)
		sum += side->rows->value[e];
	return sum;
}

/* Normal factors for a row, from a stream of its own, its bias and its 1. */
static void
start_row(const Logistic *logistic, int s, int32 row)
{
	const LogisticSide *side = &logistic->side[s];
	float	   *vector = side->vectors + (Size) row * logistic->stride;

	draw_vector(vector, logistic->options->factors, logistic->options->init_stddev,
				logistic->options->seed, s, row);
	vector[side->one] = 1;
	/* With the logarithm of its odds for a bias, an item needs no steps to it. */
	if (s == SIDE_ITEMS)
	{
		double		has = logistic->options->alpha * side_weight(side, row);
		double		others = logistic->side[SIDE_USERS].rows->rows + 1;

		vector[side->bias] = log((has + .5) / others);
	}
}

/* Correct the tile of some rows with what was observed in its columns. */
static double
observe(Logistic *logistic, const SparseRows *rows, int32 first, int count, int32 from,
		int32 to)
{
	double		loss = 0;

	for (int r = 0; r < count; r++)
		for (; logistic->cursor[r] < rows->start[first + r + 1] &&
			 rows->index[logistic->cursor[r]] < to; logistic->cursor[r]++)
			loss += logistic_observe(logistic->tile + r * LOGISTIC_COLS +
									 rows->index[logistic->cursor[r]] - from,
									 logistic->options->alpha * rows->value[logistic->cursor[r]]);
	return loss;
}

/* A step of some rows, at most TILE_ROWS; returns their loss before. */
static double
step_rows(Logistic *logistic, int s, int32 first, int count)
{
	const LogisticOptions *opts = logistic->options;
	const LogisticSide *side = &logistic->side[s];
	const LogisticSide *other = &logistic->side[!s];
	int			stride = logistic->stride;
	float	   *x = side->vectors + (Size) first * stride;
	double		loss = 0;

	memset(logistic->gradient, 0, sizeof(float) * count * stride);
	for (int r = 0; r < count; r++)
		logistic->cursor[r] = side->rows->start[first + r];
	for (int32 from = 0; from < other->rows->rows; from += LOGISTIC_COLS)
	{
		int			cols = Min(LOGISTIC_COLS, other->rows->rows - from);
		const float *y = other->vectors + (Size) from * stride;

		CHECK_FOR_INTERRUPTS();
		memset(logistic->tile, 0, sizeof(float) * count * LOGISTIC_COLS);
		loss += logistic_tile(count, cols, stride, x, y, logistic->tile);
		loss += observe(logistic, side->rows, first, count, from, from + cols);
		logistic_gradient(count, cols, stride, logistic->tile, y, logistic->gradient);
	}
	for (int r = 0; r < count; r++)
	{
		Size		at = (Size) r * stride;

		loss += opts->regularization / 2 *
			(kernels->dot(stride, x + at, x + at) - 1 - x[at + side->bias] * x[at + side->bias]);
		logistic_step(opts->factors + 2, side->one, opts->learning_rate, opts->regularization,
					  opts->factors, logistic->gradient + at,
					  side->squares + (Size) first * stride + at, x + at);
		flush_denormals(opts->factors, x + at);
	}
	return loss;
}

/* A unit of a phase: some rows of a side; returns the loss before their steps. */
static double
logistic_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Logistic   *logistic = context->state;
	const SparseRows *rows = logistic->side[argument].rows;
	int			units = team_row_units(rows);
	int32		row = (int64) rows->rows * unit / units;
	int32		end = (int64) rows->rows * (unit + 1) / units;
	double		sum = 0;

	if (phase == LOGISTIC_START)
	{
		for (; row < end; row++)
			start_row(logistic, argument, row);
		return 0;
	}
	for (; row < end; row += TILE_ROWS)
		sum += step_rows(logistic, argument, row, Min(TILE_ROWS, end - row));
	return sum;
}

/* A phase over all rows of a side; returns the sum of what its units return. */
static double
run_phase(TrainContext *context, int phase, int s)
{
	const Logistic *logistic = context->state;

	return team_run_rows(context, phase, s, logistic->side[s].rows, NULL);
}

/* What the model is: factors, biases, and how to fold users in. */
static void
logistic_finish(const Logistic *logistic, ModelDraft *draft)
{
	const LogisticOptions *opts = logistic->options;
	const LogisticSide *users = &logistic->side[SIDE_USERS];
	const LogisticSide *items = &logistic->side[SIDE_ITEMS];
	FoldIn		fold_in = {
		.kind = FOLD_IN_LOGISTIC,
		.alpha = opts->alpha,
		.regularization = opts->regularization,
		.learning_rate = Min(opts->learning_rate, 1),
		.iterations = FOLD_IN_STEPS
	};

	draft_add_fold_in(draft, &fold_in);
	draft_add_unknown(draft, 0);
	draft_add_factors(draft, 0, users->vectors, users->rows->rows, items->vectors,
					  items->rows->rows, opts->factors, logistic->stride);
	draft_add_biases(draft, users->vectors + users->bias, users->rows->rows,
					 items->vectors + items->bias, items->rows->rows, logistic->stride);
}

/* The loss that is logged is that between the steps of users and of items. */
static void
logistic_train(TrainContext *context)
{
	const Logistic *logistic = context->state;
	int			iterations = iteration_plan(context);

	run_phase(context, LOGISTIC_START, SIDE_USERS);
	run_phase(context, LOGISTIC_START, SIDE_ITEMS);
	for (int i = 0; i < iterations; i++)
	{
		double		loss;

		run_phase(context, LOGISTIC_STEP, SIDE_USERS);
		loss = run_phase(context, LOGISTIC_STEP, SIDE_ITEMS);
		if (loss_has_diverged(context, loss, "Lower alpha or the learning_rate, or scale the values down.") ||
			!iteration_end(context, loss, NAN))
			break;
	}
	logistic_finish(logistic, context->draft);
}

const Algorithm logistic_mf_algorithm = {
	.name = "logistic_mf",
	.family = "matrix factorization",
	.feedback = FEEDBACK_IMPLICIT,
	.form = &factor_form,
	.description = "factorization of the odds that a user has an item, over all pairs",
	.options = OPTION_TABLE(LogisticOptions, options),
	.dense = true,
	.iteration = offsetof(LogisticOptions, iteration),
	.suit = logistic_suit,
	.learning_rate = offsetof(LogisticOptions, learning_rate),
	.memory = logistic_memory,
	.scratch = logistic_scratch,
	.cost = logistic_cost,
	.long_run_hint = "The time grows with the number of users times that of items.  Try ials or bpr.",
	.attach = logistic_attach,
	.work = logistic_work,
	.train = logistic_train
};
