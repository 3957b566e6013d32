/*
 * fold_in_solve.c
 *		The vector of somebody who was not in training, in a factor model.
 *
 * With the items as they are, a user's vector is the minimum of what training
 * minimized, or where its steps lead.  Least squares are solved by conjugate
 * gradients, which need neither a matrix nor more memory than some vectors.
 * Somebody who was in training, and is folded in with their own ratings, gets
 * about the vector that they have; everybody gets the same one each time.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "forms/fold_in_solve.h"
#include "math/bpr.h"
#include "math/cg.h"
#include "math/kernels.h"
#include "math/logistic.h"
#include "math/random.h"

/* How many ratings are worked on at a time. */
#define GATHER_ROWS 256

/* Steps of conjugate gradients; they end when the residual is small. */
#define MOST_STEPS 200
#define SMALL_RESIDUAL 1e-10	/* its square, of that at the start */

/* Passes over the factors that may not be negative. */
#define MOST_SWEEPS 50

/* How often an item is drawn to find one that the user does not have. */
#define TRIES 32

/* A user's equations.  The bias, if there is one, is behind the padded vector. */
typedef struct UserEquations
{
	const FoldIn *fold_in;
	const FoldItems *items;
	const UserProfile *profile;
	double		ridge;
	double		bias_ridge;
	float		rest[GATHER_ROWS];
} UserEquations;

/* A rating less what is known of the item. */
static inline double
rating_of(const FoldItems *items, const UserProfile *profile, int32 i)
{
	return profile->value[i] - items->offset -
		(items->bias == NULL ? 0 : items->bias[profile->item[i]]);
}

/* The mean of the ratings, less what is known of the items. */
static double
mean_rating(const FoldItems *items, const UserProfile *profile)
{
	double		sum = 0;

	for (int32 i = 0; i < profile->count; i++)
		sum += rating_of(items, profile, i);
	return sum / profile->count;
}

/* out = s (right side) - (matrix) x of a ridge regression; see math/cg.h. */
static void
apply_ridge(void *arg, int s, const float *x, float *out)
{
	UserEquations *equations = arg;
	const FoldItems *items = equations->items;
	const UserProfile *profile = equations->profile;
	int			stride = items->stride;
	double		sum = 0;

	for (int i = 0; i < stride; i++)
		out[i] = -equations->ridge * x[i];
	for (int32 from = 0; from < profile->count; from += GATHER_ROWS)
	{
		int			count = Min(GATHER_ROWS, profile->count - from);

		CHECK_FOR_INTERRUPTS();
		kernels->gather_dot(count, stride, items->vectors, profile->item + from, x,
							equations->rest);
		for (int i = 0; i < count; i++)
		{
			equations->rest[i] = s * rating_of(items, profile, from + i) -
				equations->rest[i] - x[stride];
			sum += equations->rest[i];
		}
		kernels->gather_sum(count, stride, items->vectors, profile->item + from,
							equations->rest, out);
	}
	memset(out + stride, 0, sizeof(float) * KERNEL_LANES);
	if (equations->fold_in->biased)
		out[stride] = sum - equations->bias_ridge * x[stride];
}

/* The same on all items, with the weights of ials.c. */
static void
apply_weighted(void *arg, int s, const float *x, float *out)
{
	UserEquations *equations = arg;
	const FoldIn *fold_in = equations->fold_in;
	const FoldItems *items = equations->items;
	const UserProfile *profile = equations->profile;
	int			stride = items->stride;

	kernels->matrix_vector(stride, stride, items->gram, x, out);
	for (int i = 0; i < stride; i++)
		out[i] = -fold_in->unobserved_weight * out[i] - equations->ridge * x[i];
	memset(out + stride, 0, sizeof(float) * KERNEL_LANES);
	for (int32 from = 0; from < profile->count; from += GATHER_ROWS)
	{
		int			count = Min(GATHER_ROWS, profile->count - from);

		CHECK_FOR_INTERRUPTS();
		kernels->gather_dot(count, stride, items->vectors, profile->item + from, x,
							equations->rest);
		for (int i = 0; i < count; i++)
		{
			double		weight = fold_in->alpha * profile->value[from + i];
			double		target = weight + (fold_in->hu_koren && weight > 0);

			equations->rest[i] = s * target - weight * equations->rest[i];
		}
		kernels->gather_sum(count, stride, items->vectors, profile->item + from,
							equations->rest, out);
	}
}

/* Solve the equations into x [stride + KERNEL_LANES], zero at first. */
static void
solve_least_squares(UserEquations *equations, float *x)
{
	int			length = equations->items->stride + KERNEL_LANES;
	float	   *work = palloc(sizeof(float) * CG_VECTORS * length);
	Equations	rows = {
		.apply = equations->fold_in->kind == FOLD_IN_RIDGE ? apply_ridge : apply_weighted,
		.arg = equations,
		.stride = length,
		.tolerance = SMALL_RESIDUAL,
		.work = work
	};

	/* Of ratings beyond single precision nothing can be learned. */
	if (!isfinite(cg_solve(&rows, MOST_STEPS, x)))
		memset(x, 0, sizeof(float) * length);
	pfree(work);
}

/* The rest of each rating when x is predicted, in double precision. */
static double *
make_rests(const FoldItems *items, const UserProfile *profile, const float *x)
{
	double	   *rest = palloc(sizeof(double) * Max(profile->count, 1));

	for (int32 i = 0; i < profile->count; i++)
		rest[i] = rating_of(items, profile, i) - x[items->stride] -
			kernels->dot(items->stride,
						 items->vectors + (Size) profile->item[i] * items->stride, x);
	return rest;
}

/*
 * Move element f of x to its best value that is not negative, the others fixed,
 * and the rests with it; -1 is the bias, which may be negative.
 */
static void
move_element(const UserEquations *equations, float *x, int f, double *rest)
{
	const FoldItems *items = equations->items;
	const UserProfile *profile = equations->profile;
	double		ridge = f < 0 ? equations->bias_ridge : equations->ridge;
	float	   *element = &x[f < 0 ? items->stride : f];
	double		product = 0;
	double		squares = ridge;
	float		before = *element;

	for (int32 i = 0; i < profile->count; i++)
	{
		double		q = f < 0 ? 1 : items->vectors[(Size) profile->item[i] * items->stride + f];

		product += q * rest[i];
		squares += q * q;
	}
	if (squares <= 0)
		return;
	*element += (product - ridge * before) / squares;
	if (f >= 0)
		*element = Max(*element, 0);
	for (int32 i = 0; i < profile->count; i++)
		rest[i] -= (double) (*element - before) *
			(f < 0 ? 1 : items->vectors[(Size) profile->item[i] * items->stride + f]);
}

/* Ridge regression without negative factors, by coordinate descent from x. */
static void
solve_non_negative(const UserEquations *equations, float *x)
{
	double	   *rest;

	for (int f = 0; f < equations->items->stride; f++)
		x[f] = Max(x[f], 0);
	rest = make_rests(equations->items, equations->profile, x);
	for (int sweep = 0; sweep < MOST_SWEEPS; sweep++)
		for (int f = equations->fold_in->biased ? -1 : 0; f < equations->items->stride; f++)
		{
			CHECK_FOR_INTERRUPTS();
			move_element(equations, x, f, rest);
		}
	pfree(rest);
}

/* Least squares, with the penalties that the kind has. */
static void
solve_equations(const FoldIn *fold_in, const FoldItems *items, const UserProfile *profile,
				float *x)
{
	UserEquations *equations = palloc0(sizeof(UserEquations));

	equations->fold_in = fold_in;
	equations->items = items;
	equations->profile = profile;
	equations->ridge = fold_in->regularization;
	equations->bias_ridge = fold_in->bias_regularization;
	if (fold_in->kind == FOLD_IN_WEIGHTED)
		equations->ridge *= pow(profile->count + fold_in->unobserved_weight * items->count,
								fold_in->nu);
	else if (fold_in->scaled)
	{
		equations->ridge *= profile->count;
		equations->bias_ridge *= profile->count;
	}
	if (fold_in->centered)
		x[items->stride] = mean_rating(items, profile);
	solve_least_squares(equations, x);
	if (fold_in->kind == FOLD_IN_RIDGE && fold_in->non_negative)
		solve_non_negative(equations, x);
	pfree(equations);
}

/*
 * The steps of svd.c on the user alone, as many as training did: where it ended
 * before the minimum, that too was a choice.
 */
static void
descend(const FoldIn *fold_in, const FoldItems *items, const UserProfile *profile, float *x)
{
	int			stride = items->stride;
	double		rate = fold_in->learning_rate;

	for (int epoch = 0; epoch < fold_in->iterations; epoch++)
	{
		double		keep = 1 - rate * fold_in->regularization;
		double		bias_keep = 1 - rate * fold_in->bias_regularization;

		for (int32 i = 0; i < profile->count; i++)
		{
			const float *q = items->vectors + (Size) profile->item[i] * stride;
			float		error = rating_of(items, profile, i) - x[stride] -
				kernels->dot(stride, q, x);

			CHECK_FOR_INTERRUPTS();
			kernels->combine(stride, x, keep, rate * error, q);
			if (fold_in->biased)
				x[stride] = bias_keep * x[stride] + rate * error;
		}
		rate *= fold_in->learning_rate_decay;
	}
}

/* Draw an item, uniformly or in proportion to how often each was observed. */
static int32
draw_item(const FoldIn *fold_in, const FoldItems *items, RandomStream *stream)
{
	int32		low = 0;
	int32		high = items->count;
	double		goal;

	if (!fold_in->popularity)
		return random_below(stream, items->count);
	goal = random_uniform(stream) * items->drawn[items->count];
	while (high - low > 1)
	{
		int32		middle = low + (high - low) / 2;

		if (items->drawn[middle] <= goal)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* An item that the user does not have; -1: none was found. */
static int32
draw_other(const FoldIn *fold_in, const FoldItems *items, const bool *taken,
		   RandomStream *stream)
{
	for (int i = 0; i < TRIES; i++)
	{
		int32		item = draw_item(fold_in, items, stream);

		if (!taken[item])
			return item;
	}
	return -1;
}

/* One pass of steps that rank the user's items above others. */
static void
rank_once(const FoldIn *fold_in, const FoldItems *items, const UserProfile *profile,
		  const BprStep *step, const bool *taken, RandomStream *stream, float *x)
{
	for (int32 i = 0; i < profile->count; i++)
	{
		int32		item = profile->item[i];
		int32		other = profile->value[i] > 0 ?
			draw_other(fold_in, items, taken, stream) : -1;

		CHECK_FOR_INTERRUPTS();
		if (other >= 0)
			(void) bpr_user_step(step, items->stride, x,
								 items->vectors + (Size) item * items->stride,
								 items->vectors + (Size) other * items->stride,
								   items->bias == NULL ? 0 : items->bias[item] - items->bias[other]);
	}
}

/*
 * The steps of bpr.c on the user alone.  Chance keeps them moving around the
 * minimum, so the result is their mean over the second half of the passes.
 */
static void
rank(const FoldIn *fold_in, const FoldItems *items, const UserProfile *profile, float *x)
{
	RandomStream stream = random_stream((int64) fold_in->seed, 0, 0);
	int			stride = items->stride;
	int			iterations = fold_in->iterations;
	int			kept = 0;
	float	   *sum = palloc0(sizeof(float) * stride);
	bool	   *taken = palloc_extended(items->count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	double		rate = fold_in->learning_rate;

	for (int32 i = 0; i < profile->count; i++)
		taken[profile->item[i]] = true;
	for (int epoch = 0; epoch < iterations; epoch++)
	{
		BprStep	step = {.rate = rate, .keep = 1 - rate * fold_in->regularization};

		rank_once(fold_in, items, profile, &step, taken, &stream, x);
		if (epoch < iterations / 2)
			continue;
		kept++;
		kernels->combine(stride, sum, 1 - 1.0f / kept, 1.0f / kept, x);
		rate *= fold_in->learning_rate_decay;
	}
	memcpy(x, sum, sizeof(float) * stride);
	pfree(sum);
	pfree(taken);
}

/*
 * The gradient of the loss of logistic_mf.c by the user's vector, and behind it
 * by the bias; "tile" is work space for a tile of one row.
 */
static void
logistic_slope(const FoldIn *fold_in, const FoldItems *items, const UserProfile *profile,
			   const float *x, float *tile, float *gradient)
{
	int			stride = items->stride;
	int32		next = 0;

	memset(gradient, 0, sizeof(float) * (stride + KERNEL_LANES));
	for (int32 from = 0; from < items->count; from += LOGISTIC_COLS)
	{
		int			cols = Min(LOGISTIC_COLS, items->count - from);
		const float *y = items->vectors + (Size) from * stride;

		CHECK_FOR_INTERRUPTS();
		for (int c = 0; c < cols; c++)
			tile[c] = x[stride] + (items->bias == NULL ? 0 : items->bias[from + c]);
		(void) logistic_tile(1, cols, stride, x, y, tile);
		for (; next < profile->count && profile->item[next] < from + cols; next++)
			(void) logistic_observe(&tile[profile->item[next] - from],
									fold_in->alpha * profile->value[next]);
		logistic_gradient(1, cols, stride, tile, y, gradient);
		for (int c = 0; c < cols; c++)
			gradient[stride] += tile[c];
	}
}

/* The steps of logistic_mf.c on the user alone. */
static void
regress(const FoldIn *fold_in, const FoldItems *items, const UserProfile *profile, float *x)
{
	int			length = items->stride + KERNEL_LANES;
	float	   *tile = palloc(sizeof(float) * LOGISTIC_COLS);
	float	   *gradient = palloc(sizeof(float) * length);
	float	   *squares = palloc0(sizeof(float) * length);

	for (int step = 0; step < fold_in->iterations; step++)
	{
		logistic_slope(fold_in, items, profile, x, tile, gradient);
		logistic_step(items->stride + 1, -1, fold_in->learning_rate, fold_in->regularization,
					  items->stride, gradient, squares, x);
	}
	pfree(tile);
	pfree(gradient);
	pfree(squares);
}

/*
 * The vector [stride] and the bias of somebody by what they have rated,
 * zeros if that is nothing.
 */
void
fold_in_solve(const FoldIn *fold_in, const FoldItems *items, const UserProfile *profile,
			  float *user, double *bias)
{
	float	   *x = palloc0(sizeof(float) * (items->stride + KERNEL_LANES));

	Assert(profile_is_valid(profile, items->count));
	if (profile->count > 0)
		switch (fold_in->kind)
		{
			case FOLD_IN_RIDGE:
			case FOLD_IN_WEIGHTED:
				solve_equations(fold_in, items, profile, x);
				break;
			case FOLD_IN_DESCENT:
				descend(fold_in, items, profile, x);
				break;
			case FOLD_IN_LOGISTIC:
				regress(fold_in, items, profile, x);
				break;
			case FOLD_IN_RANKING:
				rank(fold_in, items, profile, x);
				break;
		}
	for (int i = 0; i < items->stride; i++)
		user[i] = isfinite(x[i]) ? x[i] : 0;
	*bias = isfinite(x[items->stride]) ? x[items->stride] : 0;
	pfree(x);
}
