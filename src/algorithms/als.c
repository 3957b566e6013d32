/*
 * als.c
 *		Algorithm "als": mu + b_u + b_i + p_u . q_i by alternating least squares.
 *
 * Zhou et al., "Large-Scale Parallel Collaborative Filtering for the Netflix
 * Prize" (AAIM 2008), with biases: with the items fixed, the vector and the
 * bias of each user are the solution of a ridge regression, and vice versa.
 * A bias is the last element of its vector; in the regression of the other
 * side that element is 1.  Rows are independent of each other.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "algorithms/registry.h"
#include "engine/team.h"
#include "math/kernels.h"
#include "math/solve.h"
#include "ratings/budget.h"

/* How many observations are gathered before they go into the Gram matrix. */
#define GATHER_ROWS 256

typedef struct AlsOptions
{
	CommonOptions common;
	int			factors;
	int			iterations;
	double		regularization;
	bool		scaled_regularization;
	bool		biased;
	double		init_sd;
	int			seed;
} AlsOptions;

static const OptionSpec options[] = {
	/* One system of 2048 unknowns is as long as a cancel may have to wait. */
	INT_OPTION("factors", AlsOptions, factors, 50, 1, 2047,
			   "length of the vectors of users and items"),
	INT_OPTION("iterations", AlsOptions, iterations, 15, 1, 10000,
			   "alternations between users and items"),
	REAL_OPTION("regularization", AlsOptions, regularization, .1, 1e-9, 1e9,
				"penalty on the squares of biases and factors"),
	BOOL_OPTION("scaled_regularization", AlsOptions, scaled_regularization, true,
				"multiply the penalty of a user or item by the number of its ratings"),
	BOOL_OPTION("biased", AlsOptions, biased, true,
				"with the mean and the biases of users and items"),
	REAL_OPTION("init_sd", AlsOptions, init_sd, .1, 0, 100,
				"standard deviation of the item factors at the start"),
	INT_OPTION("seed", AlsOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "start of the random numbers")
};

/* Phases of the work. */
enum
{
	ALS_START,					/* random item factors; units of items */
	ALS_SOLVE_USERS,			/* units of users */
	ALS_SOLVE_ITEMS,			/* units of items */
	ALS_ERROR					/* squared error; units of users */
};

/* Shared arrays. */
enum
{
	ALS_USERS,
	ALS_ITEMS
};

typedef struct Als
{
	const AlsOptions *options;
	const Interactions *ratings;
	int			unknowns;		/* of a row: factors, and the bias if any */
	int			stride;
	double		offset;
	float	   *users;			/* [users x stride] */
	float	   *items;			/* [items x stride] */
	float	   *gathered;		/* [GATHER_ROWS x stride] */
	float	   *target;			/* [GATHER_ROWS] */
	float	   *gram;			/* [unknowns x unknowns] */
	float	   *solution;		/* [unknowns] */
} Als;

static int
unknowns_of_row(const AlsOptions *opts)
{
	return opts->factors + (opts->biased ? 1 : 0);
}

static Size
als_memory(const MatrixShape *shape, const void *options)
{
	int			stride = KERNEL_PADDED(unknowns_of_row(options));

	return add_size(vectors_bytes(shape->users, stride), vectors_bytes(shape->items, stride));
}

static Size
als_scratch(const MatrixShape *shape, const void *options)
{
	int			unknowns = unknowns_of_row(options);

	return add_size(vectors_bytes(GATHER_ROWS, KERNEL_PADDED(unknowns) + 1),
					vectors_bytes(unknowns + 1, unknowns));
}

static void *
als_attach(TrainContext *context)
{
	const AlsOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	Als		   *als = palloc0(sizeof(Als));

	als->options = opts;
	als->ratings = ratings;
	als->unknowns = unknowns_of_row(opts);
	als->stride = KERNEL_PADDED(als->unknowns);
	als->offset = opts->biased ? ratings->mean : 0;
	als->users = team_vectors(context, ALS_USERS, ratings->by_user.rows, als->stride);
	als->items = team_vectors(context, ALS_ITEMS, ratings->by_item.rows, als->stride);
	als->gathered = allocate_vectors(GATHER_ROWS, als->stride);
	als->target = allocate_vectors(GATHER_ROWS, 1);
	als->gram = allocate_vectors(als->unknowns, als->unknowns);
	als->solution = allocate_vectors(als->unknowns, 1);
	return als;
}

/*
 * Gather some entries of a row as observations: the vectors of their columns,
 * and their ratings less the offset and the columns' biases.
 */
static void
gather(Als *als, const SparseRows *rows, int64 from, int count, const float *columns)
{
	int			factors = als->options->factors;

	for (int i = 0; i < count; i++)
	{
		const float *column = columns + (Size) rows->index[from + i] * als->stride;
		float	   *x = als->gathered + (Size) i * als->stride;

		memcpy(x, column, sizeof(float) * als->unknowns);
		als->target[i] = rows->value[from + i] - als->offset;
		if (als->options->biased)
		{
			als->target[i] -= column[factors];
			x[factors] = 1;
		}
	}
}

/* Solve for one row, with the columns fixed. */
static void
solve_row(Als *als, const SparseRows *rows, int32 row, const float *columns, float *vector)
{
	int64		end = rows->start[row + 1];
	float		ridge = als->options->regularization;

	memset(als->gram, 0, sizeof(float) * als->unknowns * als->unknowns);
	memset(als->solution, 0, sizeof(float) * als->unknowns);
	for (int64 e = rows->start[row]; e < end; e += GATHER_ROWS)
	{
		int			count = Min(GATHER_ROWS, end - e);

		CHECK_FOR_INTERRUPTS();
		gather(als, rows, e, count, columns);
		normal_add(count, als->unknowns, als->stride, als->gathered, als->target,
				   als->gram, als->solution);
	}
	if (als->options->scaled_regularization)
		ridge *= sparse_row_length(rows, row);
	if (!normal_solve(als->unknowns, ridge, als->gram, als->solution))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a system of equations could not be solved in single precision"),
				 errhint("Raise the regularization, or scale the ratings down.  Counts are not ratings: for them there is item_knn with the score \"sum\".")));
	/* Of no weight, but slow to compute with: what is near denormal. */
	for (int i = 0; i < als->unknowns; i++)
		vector[i] = fabsf(als->solution[i]) < FLT_MIN * 1e6f ? 0 : als->solution[i];
}

/*
 * Squared error of a user's ratings.  The inner product of two whole vectors
 * has the product of the biases where their sum should be.
 */
static double
user_error(const Als *als, int32 user)
{
	const SparseRows *by_user = &als->ratings->by_user;
	int			bias = als->options->factors;
	const float *p = als->users + (Size) user * als->stride;
	double		squares = 0;

	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		const float *q = als->items + (Size) by_user->index[e] * als->stride;
		double		error = by_user->value[e] - als->offset -
			kernels->dot(als->stride, p, q);

		if (als->options->biased)
			error += (double) p[bias] * q[bias] - p[bias] - q[bias];
		squares += error * error;
	}
	return squares;
}

/* The penalty on the vectors of a side. */
static double
side_penalty(const Als *als, const SparseRows *rows, const float *vectors)
{
	double		sum = 0;

	for (int32 row = 0; row < rows->rows; row++)
	{
		const float *vector = vectors + (Size) row * als->stride;
		double		squares = kernels->dot(als->stride, vector, vector);

		if (als->options->scaled_regularization)
			squares *= sparse_row_length(rows, row);
		sum += squares;
	}
	return als->options->regularization * sum;
}

/* One row of a phase; only the error is a number. */
static double
work_on_row(Als *als, int phase, int32 row)
{
	switch (phase)
	{
		case ALS_START:
			draw_vector(als->items + (Size) row * als->stride, als->options->factors,
						als->options->init_sd, als->options->seed, 0, row);
			return 0;
		case ALS_SOLVE_USERS:
			solve_row(als, &als->ratings->by_user, row, als->items,
					  als->users + (Size) row * als->stride);
			return 0;
		case ALS_SOLVE_ITEMS:
			solve_row(als, &als->ratings->by_item, row, als->users,
					  als->items + (Size) row * als->stride);
			return 0;
		default:
			return user_error(als, row);
	}
}

/* The rows that a phase is about. */
static const SparseRows *
rows_of_phase(const Als *als, int phase)
{
	return phase == ALS_START || phase == ALS_SOLVE_ITEMS ? &als->ratings->by_item :
		&als->ratings->by_user;
}

static double
als_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Als		   *als = context->state;
	const SparseRows *rows = rows_of_phase(als, phase);
	int			units = team_row_units(rows);
	int32		end = sparse_row_bound(rows, unit + 1, units);
	double		sum = 0;

	for (int32 row = sparse_row_bound(rows, unit, units); row < end; row++)
	{
		CHECK_FOR_INTERRUPTS();
		sum += work_on_row(als, phase, row);
	}
	return sum;
}

static double
run_phase(TrainContext *context, int phase)
{
	return team_run(context, phase, 0, team_row_units(rows_of_phase(context->state, phase)),
					NULL);
}

static void
log_iteration(TrainContext *context)
{
	const Als  *als = context->state;
	const Interactions *ratings = context->ratings;
	double		squares = run_phase(context, ALS_ERROR);
	double		penalty = side_penalty(als, &ratings->by_user, als->users) +
		side_penalty(als, &ratings->by_item, als->items);

	progress_iteration(context->progress, squares + penalty,
					   sqrt(squares / sparse_entries(&ratings->by_user)));
}

static void
als_finish(const Als *als, ModelDraft *draft)
{
	int			factors = als->options->factors;
	int32		users = als->ratings->users.count;
	int32		items = als->ratings->items.count;

	draft_add_factors(draft, als->offset, als->users, users, als->items, items,
					  factors, als->stride);
	if (als->options->biased)
		draft_add_biases(draft, als->users + factors, users, als->items + factors, items,
						 als->stride);
}

static void
als_train(TrainContext *context)
{
	Als		   *als = context->state;

	progress_plan(context->progress, als->options->iterations);
	run_phase(context, ALS_START);
	for (int i = 0; i < als->options->iterations; i++)
	{
		run_phase(context, ALS_SOLVE_USERS);
		run_phase(context, ALS_SOLVE_ITEMS);
		log_iteration(context);
	}
	als_finish(als, context->draft);
}

const Algorithm als_algorithm = {
	.name = "als",
	.family = "matrix factorization",
	.feedback = FEEDBACK_EXPLICIT,
	.form = "factor",
	.description = "biased matrix factorization by exact alternating least squares",
	.options_size = sizeof(AlsOptions),
	.options = options,
	.option_count = lengthof(options),
	.memory = als_memory,
	.scratch = als_scratch,
	.attach = als_attach,
	.work = als_work,
	.train = als_train
};
