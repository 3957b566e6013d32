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
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/registry.h"
#include "engine/team.h"
#include "math/kernels.h"
#include "math/random.h"
#include "ratings/budget.h"

/* Blocks on a side of the grid.  The result depends on it. */
#define GRID 8

typedef struct SvdOptions
{
	CommonOptions common;
	int			factors;
	int			iterations;
	double		learning_rate;
	double		regularization;
	bool		biased;
	double		init_sd;
	int			seed;
} SvdOptions;

static const OptionSpec options[] = {
	INT_OPTION("factors", SvdOptions, factors, 100, 1, 4096,
			   "length of the vectors of users and items"),
	INT_OPTION("iterations", SvdOptions, iterations, 20, 1, 10000,
			   "passes over the ratings"),
	REAL_OPTION("learning_rate", SvdOptions, learning_rate, .005, 1e-9, 1,
				"step of the gradient descent"),
	REAL_OPTION("regularization", SvdOptions, regularization, .02, 0, 1000,
				"penalty on the squares of biases and factors, for each rating"),
	BOOL_OPTION("biased", SvdOptions, biased, true,
				"with the mean and the biases of users and items"),
	REAL_OPTION("init_sd", SvdOptions, init_sd, .1, 0, 100,
				"standard deviation of the factors at the start"),
	INT_OPTION("seed", SvdOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "start of the random numbers")
};

/* Names of the random streams. */
enum
{
	STREAM_USERS,
	STREAM_ITEMS,
	STREAM_DIAGONALS
};

/* Phases of the work. */
enum
{
	SVD_START_USERS,			/* random factors; units of users */
	SVD_START_ITEMS,			/* units of items */
	SVD_DIAGONAL				/* one diagonal of the grid, the argument; units
								 * of its blocks */
};

/* Shared arrays. */
enum
{
	SVD_P,
	SVD_Q,
	SVD_USER_BIAS,
	SVD_ITEM_BIAS
};

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
	int32		user_bound[GRID + 1];	/* users of each row of the grid */
	int32		item_bound[GRID + 1];	/* items of each column */
} Svd;

static Size
svd_memory(const MatrixShape *shape, const void *options)
{
	int			stride = KERNEL_PADDED(((const SvdOptions *) options)->factors);

	return add_size(vectors_bytes(shape->users, stride + 1),
					vectors_bytes(shape->items, stride + 1));
}

static void *
svd_attach(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	int32		users = ratings->by_user.rows;
	int32		items = ratings->by_item.rows;
	Svd		   *svd = palloc0(sizeof(Svd));

	svd->options = context->options;
	svd->ratings = ratings;
	svd->stride = KERNEL_PADDED(svd->options->factors);
	svd->offset = svd->options->biased ? ratings->mean : 0;
	svd->p = team_vectors(context, SVD_P, users, svd->stride);
	svd->q = team_vectors(context, SVD_Q, items, svd->stride);
	svd->user_bias = team_vectors(context, SVD_USER_BIAS, users, 1);
	svd->item_bias = team_vectors(context, SVD_ITEM_BIAS, items, 1);
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
	int			units = team_row_units(rows);
	int32		end = sparse_row_bound(rows, unit + 1, units);

	for (int32 r = sparse_row_bound(rows, unit, units); r < end; r++)
	{
		CHECK_FOR_INTERRUPTS();
		draw_vector(vectors + (Size) r * svd->stride, svd->options->factors,
					svd->options->init_sd, svd->options->seed, stream_name, r);
	}
}

/* The steps of a slice of a user's ratings; returns their squared error. */
static double
train_slice(Svd *svd, int32 user, int64 from, int64 to)
{
	const SparseRows *by_user = &svd->ratings->by_user;
	float		rate = svd->options->learning_rate;
	float		keep = 1 - rate * svd->options->regularization;
	float	   *p = svd->p + (Size) user * svd->stride;
	double		squares = 0;

	for (int64 e = from; e < to; e++)
	{
		int32		item = by_user->index[e];
		float	   *q = svd->q + (Size) item * svd->stride;
		float		predicted = svd->offset + svd->user_bias[user] +
			svd->item_bias[item] + kernels->dot(svd->stride, p, q);
		float		error = by_user->value[e] - predicted;

		CHECK_FOR_INTERRUPTS();
		squares += (double) error * error;
		if (svd->options->biased)
		{
			svd->user_bias[user] = keep * svd->user_bias[user] + rate * error;
			svd->item_bias[item] = keep * svd->item_bias[item] + rate * error;
		}
		kernels->sgd_step(svd->stride, p, q, rate * error, keep, keep);
	}
	return squares;
}

static double
train_block(Svd *svd, int row, int column)
{
	const SparseRows *by_user = &svd->ratings->by_user;
	double		squares = 0;

	for (int32 user = svd->user_bound[row]; user < svd->user_bound[row + 1]; user++)
	{
		int64		end = by_user->start[user + 1];
		int64		from = sparse_lower_bound(by_user, by_user->start[user], end,
											  svd->item_bound[column]);
		int64		to = sparse_lower_bound(by_user, from, end,
											svd->item_bound[column + 1]);

		squares += train_slice(svd, user, from, to);
		CHECK_FOR_INTERRUPTS();
	}
	return squares;
}

static double
svd_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Svd		   *svd = context->state;

	switch (phase)
	{
		case SVD_START_USERS:
			start_factors(svd, &svd->ratings->by_user, svd->p, STREAM_USERS, unit);
			return 0;
		case SVD_START_ITEMS:
			start_factors(svd, &svd->ratings->by_item, svd->q, STREAM_ITEMS, unit);
			return 0;
		default:
			return train_block(svd, unit, (unit + (int) argument) % GRID);
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
	double		squares = 0;

	shuffle_diagonals(diagonal, svd->options->seed, epoch);
	for (int d = 0; d < GRID; d++)
		squares += team_run(context, SVD_DIAGONAL, diagonal[d], GRID, NULL);
	return squares;
}

static void
svd_finish(const Svd *svd, ModelDraft *draft)
{
	int32		users = svd->ratings->users.count;
	int32		items = svd->ratings->items.count;

	draft_add_factors(draft, svd->offset, svd->p, users, svd->q, items,
					  svd->options->factors, svd->stride);
	if (svd->options->biased)
		draft_add_biases(draft, svd->user_bias, users, svd->item_bias, items, 1);
}

static void
svd_train(TrainContext *context)
{
	const Svd  *svd = context->state;
	const Interactions *ratings = context->ratings;
	int64		count = sparse_entries(&ratings->by_user);

	progress_plan(context->progress, svd->options->iterations);
	team_run(context, SVD_START_USERS, 0, team_row_units(&ratings->by_user), NULL);
	team_run(context, SVD_START_ITEMS, 0, team_row_units(&ratings->by_item), NULL);
	for (int epoch = 0; epoch < svd->options->iterations; epoch++)
	{
		double		squares = train_epoch(context, epoch);

		require_convergence(squares);
		progress_iteration(context->progress, squares, sqrt(squares / count));
	}
	svd_finish(svd, context->draft);
}

const Algorithm svd_algorithm = {
	.name = "svd",
	.family = "matrix factorization",
	.feedback = FEEDBACK_EXPLICIT,
	.form = "factor",
	.description = "biased matrix factorization by stochastic gradient descent",
	.options_size = sizeof(SvdOptions),
	.options = options,
	.option_count = lengthof(options),
	.memory = svd_memory,
	.attach = svd_attach,
	.work = svd_work,
	.train = svd_train
};
