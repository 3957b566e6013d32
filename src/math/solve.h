/*
 * solve.h
 *		Least squares by the normal equations, with OpenBLAS and LAPACK.
 */
#ifndef RECSYS_MATH_SOLVE_H
#define RECSYS_MATH_SOLVE_H

#include <stdbool.h>

extern void normal_add(int rows, int n, int stride, const float *x, const float *y,
					   float *gram, float *product);
extern bool normal_solve(int n, float *gram, float *solution);

#endif							/* RECSYS_MATH_SOLVE_H */
