/*
 * kernels.h
 *		The vector kernels: inner products, distances and the SGD step.
 *
 * Every vector they work on has a length that is a multiple of
 * KERNEL_LANES, padded with zeros when the matrix is made, so that no kernel
 * has to handle a rest.  Sums are single precision.  A kernel set is
 * compiled once for each instruction set and chosen when the library starts,
 * so that the same build runs everywhere and uses what the CPU has.  Results on
 * one machine always repeat; those of another instruction set may differ in the
 * last bits.
 */
#ifndef RECSYS_MATH_KERNELS_H
#define RECSYS_MATH_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define KERNEL_LANES 16

/* Bytes to which matrices of padded vectors are aligned: a cache line. */
#define KERNEL_ALIGN 64

/* The padded length of a vector of n elements. */
#define KERNEL_PADDED(n) (((n) + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES)

typedef struct Kernels
{
	const char *isa;			/* name of the instruction set */

	/* sum of x[i] * y[i] */
	float		(*dot) (int n, const float *x, const float *y);

	/* sum of (x[i] - y[i])^2 */
	float		(*squared_distance) (int n, const float *x, const float *y);

	/* sum of |x[i] - y[i]| */
	float		(*manhattan_distance) (int n, const float *x, const float *y);

	/*
	 * How many of n numbers, which may be any number, are above a threshold,
	 * and how many are equal to it; NaN is neither.
	 */
	void		(*count_above) (int64_t n, const double *x, double threshold,
								int64_t *above, int64_t *equal);

	/*
	 * One step of stochastic gradient descent on the pair of vectors (p, q):
	 * p' = keep_p * p + step * q and q' = keep_q * q + step * p, both from
	 * the old values.
	 */
	void		(*sgd_step) (int n, float *p, float *q, float step,
							 float keep_p, float keep_q);

	/*
	 * The same with a rate for each vector: of the squared error, half of it,
	 * and the penalty the gradients are g = penalty p - error q and
	 * h = penalty q - error p; p' = p - rate_p g and q' = q - rate_q h.  Adds
	 * the sums of the squares of g and h to *squares_p and *squares_q, times
	 * "share".
	 */
	void		(*adaptive_step) (int n, float *p, float *q, float error, float penalty,
								  float rate_p, float rate_q, float share,
								  float *squares_p, float *squares_q);

	/* y' = keep * y + step * x */
	void		(*combine) (int n, float *y, float keep, float step, const float *x);

	/*
	 * One step of SVD++ on p, q, the sum s of the implicit vectors and what
	 * each of these has to be changed by, d; all from the old values:
	 * p' = keep p + step q, q' = keep q + step (p + s), s' = keep s + step q,
	 * d' = keep d + share q.
	 */
	void		(*svdpp_step) (int n, float *p, float *q, float *s, float *d,
							   float step, float share, float keep);

	/* sum of x[i] * (y[i] - z[i]) */
	float		(*dot_difference) (int n, const float *x, const float *y, const float *z);

	/*
	 * One step towards an order: p' = keep p + step (q - r),
	 * q' = keep q + step p and r' = keep r - step p, all from the old values.
	 */
	void		(*bpr_step) (int n, float *p, float *q, float *r, float step, float keep);

	/*
	 * Replaces each x by 1 / (1 + e^-x); returns the sum of ln(1 + e^x).  Both
	 * are good to about 1e-6.
	 */
	double		(*logistic) (int n, float *x);

	/* out[r] = inner product of row r of matrix [rows x n] with x */
	void		(*matrix_vector) (size_t rows, int n, const float *matrix,
								  const float *x, float *out);

	/* out[i] = inner product of row index[i] of a matrix [.. x n] with x */
	void		(*gather_dot) (int count, int n, const float *matrix,
							   const int32_t *index, const float *x, float *out);

	/* y' = y + sum over i of weight[i] * row index[i] of a matrix [.. x n] */
	void		(*gather_sum) (int count, int n, const float *matrix,
							   const int32_t *index, const float *weight, float *y);

	/*
	 * out += X Y' for X [rows x n] and Y [cols x n]: the inner products of all
	 * their rows, into the first "cols" columns of out [rows x stride].  A product
	 * does not depend on which others are computed with it.
	 */
	void		(*products) (int rows, int cols, int n, const float *x, const float *y,
							 float *out, size_t stride);

	/* out [n x n] = X'X of X [rows x n] */
	void		(*gram) (size_t rows, int n, const float *x, float *out);

	/*
	 * x' = (ridge I + sum over i of y y')^-1 x for the rows y = index[i] of a
	 * matrix [.. x n], but of the sum only the blocks of KERNEL_LANES elements
	 * on the diagonal.  The ridge is greater where it would not do.
	 */
	void		(*gather_solve) (int64_t count, int n, const float *matrix,
								 const int32_t *index, float ridge, float *x);
} Kernels;

/* The set in use; never NULL. */
extern const Kernels *kernels;

extern const Kernels kernels_portable;
#ifdef __x86_64__
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

extern void kernels_choose(void);

/*
 * Ask for a vector that will be needed soon.  Where vectors are visited in random
 * order, as by the columns of a sparse row, waiting for memory would otherwise
 * take most of the time.
 */
static inline void
kernels_prefetch(int n, const float *x)
{
	for (int i = 0; i < n; i += KERNEL_ALIGN / (int) sizeof(float))
		__builtin_prefetch(x + i);
}

#endif							/* RECSYS_MATH_KERNELS_H */
