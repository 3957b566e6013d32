/*
 * solve.h
 *		Products of matrices, and least squares by the normal equations, with
 *		OpenBLAS and LAPACK.
 */
#ifndef RECSYS_MATH_SOLVE_H
#define RECSYS_MATH_SOLVE_H

#include <stdbool.h>

extern void product_add(int rows, int cols, int n, const float *x, const float *y,
						float *out, int stride);
extern void weighted_rows_add(int rows, int cols, int n, float weight, const float *w,
							  int w_stride, const float *y, float *out);
extern void gram_matrix(int rows, int n, int stride, const float *x, float *gram);
extern void gram_mirror(int n, int stride, float *gram);
extern void normal_add(int rows, int n, int stride, const float *x, const float *y,
					   float *gram, float *product);
extern bool normal_solve(int n, float *gram, float *solution);

#endif							/* RECSYS_MATH_SOLVE_H */
