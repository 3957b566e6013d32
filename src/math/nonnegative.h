/*
 * nonnegative.h
 *		Least squares with coefficients that are not negative.
 */
#ifndef RECSYS_MATH_NONNEGATIVE_H
#define RECSYS_MATH_NONNEGATIVE_H

extern void nonnegative_solve(int n, const double *gram, const double *product,
							  double *solution);

#endif							/* RECSYS_MATH_NONNEGATIVE_H */
