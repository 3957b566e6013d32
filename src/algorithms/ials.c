/*
 * ials.c
 *		Algorithm "ials": p_u . q_i by alternating least squares on all pairs of
 *		users and items, observed or not.
 *
 * With S the pairs that were observed, x their values and n the number of a
 * user's or item's observations, the sum
 *
 *	a0 sum over all pairs of (p_u . q_i)^2
 *		+ sum over S of a (p_u . q_i)^2 - 2 b p_u . q_i + b
 *		+ regularization (sum over u of (n_u + a0 items)^nu |p_u|^2 + likewise of i)
 *
 * is minimized.  Weighting "unobserved" has a = b = alpha x: an observed pair
 * is to be 1 with that weight, and every pair is to be 0 with weight a0
 * (Rendle, Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item
 * Recommendation Benchmarks", RecSys 2022, eq. 1-4).  "hu_koren" has a0 = 1,
 * a = alpha x and b = 1 + alpha x: an observed pair is to be 1 with weight
 * 1 + alpha x, another one 0 with weight 1 (Hu, Koren, Volinsky,
 * "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008; with
 * nu = 0 the penalty is theirs).
 *
 * The sum over all pairs needs no pair: of a user it is p' (a0 Q'Q) p, with one
 * Gram matrix of the items for all users; so a row costs what its own
 * observations do.  Solvers: some steps of conjugate gradients from the row's
 * last vector (see math/cg.c); the whole system by Cholesky
 * factorization; or one block of the vector's elements after another (Rendle et
 * al., "iALS++: Speeding up Matrix Factorization with Subspace Optimization",
 * ECIR 2022), of which Cholesky is the case of a single block.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/registry.h"
#include "engine/cost.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "engine/traits.h"
#include "engine/vectors.h"
#include "forms/fold_in.h"
#include "math/cg.h"
#include "math/kernels.h"
#include "math/solve.h"
#include "resources/budget.h"

/* How many observations are worked on at a time. */
#define GATHER_ROWS 256

/* The Gram matrix of a side is the sum of so many.  The result depends on it. */
#define GRAM_PARTS 8

/* See ials_suit. */
#define FEWEST_FACTORS 64
#define MOST_FACTORS 128
#define UNOBSERVED_SHARE 2.

/* The same beside a model of ratings, which are denser than clicks.  See factors_beside. */
#define FEWEST_BESIDE 64
#define MOST_BESIDE 208
#define UNOBSERVED_BESIDE 4.
#define FACTORS_OF_ITEMS 2
#define FACTORS_OF_RATINGS 12

typedef struct IalsOptions
{
	CommonOptions common;
	IterationOptions iteration;
	int			factors;
	int			weighting;		/* IalsWeighting */
	double		alpha;
	double		unobserved_weight;
	double		regularization;
	double		nu;
	int			solver;			/* IalsSolver */
	int			cg_steps;
	int			block_size;
	double		init_stddev;
	int			seed;
} IalsOptions;

typedef enum IalsWeighting
{
	IALS_UNOBSERVED,
	IALS_HU_KOREN
} IalsWeighting;

static const char *const weighting_names[] = {"unobserved", "hu_koren", NULL};

typedef enum IalsSolver
{
	IALS_CG,
	IALS_CHOLESKY,
	IALS_BLOCK
} IalsSolver;

static const char *const solver_names[] = {"cg", "cholesky", "block", NULL};

static const OptionSpec options[] = {
	/* One system of 2047 unknowns is as long as a cancel may have to wait. */
	INT_OPTION("factors", IalsOptions, factors, OPTION_AUTO, 1, 2047,
			   "length of the vectors of users and items; default the root of the number of items, in steps of 16 from 64 to 128"),
	PLAIN_ITERATION_OPTION(IalsOptions, iteration, 16, "alternations between users and items"),
	ENUM_OPTION("weighting", IalsOptions, weighting, IALS_UNOBSERVED, weighting_names,
				"unobserved: an observed value x has the target 1 with weight alpha x, and every pair has the target 0 with weight unobserved_weight; hu_koren: an observed value x has the target 1 with weight 1 + alpha x, every other pair the target 0 with weight 1"),
	REAL_OPTION("alpha", IalsOptions, alpha, 1, 1e-6, 1e6,
				"weight of an observation for each unit of its value"),
	REAL_OPTION("unobserved_weight", IalsOptions, unobserved_weight, OPTION_AUTO, 1e-6, 1e6,
				"weight of the target 0 of every pair; default 2 sqrt(d) times the mean weight of an observation, with d the share of pairs that were observed, but not more than that mean weight; with the weighting hu_koren always 1"),
	REAL_OPTION("regularization", IalsOptions, regularization, OPTION_AUTO, 1e-9, 1e9,
				"penalty on the squares of the factors; nu scales it; default 0.35 (sqrt(n) + sqrt(m)) / sqrt(users items) times the mean weight of an observation over unobserved_weight, with n the ratings of the mean user and m those of the item of the mean rating: the effect of chance; up to 0.8 instead of 0.35 where users hardly choose by more than popularity"),
	REAL_OPTION("nu", IalsOptions, nu, 1, 0, 2,
				"how much the penalty of a user or item grows with their number n of observations: it is multiplied by (n + unobserved_weight N)^nu, where N is the number of all items, or users; 0: the same penalty for all"),
	ENUM_OPTION("solver", IalsOptions, solver, IALS_CG, solver_names,
				"cg: improve the last vector of a user or item by cg_steps steps of conjugate gradients; cholesky: solve their equations exactly, which is slower and not more accurate; block: solve for block_size factors at a time"),
	INT_OPTION("cg_steps", IalsOptions, cg_steps, 4, 1, 1000,
			   "solver cg: number of steps for each user or item"),
	INT_OPTION("block_size", IalsOptions, block_size, 32, 1, 2047,
			   "solver block: number of factors to solve for at a time"),
	REAL_OPTION("init_stddev", IalsOptions, init_stddev, OPTION_AUTO, 0, 100,
				"standard deviation of the random item factors at the start; default 0.1 / sqrt(factors)",
				.old_name = "init_sd"),
	INT_OPTION("seed", IalsOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("factors", 16, 256),
	LOG_AXIS("regularization", 1e-4, 1),
	LOG_AXIS("unobserved_weight", .005, 1)
};

/* Phases of the work; their argument is the side that they are about. */
enum
{
	IALS_START,					/* random factors; units of its rows */
	IALS_SOLVE,					/* units of its rows */
	IALS_GRAM,					/* units are parts of its Gram matrix */
	IALS_OBSERVED,				/* loss of the observed pairs; units of its rows */
	IALS_PENALTY				/* units of its rows */
};

/* Shared arrays: two for the sides, and */
enum
{
	IALS_GRAMS = 2,
	IALS_PARTS
};

/* The users or the items. */
typedef struct IalsSide
{
	const SparseRows *rows;
	float	   *vectors;		/* [rows x stride] */
	float	   *gram;			/* [factors x stride] a0 vectors' vectors */
} IalsSide;

typedef struct Ials
{
	const IalsOptions *options;
	int			stride;
	int			block_size;
	IalsSide	side[2];
	float	   *parts;			/* [GRAM_PARTS x factors x stride] */

	/* Work space of this process. */
	float		product[GATHER_ROWS];	/* inner products of columns and a row */
	float		target[GATHER_ROWS];
	float	   *conjugate;		/* [CG_VECTORS x stride] */
	int32	   *element;		/* [factors] 0, 1, 2 ... */
	float	   *gathered;		/* [GATHER_ROWS x block_size] */
	float	   *matrix;			/* [block_size x block_size] */
	float	   *solution;		/* [block_size] */
} Ials;

/*
 * The start and the weight that were left open.  Error: hu_koren has a weight
 * of its own.
 */
static void
ials_prepare(void *options, bool has_values)
{
	IalsOptions *opts = options;

	if (opts->weighting != IALS_HU_KOREN)
		return;
	if (isnan(opts->unobserved_weight))
		opts->unobserved_weight = 1;
	if (opts->unobserved_weight != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"unobserved_weight\" must be 1 with the weighting \"hu_koren\""),
				 errhint("Set alpha, or use the weighting \"unobserved\".")));
}

/* What the sums have of an observation besides the weight of every pair. */
static double
observation_weight(const IalsOptions *opts, const DataTraits *traits)
{
	double		weight = opts->alpha * weight_level(traits);

	return opts->weighting == IALS_HU_KOREN ? 1 + weight : weight;
}

/*
 * The penalty that the data ask for.  Before any factor is large, the sum is
 * that of a singular value decomposition of b / a0, in which singular values
 * below regularization sqrt(users items) are lost and larger ones lowered by as
 * much (with nu = 1, where the n of rows are small beside a0 N).
 */
static double
suited_regularization(const IalsOptions *opts, const DataTraits *traits)
{
	double		size = sqrt((double) traits->shape.users * traits->shape.items);

	return chance_bound(traits) * observation_weight(opts, traits) /
		(opts->unobserved_weight * size) * pow(opts->unobserved_weight * size, 1 - opts->nu);
}

/*
 * The length of the vectors of a model that ranks beside another.  More items
 * have more to tell apart, but only where users and items have ratings enough.
 */
static int
factors_beside(const DataTraits *traits)
{
	const MatrixShape *shape = &traits->shape;
	double		rows = (double) shape->users + shape->items;
	double		factors = Min(FACTORS_OF_ITEMS * sqrt(shape->items),
							  FACTORS_OF_RATINGS * shape->ratings / rows);

	return KERNEL_LANES * (int) rint(Max(Min(factors, MOST_BESIDE), FEWEST_BESIDE) / KERNEL_LANES);
}

/*
 * Decide what depends on the data.  More items have more to tell apart.  The
 * fewer of the pairs were observed the less the others say: found by search.
 */
static void
ials_suit(void *options, const DataTraits *traits)
{
	IalsOptions *opts = options;
	double		share = opts->common.ranks_beside ? UNOBSERVED_BESIDE : UNOBSERVED_SHARE;

	if (opts->common.ranks_beside)
		opts->factors = factors_beside(traits);
	if (opts->factors < 0)
		opts->factors = root_in_steps(traits->shape.items, FEWEST_FACTORS, MOST_FACTORS);
	if (isnan(opts->init_stddev))
		opts->init_stddev = .1 / sqrt(opts->factors);
	if (isnan(opts->unobserved_weight))
		opts->unobserved_weight =
			plain_number(observation_weight(opts, traits) *
						 Min(1, share * sqrt(ratings_density(traits))), 1e-6, 1e6);
	if (isnan(opts->regularization))
		opts->regularization = plain_number(suited_regularization(opts, traits), 1e-9, 1e9);
}

/* Unknowns that are solved for at a time, without conjugate gradients. */
static int
unknowns_at_a_time(const IalsOptions *opts)
{
	return opts->solver == IALS_CHOLESKY ? opts->factors :
		Min(opts->block_size, opts->factors);
}

/* Bytes of so many Gram matrices. */
static Size
grams_bytes(int count, int factors)
{
	return budget_array(count, budget_array(factors, sizeof(float) * KERNEL_PADDED(factors)));
}

/* The vectors of both sides, their Gram matrices and the parts of one. */
static Size
ials_memory(const MatrixShape *shape, const void *options)
{
	int			factors = ((const IalsOptions *) options)->factors;
	int			stride = KERNEL_PADDED(factors);

	return add_size(add_size(vectors_bytes(shape->users, stride),
							 vectors_bytes(shape->items, stride)),
					grams_bytes(2 + GRAM_PARTS, factors));
}

/* What a solver works with, in each process. */
static Size
ials_scratch(const MatrixShape *shape, const void *options)
{
	const IalsOptions *opts = options;
	int			stride = KERNEL_PADDED(opts->factors);
	int			unknowns = unknowns_at_a_time(opts);

	if (opts->solver == IALS_CG)
		return vectors_bytes(CG_VECTORS + 1, stride);
	return add_size(vectors_bytes(GATHER_ROWS, unknowns),
					vectors_bytes(unknowns + 1, unknowns));
}

/*
 * Multiplications to solve for both sides once: those of each rating, and those of
 * each row with its matrix.
 */
static double
products_of_iteration(const IalsOptions *opts, const DataTraits *traits)
{
	double		k = opts->factors;
	double		rows = (double) traits->shape.users + traits->shape.items;
	double		block = unknowns_at_a_time(opts);

	if (opts->solver == IALS_CG)
		return (opts->cg_steps + 1) * k * (4.0 * traits->shape.ratings + rows * k);
	return 2.0 * traits->shape.ratings * k * (block + 2) + rows * k * (k + block * block / 3);
}

/* Iterations in proportion to the ratings, the rows and the squares of factors. */
static double
ials_cost(const DataTraits *traits, const void *options)
{
	const IalsOptions *opts = options;

	return opts->iteration.iterations * COST_PRODUCT * products_of_iteration(opts, traits);
}

/* The shared vectors and Gram matrices of both sides. */
static void
attach_sides(Ials *ials, TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	int			factors = ials->options->factors;
	float	   *grams = team_array(context, IALS_GRAMS, grams_bytes(2, factors));

	for (int s = SIDE_USERS; s <= SIDE_ITEMS; s++)
	{
		IalsSide   *side = &ials->side[s];

		side->rows = interactions_by(ratings, s);
		side->vectors = team_vectors(context, s, side->rows->rows, ials->stride);
		side->gram = grams + (Size) s * factors * ials->stride;
	}
	ials->parts = team_array(context, IALS_PARTS, grams_bytes(GRAM_PARTS, factors));
}

/* The shared arrays, and the work space of the solver. */
static void *
ials_attach(TrainContext *context)
{
	const IalsOptions *opts = context->options;
	Ials	   *ials = palloc0(sizeof(Ials));

	ials->options = opts;
	ials->stride = KERNEL_PADDED(opts->factors);
	ials->block_size = unknowns_at_a_time(opts);
	attach_sides(ials, context);
	if (opts->solver == IALS_CG)
	{
		ials->conjugate = allocate_vectors(CG_VECTORS, ials->stride);
		ials->element = palloc(sizeof(int32) * opts->factors);
		for (int i = 0; i < opts->factors; i++)
			ials->element[i] = i;
		return ials;
	}
	ials->gathered = allocate_vectors(GATHER_ROWS, ials->block_size);
	ials->matrix = allocate_vectors(ials->block_size, ials->block_size);
	ials->solution = allocate_vectors(ials->block_size, 1);
	return ials;
}

/*
 * The value of an observation (x above).  A model that ranks beside one of
 * ratings has ratings before it, of which it is to see only that they are there.
 */
static inline float
value_of(const IalsOptions *opts, float value)
{
	return opts->common.binarize ? 1 : value;
}

/* What an observation adds to the matrix of its row's equations (a above), */
static inline float
weight_of(const IalsOptions *opts, float value)
{
	return opts->alpha * value_of(opts, value);
}

/* and to their right side (b); what was observed with weight 0 is to be 0. */
static inline float
target_of(const IalsOptions *opts, float value)
{
	value = value_of(opts, value);
	return opts->alpha * value + (opts->weighting == IALS_HU_KOREN && value > 0);
}

/* What the squares of a row's vector are penalized by. */
static double
ridge_of_row(const Ials *ials, int s, int32 row)
{
	const IalsOptions *opts = ials->options;
	double		weight = sparse_row_length(ials->side[s].rows, row) +
		opts->unobserved_weight * ials->side[!s].rows->rows;

	return opts->regularization * pow(weight, opts->nu);
}

/* Inner products of x with the columns of some entries of a row. */
static void
multiply(Ials *ials, int s, int64 from, int count, const float *x)
{
	kernels->gather_dot(count, ials->stride, ials->side[!s].vectors,
						ials->side[s].rows->index + from, x, ials->product);
}

/* The equations of one row, for conjugate gradients. */
typedef struct RowEquations
{
	Ials	   *ials;
	int			side;
	int32		row;
	double		ridge;
} RowEquations;

/* out = s (right side) - (matrix) x; see math/cg.h. */
static void
apply_equations(void *arg, int s, const float *x, float *out)
{
	const RowEquations *equations = arg;
	Ials	   *ials = equations->ials;
	const IalsOptions *opts = ials->options;
	const IalsSide *other = &ials->side[!equations->side];
	const SparseRows *rows = ials->side[equations->side].rows;
	int64		end = rows->start[equations->row + 1];

	memset(out, 0, sizeof(float) * ials->stride);
	kernels->gather_sum(opts->factors, ials->stride, other->gram, ials->element, x, out);
	kernels->combine(ials->stride, out, -1, -equations->ridge, x);
	for (int64 e = rows->start[equations->row]; e < end; e += GATHER_ROWS)
	{
		int			count = Min(GATHER_ROWS, end - e);

		CHECK_FOR_INTERRUPTS();
		multiply(ials, equations->side, e, count, x);
		for (int i = 0; i < count; i++)
			ials->target[i] = s * target_of(opts, rows->value[e + i]) -
				weight_of(opts, rows->value[e + i]) * ials->product[i];
		kernels->gather_sum(count, ials->stride, other->vectors, rows->index + e,
							ials->target, out);
	}
}

/* Error: single precision is not enough for the equations of a row. */
static void
report_unsolvable(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a system of equations could not be solved in single precision"),
			 errhint("Raise the regularization, lower alpha, or scale the values down.")));
}

/* Improve the vector x of one row by conjugate gradients, with the columns fixed. */
static void
solve_cg(Ials *ials, int s, int32 row, float *x)
{
	RowEquations arg = {ials, s, row, ridge_of_row(ials, s, row)};
	Equations	equations = {apply_equations, &arg, ials->stride, 0, ials->conjugate};

	if (!isfinite(cg_solve(&equations, ials->options->cg_steps, x)))
		report_unsolvable();
}

/*
 * Gather some entries of a row as observations of the elements from "first":
 * those of the columns, and by how much the row's vector misses the target,
 * both times the root of the weight.
 */
static void
gather(Ials *ials, int s, int64 from, int count, int first, int width)
{
	const SparseRows *rows = ials->side[s].rows;

	for (int i = 0; i < count; i++)
	{
		const float *column = ials->side[!s].vectors + first +
			(Size) rows->index[from + i] * ials->stride;
		float	   *to = ials->gathered + (Size) i * width;
		float		weight = weight_of(ials->options, rows->value[from + i]);
		float		root = sqrtf(weight);

		for (int c = 0; c < width; c++)
			to[c] = root * column[c];
		ials->target[i] = weight == 0 ? 0 :
			(target_of(ials->options, rows->value[from + i]) - weight * ials->product[i]) / root;
	}
}

/*
 * The equations for the change of some elements of the vector x of a row,
 * everything else fixed: their matrix, and the right side into the solution.
 */
static void
make_block(Ials *ials, int s, int32 row, const float *x, int first, int width)
{
	const SparseRows *rows = ials->side[s].rows;
	const float *gram = ials->side[!s].gram + (Size) first * ials->stride;
	double		ridge = ridge_of_row(ials, s, row);
	int64		end = rows->start[row + 1];

	kernels->matrix_vector(width, ials->stride, gram, x, ials->solution);
	for (int i = 0; i < width; i++)
	{
		memcpy(ials->matrix + (Size) i * width, gram + (Size) i * ials->stride + first,
			   sizeof(float) * width);
		ials->matrix[(Size) i * width + i] += ridge;
		ials->solution[i] = -ials->solution[i] - ridge * x[first + i];
	}
	for (int64 e = rows->start[row]; e < end; e += GATHER_ROWS)
	{
		int			count = Min(GATHER_ROWS, end - e);

		CHECK_FOR_INTERRUPTS();
		multiply(ials, s, e, count, x);
		gather(ials, s, e, count, first, width);
		normal_add(count, width, width, ials->gathered, ials->target, ials->matrix,
				   ials->solution);
	}
}

/* Solve for the elements of the vector x of a row, block by block. */
static void
solve_blocks(Ials *ials, int s, int32 row, float *x)
{
	int			factors = ials->options->factors;

	for (int first = 0; first < factors; first += ials->block_size)
	{
		int			width = Min(ials->block_size, factors - first);

		make_block(ials, s, row, x, first, width);
		if (!normal_solve(width, ials->matrix, ials->solution))
			report_unsolvable();
		for (int i = 0; i < width; i++)
			x[first + i] += ials->solution[i];
	}
}

/* Solve for one row, with the columns fixed. */
static void
solve_row(Ials *ials, int s, int32 row)
{
	float	   *x = ials->side[s].vectors + (Size) row * ials->stride;

	if (ials->options->solver == IALS_CG)
		solve_cg(ials, s, row, x);
	else
		solve_blocks(ials, s, row, x);
	flush_denormals(ials->options->factors, x);
}

/* A part of the Gram matrix of a side: that of some of its rows. */
static void
make_part(Ials *ials, int s, int part)
{
	int			factors = ials->options->factors;
	int64		rows = ials->side[s].rows->rows;
	int64		from = rows * part / GRAM_PARTS;
	int64		to = rows * (part + 1) / GRAM_PARTS;

	gram_matrix(to - from, factors, ials->stride,
				ials->side[s].vectors + (Size) from * ials->stride,
				ials->parts + (Size) part * factors * ials->stride);
}

/* The leader: put the parts together. */
static void
sum_parts(Ials *ials, int s)
{
	int			factors = ials->options->factors;
	float	   *gram = ials->side[s].gram;
	Size		size = (Size) factors * ials->stride;

	for (int row = 0; row < factors; row++)
		for (int col = row; col < factors; col++)
		{
			Size		at = (Size) row * ials->stride + col;
			double		sum = 0;

			for (int part = 0; part < GRAM_PARTS; part++)
				sum += ials->parts[part * size + at];
			gram[at] = ials->options->unobserved_weight * sum;
		}
	gram_mirror(factors, ials->stride, gram);
}

/* The loss of the observed pairs of a row, besides that of all pairs. */
static double
observed_loss(Ials *ials, int s, int32 row)
{
	const SparseRows *rows = ials->side[s].rows;
	const float *x = ials->side[s].vectors + (Size) row * ials->stride;
	int64		end = rows->start[row + 1];
	double		loss = 0;

	for (int64 e = rows->start[row]; e < end; e += GATHER_ROWS)
	{
		int			count = Min(GATHER_ROWS, end - e);

		multiply(ials, s, e, count, x);
		for (int i = 0; i < count; i++)
		{
			double		score = ials->product[i];
			double		target = target_of(ials->options, rows->value[e + i]);

			loss += weight_of(ials->options, rows->value[e + i]) * score * score +
				target * (1 - 2 * score);
		}
	}
	return loss;
}

/* The loss of all pairs: the sum of their squared scores, by the Gram matrices. */
static double
all_pairs_loss(const Ials *ials)
{
	int			factors = ials->options->factors;
	double		sum = 0;

	for (int row = 0; row < factors; row++)
		for (int col = 0; col < factors; col++)
		{
			Size		at = (Size) row * ials->stride + col;

			sum += (double) ials->side[SIDE_USERS].gram[at] * ials->side[SIDE_ITEMS].gram[at];
		}
	return sum / ials->options->unobserved_weight;
}

/* One row of a phase; only a loss is a number. */
static double
work_on_row(Ials *ials, int phase, int s, int32 row)
{
	float	   *vector = ials->side[s].vectors + (Size) row * ials->stride;

	switch (phase)
	{
		case IALS_START:
			draw_vector(vector, ials->options->factors, ials->options->init_stddev,
						ials->options->seed, 0, row);
			return 0;
		case IALS_SOLVE:
			solve_row(ials, s, row);
			return 0;
		case IALS_OBSERVED:
			return observed_loss(ials, s, row);
		default:
			return ridge_of_row(ials, s, row) * kernels->dot(ials->stride, vector, vector);
	}
}

/*
 * A unit of a phase: a part of a Gram matrix, or some rows of a side, whose
 * loss it returns if that is the phase.
 */
static double
ials_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Ials	   *ials = context->state;
	const SparseRows *rows = ials->side[argument].rows;
	RowRange	range;
	double		sum = 0;

	if (phase == IALS_GRAM)
	{
		make_part(ials, argument, unit);
		return 0;
	}
	range = team_unit_rows(rows, unit);
	for (int32 row = range.from; row < range.to; row++)
	{
		CHECK_FOR_INTERRUPTS();
		sum += work_on_row(ials, phase, argument, row);
	}
	return sum;
}

/* A phase over all rows of a side; returns the sum of what its units return. */
static double
run_phase(TrainContext *context, int phase, int s)
{
	const Ials *ials = context->state;

	return team_run_rows(context, phase, s, ials->side[s].rows, NULL);
}

/* Make the Gram matrix of a side. */
static void
make_gram(TrainContext *context, int s)
{
	team_run(context, IALS_GRAM, s, GRAM_PARTS, NULL);
	sum_parts(context->state, s);
}

/* Returns false after the last. */
static bool
end_iteration(TrainContext *context)
{
	double		loss = all_pairs_loss(context->state) +
		run_phase(context, IALS_OBSERVED, SIDE_USERS) +
		run_phase(context, IALS_PENALTY, SIDE_USERS) + run_phase(context, IALS_PENALTY, SIDE_ITEMS);

	if (!isfinite(loss))
		report_unsolvable();
	return iteration_end(context, loss, NAN);
}

/*
 * The start of the items has given the users their directions.  Where there is
 * nothing to learn no step would take it away again.
 */
static void
clear_initial_items(Ials *ials)
{
	memset(ials->side[SIDE_ITEMS].vectors, 0,
		   budget_array(ials->side[SIDE_ITEMS].rows->rows, sizeof(float) * ials->stride));
}

/* What the model is: factors, and how to fold users in. */
static void
ials_finish(const Ials *ials, ModelDraft *draft)
{
	const IalsOptions *opts = ials->options;
	FoldIn		fold_in = {
		.kind = FOLD_IN_WEIGHTED,
		.regularization = opts->regularization,
		.alpha = opts->alpha,
		.hu_koren = opts->weighting == IALS_HU_KOREN,
		.unobserved_weight = opts->unobserved_weight,
		.nu = opts->nu
	};

	draft_add_fold_in(draft, &fold_in);
	draft_add_unknown(draft, 0);
	draft_add_factors(draft, 0, ials->side[SIDE_USERS].vectors, ials->side[SIDE_USERS].rows->rows,
					  ials->side[SIDE_ITEMS].vectors, ials->side[SIDE_ITEMS].rows->rows,
					  opts->factors, ials->stride);
}

/*
 * Users and items are solved for in turn.  After each, its Gram matrix is made
 * for the other.
 */
static void
ials_train(TrainContext *context)
{
	Ials	   *ials = context->state;
	int			iterations = iteration_plan(context);

	run_phase(context, IALS_START, SIDE_ITEMS);
	make_gram(context, SIDE_ITEMS);
	for (int i = 0; i < iterations; i++)
	{
		run_phase(context, IALS_SOLVE, SIDE_USERS);
		make_gram(context, SIDE_USERS);
		if (i == 0)
			clear_initial_items(ials);
		run_phase(context, IALS_SOLVE, SIDE_ITEMS);
		make_gram(context, SIDE_ITEMS);
		if (!end_iteration(context))
			break;
	}
	ials_finish(ials, context->draft);
}

const Algorithm ials_algorithm = {
	.name = "ials",
	.family = "matrix factorization",
	.feedback = FEEDBACK_IMPLICIT,
	.form = &factor_form,
	.description = "factorization of all pairs, observed or not, by alternating least squares",
	.options = OPTION_TABLE(IalsOptions, options),
	.space = SEARCH_SPACE(space),
	.dense = true,
	.iteration = offsetof(IalsOptions, iteration),
	.prepare = ials_prepare,
	.suit = ials_suit,
	.memory = ials_memory,
	.scratch = ials_scratch,
	.cost = ials_cost,
	.long_run_hint = TRY_FEWER_PASSES,
	.attach = ials_attach,
	.work = ials_work,
	.train = ials_train
};
