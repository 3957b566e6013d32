/*
 * factor_loss.c
 *		The squared error of x_u . y_i, its gradient, its Hessian by one vector, and
 *		its course along a line.
 *
 * Products are single precision, sums over ratings double.  Along a line, on
 * which x moves by t dx and y by t dy, an error e becomes e + a t + b t^2 with
 * a = x . dy + dx . y and b = dx . dy: so the loss is a polynomial of degree 4,
 * whose coefficients are sums over the ratings.
 */
#include <string.h>

#include "math/factor_loss.h"
#include "math/kernels.h"

/* The vector of a row. */
static const float *
row_of(const FactorSide *side, const float *vectors, int32_t row)
{
	return vectors + (size_t) row * side->stride;
}

/*
 * product[i] = x . y for each rating i of a row, where y is the vector, of
 * "vectors", of its column.
 */
static void
multiply(const FactorSide *side, const FactorSide *other, int32_t row, const float *x,
		 const float *vectors, float *product)
{
	kernels->gather_dot(sparse_row_length(side->rows, row), other->stride, vectors,
						side->rows->index + side->rows->start[row], x, product);
}

/*
 * The loss of a row of either side; error [ratings of the row] becomes the
 * prediction of each rating less the rating.
 */
double
factor_row_loss(const FactorSide *side, const FactorSide *other, double offset, int32_t row,
				float *error)
{
	const int32_t *index = side->rows->index + side->rows->start[row];
	const float *value = side->rows->value + side->rows->start[row];
	int64_t		count = sparse_row_length(side->rows, row);
	double		squares = 0;

	multiply(side, other, row, row_of(side, side->vectors, row), other->vectors, error);
	for (int64_t i = 0; i < count; i++)
	{
		error[i] += offset + side->bias[row] + other->bias[index[i]] - value[i];
		squares += (double) error[i] * error[i];
	}
	return squares / 2;
}

/*
 * The gradient [stride] of the loss, and of penalty / 2 times the square of
 * the vector, by the vector of a row, from its errors.
 */
void
factor_row_gradient(const FactorSide *side, const FactorSide *other, double penalty,
					int32_t row, const float *error, float *gradient)
{
	memset(gradient, 0, sizeof(float) * side->stride);
	kernels->combine(side->stride, gradient, 0, penalty, row_of(side, side->vectors, row));
	kernels->gather_sum(sparse_row_length(side->rows, row), other->stride, other->vectors,
						side->rows->index + side->rows->start[row], error, gradient);
}

/*
 * Multiply x [stride], as long as the vector of a row, by the inverse of the
 * Hessian by that vector, penalty I + sum y y' over the ratings of the row, of
 * which blocks are taken.  Rows differ in it by as much as in their numbers of
 * ratings: a gradient becomes about as long as the way to the minimum.
 */
void
factor_row_precondition(const FactorSide *side, const FactorSide *other, double penalty,
						int32_t row, float *x)
{
	kernels->gather_solve(sparse_row_length(side->rows, row), other->stride, other->vectors,
						  side->rows->index + side->rows->start[row], penalty, x);
}

/*
 * Add the loss of a row, as a polynomial of the distance along the directions
 * of both sides, to line [LINE_TERMS]. work has room for 4 numbers for each
 * rating of the row.
 */
void
factor_row_line(const FactorSide *side, const FactorSide *other, double offset, int32_t row,
				float *work, double *line)
{
	int64_t		count = sparse_row_length(side->rows, row);
	const float *x = row_of(side, side->vectors, row);
	const float *dx = row_of(side, side->direction, row);
	float	   *error = work;
	float	   *x_dy = work + count;
	float	   *dx_y = work + 2 * count;
	float	   *dx_dy = work + 3 * count;

	line[0] += factor_row_loss(side, other, offset, row, error);
	multiply(side, other, row, x, other->direction, x_dy);
	multiply(side, other, row, dx, other->vectors, dx_y);
	multiply(side, other, row, dx, other->direction, dx_dy);
	for (int64_t i = 0; i < count; i++)
	{
		double		e = error[i];
		double		a = (double) x_dy[i] + dx_y[i];
		double		b = dx_dy[i];

		line[1] += e * a;
		line[2] += a * a / 2 + e * b;
		line[3] += a * b;
		line[4] += b * b / 2;
	}
}
