/*
 * als.c
 *		Algorithm "als": mu + b_u + b_i + p_u . q_i by alternating least squares.
 *
 * Zhou et al., "Large-Scale Parallel Collaborative Filtering for the Netflix
 * Prize" (AAIM 2008), with biases: with the items fixed, the vector and the
 * bias of each user are the solution of a ridge regression, and vice versa.
 * A bias is the last element of its vector; in the regression of the other
 * side that element is 1.  Rows are independent of each other.
 *
 * With n ratings and k factors the solver "cholesky" takes n k^2 + k^3 / 3
 * multiplications for a row.  The solver "cg" improves the row's last vector
 * by some steps of conjugate gradients on the same equations, without ever
 * making their matrix (Takacs, Pilaszy, Tikk, "Applications of the Conjugate
 * Gradient Method for Implicit Feedback Collaborative Filtering", RecSys 2011):
 * 2 n k a step.  Since the other side moves anyway, few steps do.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/lists.h"
#include "algorithms/registry.h"
#include "engine/cost.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "engine/vectors.h"
#include "forms/fold_in.h"
#include "math/cg.h"
#include "math/kernels.h"
#include "math/solve.h"
#include "resources/budget.h"

/* How many observations are gathered before they go into the Gram matrix. */
#define GATHER_ROWS 256

/* How many columns before its turn a column's vector is asked for. */
#define AHEAD 4

typedef struct AlsOptions
{
	CommonOptions common;
	IterationOptions iteration;
	int			factors;
	double		regularization;
	double		bias_regularization;
	bool		scaled_regularization;
	bool		biased;
	int			solver;			/* AlsSolver */
	int			cg_steps;
	double		init_stddev;
	int			seed;
} AlsOptions;

typedef enum AlsSolver
{
	ALS_CHOLESKY,
	ALS_CG
} AlsSolver;

static const char *const solver_names[] = {"cholesky", "cg", NULL};

static const OptionSpec options[] = {
	/* One system of 2048 unknowns is as long as a cancel may have to wait. */
	INT_OPTION("factors", AlsOptions, factors, 50, 1, 2047,
			   "length of the vectors of users and items"),
	ITERATION_OPTIONS(AlsOptions, iteration, 15, "alternations between users and items"),
	REAL_OPTION("regularization", AlsOptions, regularization, .085, 1e-9, 1e9,
				"penalty on the squares of factors and biases"),
	REAL_OPTION("bias_regularization", AlsOptions, bias_regularization, OPTION_AUTO, 1e-9, 1e9,
				"penalty on the squares of the biases alone; default: the value of regularization"),
	BOOL_OPTION("scaled_regularization", AlsOptions, scaled_regularization, true,
				"multiply the penalty of a user or item by their number of ratings"),
	BOOL_OPTION("biased", AlsOptions, biased, true,
				"model the mean and the biases of users and items, too"),
	ENUM_OPTION("solver", AlsOptions, solver, ALS_CG, solver_names,
				"cg: improve the last vector of a user or item by cg_steps steps of conjugate gradients; cholesky: solve their equations exactly, which is slower and not more accurate"),
	INT_OPTION("cg_steps", AlsOptions, cg_steps, 3, 1, 1000,
			   "solver cg: number of steps for each user or item"),
	REAL_OPTION("init_stddev", AlsOptions, init_stddev, .1, 0, 100,
				"standard deviation of the random item factors at the start",
				.old_name = "init_sd"),
	INT_OPTION("seed", AlsOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("factors", 10, 200),
	LOG_AXIS("regularization", .01, 1)
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
	float	   *conjugate;		/* [CG_VECTORS x stride] */
} Als;

/* Biases are penalized as factors are, unless it is said otherwise. */
static void
als_prepare(void *options, bool has_values)
{
	AlsOptions *opts = options;

	if (isnan(opts->bias_regularization))
		opts->bias_regularization = opts->regularization;
}

/* The length of a row's vector: its factors, and its bias if it has one. */
static int
unknowns_of_row(const AlsOptions *opts)
{
	return opts->factors + (opts->biased ? 1 : 0);
}

/* The vectors of users and items. */
static Size
als_memory(const MatrixShape *shape, const void *options)
{
	int			stride = KERNEL_PADDED(unknowns_of_row(options));

	return add_size(vectors_bytes(shape->users, stride), vectors_bytes(shape->items, stride));
}

/* What a solver works with, in each process. */
static Size
als_scratch(const MatrixShape *shape, const void *options)
{
	int			unknowns = unknowns_of_row(options);

	if (((const AlsOptions *) options)->solver == ALS_CG)
		return vectors_bytes(CG_VECTORS, KERNEL_PADDED(unknowns));
	return add_size(vectors_bytes(GATHER_ROWS, KERNEL_PADDED(unknowns) + 1),
					vectors_bytes(unknowns + 1, unknowns));
}

/* Each iteration solves for every row: a system made from its ratings. */
static double
als_cost(const DataTraits *traits, const void *options)
{
	const AlsOptions *opts = options;
	double		k = unknowns_of_row(opts);
	double		rows = (double) traits->shape.users + traits->shape.items;
	double		products = opts->solver == ALS_CG ?
		4 * (opts->cg_steps + 1) * k * traits->shape.ratings :
		2 * k * k * traits->shape.ratings + rows * k * k * k / 3;

	return opts->iteration.iterations * COST_PRODUCT * products;
}

/* The shared vectors, and the work space of the solver. */
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
	if (opts->solver == ALS_CG)
	{
		als->conjugate = allocate_vectors(CG_VECTORS, als->stride);
		return als;
	}
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

/* What the squares of an element of a row's vector are penalized by. */
static float
ridge_of_row(const Als *als, const SparseRows *rows, int32 row, int element)
{
	const AlsOptions *opts = als->options;
	double		ridge = element < opts->factors ? opts->regularization :
		opts->bias_regularization;

	return opts->scaled_regularization ? ridge * sparse_row_length(rows, row) : ridge;
}

/* Error: single precision is not enough for the equations of a row. */
static void
report_unsolvable(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a system of equations could not be solved in single precision"),
			 errhint("Raise the regularization, or scale the ratings down.  If they are counts, use an algorithm for implicit feedback, such as ials.")));
}

/* Solve for one row exactly, with the columns fixed. */
static void
solve_exactly(Als *als, const SparseRows *rows, int32 row, const float *columns)
{
	int64		end = rows->start[row + 1];

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
	for (int i = 0; i < als->unknowns; i++)
		als->gram[(Size) i * als->unknowns + i] += ridge_of_row(als, rows, row, i);
	if (!normal_solve(als->unknowns, als->gram, als->solution))
		report_unsolvable();
}

/* The equations of one row, for conjugate gradients. */
typedef struct RowEquations
{
	const Als  *als;
	const SparseRows *rows;
	int32		row;
	const float *columns;
} RowEquations;

/*
 * For the vector x of a row: out = X'(s y - X x) - R x, where X and y are the
 * row's observations and R the penalties.  X is not gathered: of each column's
 * vector the bias is in the place where X has a 1.
 */
static void
apply_equations(void *arg, int s, const float *x, float *out)
{
	const RowEquations *equations = arg;
	const Als  *als = equations->als;
	const SparseRows *rows = equations->rows;
	int64		end = rows->start[equations->row + 1];
	int			bias = als->options->biased ? als->options->factors : -1;
	double		sum = 0;

	memset(out, 0, sizeof(float) * als->stride);
	for (int64 e = rows->start[equations->row]; e < end; e++)
	{
		const float *column = equations->columns + (Size) rows->index[e] * als->stride;
		float		rest = s * (rows->value[e] - als->offset) -
			kernels->dot(als->stride, column, x);

		if (e + AHEAD < end)
			kernels_prefetch(als->stride,
							 equations->columns + (Size) rows->index[e + AHEAD] * als->stride);
		CHECK_FOR_INTERRUPTS();
		if (bias >= 0)
			rest -= x[bias] + (s - x[bias]) * column[bias];
		sum += rest;
		kernels->combine(als->stride, out, 1, rest, column);
	}
	if (bias >= 0)
		out[bias] = sum;
	for (int i = 0; i < als->unknowns; i++)
		out[i] -= ridge_of_row(als, rows, equations->row, i) * x[i];
}

/* Improve the vector of one row by conjugate gradients, with the columns fixed. */
static void
solve_cg(Als *als, const SparseRows *rows, int32 row, const float *columns, float *x)
{
	RowEquations arg = {als, rows, row, columns};
	Equations	equations = {apply_equations, &arg, als->stride, 0, als->conjugate};

	if (!isfinite(cg_solve(&equations, als->options->cg_steps, x)))
		report_unsolvable();
}

/* Solve for one row, with the columns fixed. */
static void
solve_row(Als *als, const SparseRows *rows, int32 row, const float *columns, float *vector)
{
	if (als->options->solver == ALS_CG)
		solve_cg(als, rows, row, columns, vector);
	else
	{
		solve_exactly(als, rows, row, columns);
		memcpy(vector, als->solution, sizeof(float) * als->unknowns);
	}
	flush_denormals(als->unknowns, vector);
}

/*
 * The rating of an item by a user.  The inner product of two whole vectors
 * has the product of the biases where their sum should be.
 */
static double
predict_rating(const Als *als, int32 user, int32 item)
{
	int			bias = als->options->factors;
	const float *p = als->users + (Size) user * als->stride;
	const float *q = als->items + (Size) item * als->stride;
	double		rating = als->offset + kernels->dot(als->stride, p, q);

	if (als->options->biased)
		rating += p[bias] + q[bias] - (double) p[bias] * q[bias];
	return rating;
}

/* Some ratings of a user, as the training stands. */
static void
als_predict(TrainContext *context, int32 user, const int32 *item, int count,
			double *prediction)
{
	for (int i = 0; i < count; i++)
		prediction[i] = predict_rating(context->state, user, item[i]);
}

/* Squared error of a user's ratings. */
static double
user_error(const Als *als, int32 user)
{
	const SparseRows *by_user = &als->ratings->by_user;
	double		sse = 0;

	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		double		error = by_user->value[e] - predict_rating(als, user, by_user->index[e]);

		sse += error * error;
	}
	return sse;
}

/* The penalty on the vectors of a side. */
static double
side_penalty(const Als *als, const SparseRows *rows, const float *vectors)
{
	const AlsOptions *opts = als->options;
	double		sum = 0;

	for (int32 row = 0; row < rows->rows; row++)
	{
		const float *vector = vectors + (Size) row * als->stride;
		double		penalty = opts->regularization * kernels->dot(als->stride, vector, vector);

		if (opts->biased)
			penalty += (opts->bias_regularization - opts->regularization) *
				vector[opts->factors] * vector[opts->factors];
		if (opts->scaled_regularization)
			penalty *= sparse_row_length(rows, row);
		sum += penalty;
	}
	return sum;
}

/* One row of a phase; only the error is a number. */
static double
work_on_row(Als *als, int phase, int32 row)
{
	switch (phase)
	{
		case ALS_START:
			draw_vector(als->items + (Size) row * als->stride, als->options->factors,
						als->options->init_stddev, als->options->seed, 0, row);
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

/* A unit of a phase: some rows; returns their squared error, if that is the phase. */
static double
als_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Als		   *als = context->state;
	const SparseRows *rows = rows_of_phase(als, phase);
	RowRange	range = team_unit_rows(rows, unit);
	double		sum = 0;

	for (int32 row = range.from; row < range.to; row++)
	{
		CHECK_FOR_INTERRUPTS();
		sum += work_on_row(als, phase, row);
	}
	return sum;
}

/* A phase over all of its rows; returns the sum of what its units return. */
static double
run_phase(TrainContext *context, int phase)
{
	return team_run_rows(context, phase, 0, rows_of_phase(context->state, phase), NULL);
}

/* Returns false after the last. */
static bool
end_iteration(TrainContext *context)
{
	const Als  *als = context->state;
	const Interactions *ratings = context->ratings;
	double		sse = run_phase(context, ALS_ERROR);
	double		penalty = side_penalty(als, &ratings->by_user, als->users) +
		side_penalty(als, &ratings->by_item, als->items);

	return iteration_end_squares(context, sse, penalty);
}

/* Users are folded in by the equations of their side. */
static FoldIn
als_fold_in(const AlsOptions *opts)
{
	return (FoldIn) {
		.kind = FOLD_IN_RIDGE,
			.regularization = opts->regularization,
			.bias_regularization = opts->bias_regularization,
			.biased = opts->biased,
			.scaled = opts->scaled_regularization
	};
}

/* What the model is: offset, factors, biases, and how to fold users in. */
static void
als_finish(const Als *als, ModelDraft *draft)
{
	int			factors = als->options->factors;
	int32		user_count = als->ratings->users.count;
	int32		item_count = als->ratings->items.count;
	FoldIn		fold_in = als_fold_in(als->options);

	draft_add_fold_in(draft, &fold_in);
	draft_add_factors(draft, als->offset, als->users, user_count, als->items, item_count,
					  factors, als->stride);
	if (als->options->biased)
		draft_add_biases(draft, als->users + factors, user_count, als->items + factors, item_count,
						 als->stride);
}

/*
 * The start of the items has given the users their directions.  Where there is
 * nothing to learn no step would take it away again.
 */
static void
clear_initial_items(Als *als)
{
	memset(als->items, 0, budget_array(als->ratings->by_item.rows,
									   sizeof(float) * als->stride));
}

/* Users and items are solved for in turn, each with the other side fixed. */
static void
als_train(TrainContext *context)
{
	Als		   *als = context->state;
	int			iterations = iteration_plan(context);

	run_phase(context, ALS_START);
	for (int i = 0; i < iterations; i++)
	{
		run_phase(context, ALS_SOLVE_USERS);
		if (i == 0)
			clear_initial_items(als);
		run_phase(context, ALS_SOLVE_ITEMS);
		if (!end_iteration(context))
			break;
	}
	als_finish(als, context->draft);
}

/* Conjugate gradients are kernels of our own. */
static bool
als_is_dense(const void *options)
{
	return ((const AlsOptions *) options)->solver != ALS_CG;
}

const Algorithm als_algorithm = {
	.name = "als",
	.family = "matrix factorization",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &factor_form,
	.description = "biased matrix factorization by alternating least squares",
	.options = OPTION_TABLE(AlsOptions, options),
	.space = SEARCH_SPACE(space),
	LISTS_BY_IALS,
	.depends_on_scale = true,
	.dense = true,
	.is_dense = als_is_dense,
	.iteration = offsetof(AlsOptions, iteration),
	.prepare = als_prepare,
	.memory = als_memory,
	.scratch = als_scratch,
	.cost = als_cost,
	.long_run_hint = TRY_FEWER_PASSES,
	.attach = als_attach,
	.work = als_work,
	.train = als_train,
	.predict = als_predict
};
