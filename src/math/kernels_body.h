/*
 * kernels_body.h
 *		The bodies of the kernels, for one instruction set.
 *
 * Included once by each kernels_*.c, which is compiled for its instruction
 * set and defines VECTOR_BYTES (the width of its registers), KERNEL_SET (the
 * name of the table to fill) and KERNEL_ISA (its name as a string).  The code
 * is the vector extension of gcc and clang, so that it says which operations
 * are parallel without naming one CPU's instructions.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "math/kernels.h"

typedef float Vector __attribute__((vector_size(VECTOR_BYTES), aligned(4)));
typedef float Quad __attribute__((vector_size(16)));
typedef int32_t Bits __attribute__((vector_size(VECTOR_BYTES)));
typedef double Doubles __attribute__((vector_size(VECTOR_BYTES), aligned(8)));
typedef int64_t Longs __attribute__((vector_size(VECTOR_BYTES)));

#define LANES (VECTOR_BYTES / (int) sizeof(float))
#define DOUBLE_LANES (VECTOR_BYTES / (int) sizeof(double))

/*
 * DO(s, ...) for each of the registers that a block of KERNEL_LANES takes.
 * Not a loop, because at -O2 gcc would keep in memory what a loop indexes.
 */
#if VECTOR_BYTES == 64
#define EACH(DO, ...) DO(0, __VA_ARGS__)
#elif VECTOR_BYTES == 32
#define EACH(DO, ...) DO(0, __VA_ARGS__) DO(1, __VA_ARGS__)
#else
#define EACH(DO, ...) DO(0, __VA_ARGS__) DO(1, __VA_ARGS__) DO(2, __VA_ARGS__) DO(3, __VA_ARGS__)
#endif

/* Some elements as a vector; they need no alignment. */
static inline Vector
load(const float *x)
{
	return *(const Vector *) x;
}

/* The reverse. */
static inline void
store(float *x, Vector v)
{
	*(Vector *) x = v;
}

/*
 * Sum of the lanes, always in the same order.
 *
 * memcpy() needs no alignment, but gcc turns it into one store of a whole
 * register, which does.  On AddressSanitizer's own stack
 * (detect_stack_use_after_return), gcc 12 and 14 give a second such array of a
 * function only the alignment that was declared, and the store faults.  So the
 * alignment is declared; gcc 16 and clang do not need it.
 */
static inline float
lane_sum(Vector v)
{
	Quad		quad[LANES / 4] __attribute__((aligned(VECTOR_BYTES)));

	memcpy(quad, &v, sizeof(v));
#if VECTOR_BYTES == 64
	quad[0] += quad[2];
	quad[1] += quad[3];
#endif
#if VECTOR_BYTES >= 32
	quad[0] += quad[1];
#endif
	return (quad[0][0] + quad[0][2]) + (quad[0][1] + quad[0][3]);
}

/* Absolute values. */
static inline Vector
absolute(Vector v)
{
	return (Vector) ((Bits) v & 0x7fffffff);
}

/*
 * A reduction over pairs of elements: TERM is the vector that x and y add to
 * the sum.  Two blocks a turn, each with sums of its own, which hides the
 * latency of an addition; then at most one.
 */
#define REDUCE(n, x, y, TERM) \
	do { \
		int			i = 0; \
		EACH(REDUCE_BEGIN, ) \
		for (; i + 2 * KERNEL_LANES <= (n); i += 2 * KERNEL_LANES) \
		{ \
			EACH(REDUCE_ADD, a, x, y, i, TERM) \
			EACH(REDUCE_ADD, b, x, y, i + KERNEL_LANES, TERM) \
		} \
		if (i < (n)) \
		{ \
			EACH(REDUCE_ADD, a, x, y, i, TERM) \
		} \
		EACH(REDUCE_JOIN, ) \
		return lane_sum(REDUCE_TOTAL); \
	} while (0)

#define REDUCE_BEGIN(s, ...) Vector a##s = {0}, b##s = {0};
#define REDUCE_ADD(s, sum, x, y, at, TERM) \
	sum##s += TERM(load((x) + (at) + (s) * LANES), load((y) + (at) + (s) * LANES));
#define REDUCE_JOIN(s, ...) a##s += b##s;
#if VECTOR_BYTES == 64
#define REDUCE_TOTAL a0
#elif VECTOR_BYTES == 32
#define REDUCE_TOTAL a0 + a1
#else
#define REDUCE_TOTAL (a0 + a2) + (a1 + a3)
#endif

#define PRODUCT(a, b) ((a) * (b))
#define SQUARED_DIFFERENCE(a, b) (((a) - (b)) * ((a) - (b)))
#define ABSOLUTE_DIFFERENCE(a, b) absolute((a) - (b))

/* Inner product; see kernels.h for this and the kernels below. */
static inline float
dot(int n, const float *x, const float *y)
{
	REDUCE(n, x, y, PRODUCT);
}

/* Sum of squared differences. */
static float
squared_distance(int n, const float *x, const float *y)
{
	REDUCE(n, x, y, SQUARED_DIFFERENCE);
}

/* Sum of absolute differences. */
static float
manhattan_distance(int n, const float *x, const float *y)
{
	REDUCE(n, x, y, ABSOLUTE_DIFFERENCE);
}

/*
 * Count by comparing, whose result is -1 where it is true.  Two vectors a
 * turn, with sums of their own.
 */
static void
count_above(int64_t n, const double *x, double threshold, int64_t *above, int64_t *equal)
{
	Longs		above_a = {0};
	Longs		above_b = {0};
	Longs		equal_a = {0};
	Longs		equal_b = {0};
	int64_t		i = 0;

	for (; i + 2 * DOUBLE_LANES <= n; i += 2 * DOUBLE_LANES)
	{
		Doubles		a = *(const Doubles *) (x + i);
		Doubles		b = *(const Doubles *) (x + i + DOUBLE_LANES);

		above_a -= (Longs) (a > threshold);
		above_b -= (Longs) (b > threshold);
		equal_a -= (Longs) (a == threshold);
		equal_b -= (Longs) (b == threshold);
	}
	above_a += above_b;
	equal_a += equal_b;
	*above = *equal = 0;
	for (int lane = 0; lane < DOUBLE_LANES; lane++)
	{
		*above += above_a[lane];
		*equal += equal_a[lane];
	}
	for (; i < n; i++)
	{
		*above += x[i] > threshold;
		*equal += x[i] == threshold;
	}
}

#define DIFFERENCE_BEGIN(s, ...) Vector a##s = {0};
#define DIFFERENCE_ADD(s, x, y, z) \
	a##s += load((x) + (s) * LANES) * (load((y) + (s) * LANES) - load((z) + (s) * LANES));

/* Inner product of a vector with the difference of two others. */
static float
dot_difference(int n, const float *x, const float *y, const float *z)
{
	EACH(DIFFERENCE_BEGIN, )
	for (int i = 0; i < n; i += KERNEL_LANES)
	{
		EACH(DIFFERENCE_ADD, x + i, y + i, z + i)
	}
	return lane_sum(REDUCE_TOTAL);
}

/* A step of Bayesian personalized ranking. */
static void
bpr_step(int n, float *p, float *q, float *r, float step, float keep)
{
	for (int i = 0; i < n; i += LANES)
	{
		Vector		old_p = load(p + i);
		Vector		old_q = load(q + i);
		Vector		old_r = load(r + i);

		store(p + i, keep * old_p + step * (old_q - old_r));
		store(q + i, keep * old_q + step * old_p);
		store(r + i, keep * old_r - step * old_p);
	}
}

/* A step of stochastic gradient descent. */
static void
sgd_step(int n, float *p, float *q, float step, float keep_p, float keep_q)
{
	for (int i = 0; i < n; i += LANES)
	{
		Vector		old_p = load(p + i);
		Vector		old_q = load(q + i);

		store(p + i, keep_p * old_p + step * old_q);
		store(q + i, keep_q * old_q + step * old_p);
	}
}

/* The same with a rate for each vector, and the squares of the gradients. */
static void
adaptive_step(int n, float *p, float *q, float error, float penalty, float rate_p,
			  float rate_q, float share, float *squares_p, float *squares_q)
{
	Vector		sum_p = {0};
	Vector		sum_q = {0};

	for (int i = 0; i < n; i += LANES)
	{
		Vector		old_p = load(p + i);
		Vector		old_q = load(q + i);
		Vector		g = penalty * old_p - error * old_q;
		Vector		h = penalty * old_q - error * old_p;

		sum_p += g * g;
		sum_q += h * h;
		store(p + i, old_p - rate_p * g);
		store(q + i, old_q - rate_q * h);
	}
	*squares_p += share * lane_sum(sum_p);
	*squares_q += share * lane_sum(sum_q);
}

/* A weighted sum of two vectors. */
static void
combine(int n, float *y, float keep, float step, const float *x)
{
	for (int i = 0; i < n; i += LANES)
		store(y + i, keep * load(y + i) + step * load(x + i));
}

/* A step of SVD++. */
static void
svdpp_step(int n, float *p, float *q, float *s, float *d, float step, float share,
		   float keep)
{
	for (int i = 0; i < n; i += LANES)
	{
		Vector		old_p = load(p + i);
		Vector		old_q = load(q + i);
		Vector		old_s = load(s + i);

		store(p + i, keep * old_p + step * old_q);
		store(q + i, keep * old_q + step * (old_p + old_s));
		store(s + i, keep * old_s + step * old_q);
		store(d + i, keep * load(d + i) + share * old_q);
	}
}

/* e^-|x|, by 2^n and a polynomial for 2^f, f from -1/2 to 1/2. */
static inline Vector
falling_exp(Vector x)
{
	Vector		t = absolute(x) * -1.44269504f;
	Bits		far = t < -126.0f;
	Bits		n;
	Vector		f;
	Vector		power;

	t = (Vector) ((Bits) t & ~far);
	n = __builtin_convertvector(t - 0.5f, Bits);
	f = t - __builtin_convertvector(n, Vector);
	power = 1.0f + f * (0.693147181f + f * (0.240226507f + f * (0.0555041087f + f *
																(0.00961812911f + f * (0.00133335581f + f * 0.000154035304f)))));
	return (Vector) ((Bits) (power * (Vector) ((n + 127) << 23)) & ~far);
}

/* Factors of at most 2 that are multiplied before their logarithm is taken. */
#define FACTORS_AT_A_TIME 64

/*
 * The logistic function, and the sum of its losses.  The logarithm is taken of
 * products of many factors: it is what costs most.
 */
static double
logistic(int n, float *x)
{
	double		sum = 0;

	for (int from = 0; from < n; from += FACTORS_AT_A_TIME * LANES)
	{
		int			end = n - from < FACTORS_AT_A_TIME * LANES ? n : from + FACTORS_AT_A_TIME * LANES;
		Vector		product = {0};
		Vector		positive = {0};

		product += 1.0f;
		for (int i = from; i < end; i += LANES)
		{
			Vector		v = load(x + i);
			Vector		e = falling_exp(v);
			Bits		above = v > 0.0f;
			Vector		one = {0};

			one += 1.0f;
			product *= 1.0f + e;
			positive += (Vector) ((Bits) v & above);
			store(x + i, (Vector) (((Bits) one & above) | ((Bits) e & ~above)) / (1.0f + e));
		}
		for (int lane = 0; lane < LANES; lane++)
			sum += logf(product[lane]);
		sum += lane_sum(positive);
	}
	return sum;
}

/* Product of a matrix and a vector. */
static void
matrix_vector(size_t rows, int n, const float *matrix, const float *x,
			  float *out)
{
	for (size_t r = 0; r < rows; r++)
		out[r] = dot(n, matrix + r * n, x);
}

/* Inner products with rows that are chosen by index. */
static void
gather_dot(int count, int n, const float *matrix, const int32_t *index, const float *x,
		   float *out)
{
	for (int i = 0; i < count; i++)
		out[i] = dot(n, matrix + (size_t) index[i] * n, x);
}

#define SUM_BEGIN(s, y) Vector sum##s = load((y) + (s) * LANES);
#define SUM_ADD(s, weight, x) sum##s += (weight) * load((x) + (s) * LANES);
#define SUM_END(s, y) store((y) + (s) * LANES, sum##s);

/*
 * Weighted sum of rows that are chosen by index, block by block of the result,
 * which stays in registers.
 */
static void
gather_sum(int count, int n, const float *matrix, const int32_t *index,
		   const float *weight, float *y)
{
	for (int block = 0; block < n; block += KERNEL_LANES)
	{
		EACH(SUM_BEGIN, y + block)
		for (int i = 0; i < count; i++)
		{
			const float *x = matrix + (size_t) index[i] * n + block;

			EACH(SUM_ADD, weight[i], x)
		}
		EACH(SUM_END, y + block)
	}
}

#include "math/kernels_product.h"
#include "math/kernels_solve.h"

const Kernels KERNEL_SET = {
	.isa = KERNEL_ISA,
	.dot = dot,
	.squared_distance = squared_distance,
	.manhattan_distance = manhattan_distance,
	.count_above = count_above,
	.sgd_step = sgd_step,
	.adaptive_step = adaptive_step,
	.combine = combine,
	.svdpp_step = svdpp_step,
	.dot_difference = dot_difference,
	.bpr_step = bpr_step,
	.logistic = logistic,
	.matrix_vector = matrix_vector,
	.gather_dot = gather_dot,
	.gather_sum = gather_sum,
	.products = products,
	.gram = gram,
	.gather_solve = gather_solve
};
