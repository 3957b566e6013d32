/*
 * concordance.h
 *		Pairs of numbers that are in rising order.
 */
#ifndef RECSYS_MATH_CONCORDANCE_H
#define RECSYS_MATH_CONCORDANCE_H

#include <stdint.h>

extern int64_t merge_runs_of(double *number, int64_t n, int64_t width, double *space);
extern double count_unequal_pairs(const double *sorted, int64_t n);

#endif							/* RECSYS_MATH_CONCORDANCE_H */
