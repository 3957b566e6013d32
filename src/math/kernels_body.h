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
#include <stdint.h>
#include <string.h>

#include "math/kernels.h"

typedef float Vector __attribute__((vector_size(VECTOR_BYTES), aligned(4)));
typedef int32_t Bits __attribute__((vector_size(VECTOR_BYTES)));

#define LANES (VECTOR_BYTES / (int) sizeof(float))

/* Sums are kept in this many registers, to hide the latency of an addition. */
#define SUMS (2 * KERNEL_LANES / LANES)

static inline Vector
load(const float *x)
{
	return *(const Vector *) x;
}

static inline void
store(float *x, Vector v)
{
	*(Vector *) x = v;
}

/* Sum of the lanes, always in the same order. */
static inline float
lane_sum(Vector v)
{
	/* Aligned, because gcc 14 stores as if it were. */
	float		lane[LANES] __attribute__((aligned(VECTOR_BYTES)));

	memcpy(lane, &v, sizeof(v));
	for (int width = LANES / 2; width > 0; width /= 2)
		for (int i = 0; i < width; i++)
			lane[i] += lane[i + width];
	return lane[0];
}

static inline Vector
absolute(Vector v)
{
	return (Vector) ((Bits) v & 0x7fffffff);
}

/*
 * A reduction over pairs of elements: TERM is the vector that x and y add to
 * the sum.  Two blocks of KERNEL_LANES a turn, then at most one.
 */
#define REDUCE(n, x, y, TERM) \
	do { \
		Vector		sum[SUMS] = {{0}}; \
		int			i = 0; \
		for (; i + 2 * KERNEL_LANES <= (n); i += 2 * KERNEL_LANES) \
			for (int s = 0; s < SUMS; s++) \
				sum[s] += TERM(load((x) + i + s * LANES), load((y) + i + s * LANES)); \
		for (int s = 0; i < (n); i += LANES, s++) \
			sum[s] += TERM(load((x) + i), load((y) + i)); \
		for (int width = SUMS / 2; width > 0; width /= 2) \
			for (int s = 0; s < width; s++) \
				sum[s] += sum[s + width]; \
		return lane_sum(sum[0]); \
	} while (0)

#define PRODUCT(a, b) ((a) * (b))
#define SQUARED_DIFFERENCE(a, b) (((a) - (b)) * ((a) - (b)))
#define ABSOLUTE_DIFFERENCE(a, b) absolute((a) - (b))

static inline float
dot(int n, const float *x, const float *y)
{
	REDUCE(n, x, y, PRODUCT);
}

static float
squared_distance(int n, const float *x, const float *y)
{
	REDUCE(n, x, y, SQUARED_DIFFERENCE);
}

static float
manhattan_distance(int n, const float *x, const float *y)
{
	REDUCE(n, x, y, ABSOLUTE_DIFFERENCE);
}

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

static void
combine(int n, float *y, float keep, float step, const float *x)
{
	for (int i = 0; i < n; i += LANES)
		store(y + i, keep * load(y + i) + step * load(x + i));
}

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

static void
matrix_vector(size_t rows, int n, const float *matrix, const float *x,
			  float *out)
{
	for (size_t r = 0; r < rows; r++)
		out[r] = dot(n, matrix + r * n, x);
}

const Kernels KERNEL_SET = {
	.isa = KERNEL_ISA,
	.dot = dot,
	.squared_distance = squared_distance,
	.manhattan_distance = manhattan_distance,
	.sgd_step = sgd_step,
	.combine = combine,
	.svdpp_step = svdpp_step,
	.matrix_vector = matrix_vector
};
