/*
 * logistic.h
 *		The loss of all pairs of some rows and columns in logistic matrix
 *		factorization, its gradient, and a step against it.
 */
#ifndef RECSYS_MATH_LOGISTIC_H
#define RECSYS_MATH_LOGISTIC_H

/* At most so many columns at a time: a tile of them, and their vectors, fit in a cache. */
#define LOGISTIC_COLS 1024

extern double logistic_tile(int rows, int cols, int n, const float *x, const float *y,
							float *tile);
extern double logistic_observe(float *place, double weight);
extern void logistic_gradient(int rows, int cols, int n, const float *tile, const float *y,
							  float *gradient);
extern void logistic_step(int n, int fixed, double rate, double penalty, int factors,
						  const float *gradient, float *squares, float *x);

#endif							/* RECSYS_MATH_LOGISTIC_H */
