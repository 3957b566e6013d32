/*
 * factor_loss.h
 *		The squared error of x_u . y_i, its gradient, and its course along a line.
 *
 * What is summed up here, row by row, is half the squared error
 *
 *	1/2 sum (offset + b_u + b_i + x_u . y_i - r_ui)^2
 *
 * which is the cost of collaborative filtering by gradients (Ng, Machine
 * Learning, exercise 8), without its penalty.
 */
#ifndef RECSYS_MATH_FACTOR_LOSS_H
#define RECSYS_MATH_FACTOR_LOSS_H

#include "math/sparse.h"

/* The users or the items: their ratings, and what predicts them. */
typedef struct FactorSide
{
	const SparseRows *rows;
	int			stride;			/* of the padded vectors */
	float	   *vectors;		/* [rows x stride] */
	float	   *direction;		/* [rows x stride] in which the vectors will move */
	float	   *bias;			/* [rows] */
} FactorSide;

/*
 * A function of the distance t along a line: c[0] + c[1] t + ... + c[4] t^4.
 */
#define LINE_TERMS 5

extern double factor_row_loss(const FactorSide *side, const FactorSide *other, double offset,
							  int32_t row, float *error);
extern void factor_row_gradient(const FactorSide *side, const FactorSide *other,
								double penalty, int32_t row, const float *error,
								float *gradient);
extern void factor_row_precondition(const FactorSide *side, const FactorSide *other,
									double penalty, int32_t row, float *x);
extern void factor_row_line(const FactorSide *side, const FactorSide *other, double offset,
							int32_t row, float *work, double *line);

#endif							/* RECSYS_MATH_FACTOR_LOSS_H */
