/*
 * kernels.h
 *		The vector kernels: inner products, distances and the SGD step.
 *
 * Every vector they work on has a length that is a multiple of
 * KERNEL_LANES, filled up with zeros: padding once when a matrix is made
 * spares every kernel its tail.  Sums are single precision.  A kernel set is
 * compiled once for each instruction set and chosen when the library starts,
 * so that the same build runs everywhere and still uses what the CPU has.
 * Results of one machine always repeat; another instruction set may differ
 * in the last bits.
 */
#ifndef RECSYS_MATH_KERNELS_H
#define RECSYS_MATH_KERNELS_H

#include <stddef.h>

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
	 * One step of stochastic gradient descent on the pair of vectors (p, q):
	 * p' = keep_p * p + step * q and q' = keep_q * q + step * p, both from
	 * the old values.
	 */
	void		(*sgd_step) (int n, float *p, float *q, float step,
							 float keep_p, float keep_q);

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

	/* out[r] = inner product of row r of matrix [rows x n] with x */
	void		(*matrix_vector) (size_t rows, int n, const float *matrix,
								  const float *x, float *out);
} Kernels;

/* The set in use; never NULL. */
extern const Kernels *kernels;

extern const Kernels kernels_portable;
#ifdef __x86_64__
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

extern void kernels_choose(void);

#endif							/* RECSYS_MATH_KERNELS_H */
