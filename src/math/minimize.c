/*
 * minimize.c
 *		Directions in which to look for the minimum of a smooth function, from
 *		its gradients, and how far to go.
 *
 * The caller owns the function: it evaluates the gradient, asks for a direction
 * (minimizer_turn), finds out how far to go, and moves.  Vectors may be long:
 * inner products are single precision in pieces and double over the pieces.
 *
 * Where the caller knows an approximation of the inverse Hessian, what the
 * methods start from is the gradient multiplied by it: the "steepest" direction.
 *
 * References: Nocedal and Wright, "Numerical Optimization" (2nd ed.), (5.44)
 * and (5.45) for the conjugate gradient of Polak and Ribiere, algorithms 7.4 and
 * 7.5 for L-BFGS.
 */
#include <math.h>
#include <string.h>

#include "math/kernels.h"
#include "math/minimize.h"

/* Elements of a vector summed up in single precision. */
#define PIECE 1024

/* Halvings after which an interval ends at neighbouring doubles. */
#define HALVINGS 200

/* Inner product of two long vectors. */
double
flat_dot(size_t n, const float *x, const float *y)
{
	double		sum = 0;

	for (size_t from = 0; from < n; from += PIECE)
		sum += kernels->dot(n - from < PIECE ? n - from : PIECE, x + from, y + from);
	return sum;
}

/* y' = y + step x */
void
flat_add(size_t n, float *y, double step, const float *x)
{
	for (size_t from = 0; from < n; from += PIECE)
		kernels->combine(n - from < PIECE ? n - from : PIECE, y + from, 1, step, x + from);
}

/* y' = -x */
static void
flat_negate(size_t n, float *y, const float *x)
{
	for (size_t i = 0; i < n; i++)
		y[i] = -x[i];
}

/*
 * The length of the memory that minimizer_init needs, for vectors of length n.
 */
size_t
minimizer_floats(MinimizeMethod method, size_t n)
{
	switch (method)
	{
		case MINIMIZE_CG:
			return 2 * n;
		case MINIMIZE_LBFGS:
			return n * (1 + 2 * LBFGS_PAIRS);
		default:
			return 0;
	}
}

/*
 * Start a search. memory [minimizer_floats] is aligned as vectors are, and is
 * the minimizer's until the search is over.
 */
void
minimizer_init(Minimizer *minimizer, MinimizeMethod method, size_t n, float *memory)
{
	memset(minimizer, 0, sizeof(*minimizer));
	minimizer->method = method;
	minimizer->n = n;
	minimizer->previous = memory;
	if (method == MINIMIZE_CG)
		minimizer->last = memory + n;
	for (int i = 0; i < LBFGS_PAIRS && method == MINIMIZE_LBFGS; i++)
	{
		minimizer->change[i] = memory + n * (1 + 2 * i);
		minimizer->bend[i] = memory + n * (2 + 2 * i);
	}
}

/* direction = minus the gradient, multiplied by what approximates the inverse Hessian */
static void
descend(const Minimizer *minimizer, const float *gradient, float *direction)
{
	flat_negate(minimizer->n, direction, gradient);
	if (minimizer->precondition != NULL)
		minimizer->precondition(minimizer->arg, direction);
}

/*
 * The direction of (5.44) with (5.45); "direction" holds the last one before.
 */
static void
conjugate(Minimizer *minimizer, const float *gradient, float *direction)
{
	size_t		n = minimizer->n;
	double		descent;
	double		share = 0;

	memcpy(minimizer->last, direction, sizeof(float) * n);
	descend(minimizer, gradient, direction);
	descent = flat_dot(n, direction, gradient);
	if (minimizer->has_previous)
		share = (descent - flat_dot(n, direction, minimizer->previous)) / minimizer->descent;
	if (share > 0)
		flat_add(n, direction, share, minimizer->last);
	minimizer->descent = descent;
}

/*
 * Remember the step taken along "direction", if the function curves upwards
 * there.
 */
static void
remember(Minimizer *minimizer, const float *gradient, double step, const float *direction)
{
	int			next = (minimizer->newest + 1) % LBFGS_PAIRS;
	float	   *change = minimizer->change[next];
	float	   *bend = minimizer->bend[next];

	for (size_t i = 0; i < minimizer->n; i++)
	{
		change[i] = step * direction[i];
		bend[i] = gradient[i] - minimizer->previous[i];
	}
	minimizer->curvature[next] = flat_dot(minimizer->n, change, bend);
	if (!(minimizer->curvature[next] > 0))
		return;
	minimizer->newest = next;
	if (minimizer->pairs < LBFGS_PAIRS)
		minimizer->pairs++;
}

/* What the inverse Hessian is about, as far as nothing else is known of it. */
static void
start_scale(const Minimizer *minimizer, float *direction)
{
	const float *bend = minimizer->bend[minimizer->newest];
	double		scale;

	if (minimizer->precondition != NULL)
	{
		minimizer->precondition(minimizer->arg, direction);
		return;
	}
	scale = minimizer->curvature[minimizer->newest] / flat_dot(minimizer->n, bend, bend);
	for (size_t i = 0; i < minimizer->n; i++)
		direction[i] *= scale;
}

/* Algorithm 7.4: the product of the inverse Hessian, as remembered, with -gradient. */
static void
two_loops(const Minimizer *minimizer, const float *gradient, float *direction)
{
	size_t		n = minimizer->n;
	double		alpha[LBFGS_PAIRS];

	flat_negate(n, direction, gradient);
	for (int back = 0; back < minimizer->pairs; back++)
	{
		int			k = (minimizer->newest + LBFGS_PAIRS - back) % LBFGS_PAIRS;

		alpha[k] = flat_dot(n, minimizer->change[k], direction) / minimizer->curvature[k];
		flat_add(n, direction, -alpha[k], minimizer->bend[k]);
	}
	start_scale(minimizer, direction);
	for (int back = minimizer->pairs - 1; back >= 0; back--)
	{
		int			k = (minimizer->newest + LBFGS_PAIRS - back) % LBFGS_PAIRS;
		double		beta = flat_dot(n, minimizer->bend[k], direction) / minimizer->curvature[k];

		flat_add(n, direction, alpha[k] - beta, minimizer->change[k]);
	}
}

/* The direction of the method, which need not lead downwards. */
static void
follow_method(Minimizer *minimizer, const float *gradient, double step, float *direction)
{
	if (minimizer->method == MINIMIZE_LBFGS && minimizer->has_previous)
		remember(minimizer, gradient, step, direction);
	if (minimizer->method == MINIMIZE_CG)
		conjugate(minimizer, gradient, direction);
	else if (minimizer->method == MINIMIZE_LBFGS && minimizer->pairs > 0)
		two_loops(minimizer, gradient, direction);
	else if (minimizer->method == MINIMIZE_LBFGS)
		descend(minimizer, gradient, direction);
	else
		flat_negate(minimizer->n, direction, gradient);
}

/*
 * The next direction [n], in which the function falls unless its gradient is
 * 0.  "direction" holds the last one before, along which the caller went
 * "step" times its length to the point of this gradient.
 */
void
minimizer_turn(Minimizer *minimizer, const float *gradient, double step, float *direction)
{
	follow_method(minimizer, gradient, step, direction);
	if (minimizer->method == MINIMIZE_GD)
		return;
	if (!(flat_dot(minimizer->n, gradient, direction) < 0))
	{
		minimizer->pairs = 0;
		descend(minimizer, gradient, direction);
	}
	memcpy(minimizer->previous, gradient, sizeof(float) * minimizer->n);
	minimizer->has_previous = true;
}

/* The value at t of a polynomial with so many terms. */
double
polynomial(int terms, const double *c, double t)
{
	double		value = 0;

	for (int i = terms - 1; i >= 0; i--)
		value = value * t + c[i];
	return value;
}

/* A root of a polynomial that is negative at "low" and not at "high". */
static double
bisect(int terms, const double *c, double low, double high)
{
	for (int i = 0; i < HALVINGS; i++)
	{
		double		middle = low + (high - low) / 2;

		if (middle == low || middle == high)
			break;
		if (polynomial(terms, c, middle) < 0)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/*
 * The first t > 0 at which c[0] + c[1] t + ... + c[4] t^4 has a minimum, if it
 * falls at 0 and is bounded below.  0: it does not fall, or not noticeably.
 */
double
quartic_first_minimum(const double *c)
{
	const double slope[] = {c[1], 2 * c[2], 3 * c[3], 4 * c[4]};
	double		discriminant = slope[2] * slope[2] - 3 * slope[3] * slope[1];
	double		high = 1;

	if (!(slope[0] < 0))
		return 0;

	/* The slope rises to a peak, or all the way: is it above 0 there? */
	if (slope[3] > 0 && discriminant > 0)
	{
		double		peak = (-slope[2] - sqrt(discriminant)) / (3 * slope[3]);

		if (peak > 0 && polynomial(4, slope, peak) >= 0)
			return bisect(4, slope, 0, peak);
	}
	while (polynomial(4, slope, high) < 0)
	{
		high *= 2;
		if (!isfinite(high))
			return 0;
	}
	return bisect(4, slope, 0, high);
}
