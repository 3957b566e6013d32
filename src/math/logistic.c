/*
 * logistic.c
 *		The loss of all pairs of some rows and columns in logistic matrix
 *		factorization, its gradient, and a step against it.
 *
 * Johnson, "Logistic Matrix Factorization for Implicit Feedback Data" (NIPS
 * workshop 2014): with s = x . y a pair that was observed with weight w costs
 * (1 + w) ln(1 + e^s) - w s, any other pair ln(1 + e^s) as if w were 0.  The
 * derivative by s is (1 + w) p - w with p = 1 / (1 + e^-s).  All pairs are
 * computed, by products of matrices, a tile at a time: logistic_tile makes the
 * derivatives as if nothing had been observed, logistic_observe corrects
 * single ones, logistic_gradient adds up what they mean for the rows.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "math/kernels.h"
#include "math/logistic.h"
#include "math/solve.h"

/* AdaGrad: the start of a sum of squared gradients. */
#define START_SQUARES 1e-6

/* A score that is so low has no loss and no derivative. */
#define NOTHING -1e4f

/*
 * The derivatives of the losses of rows x [rows x n] with columns y [cols x
 * n], as if nothing were observed.  The tile [rows x LOGISTIC_COLS] holds the
 * parts of their scores besides x . y before, and the derivatives afterwards.
 * Returns the sum of the losses.
 */
double
logistic_tile(int rows, int cols, int n, const float *x, const float *y, float *tile)
{
	int			padded = KERNEL_PADDED(cols);
	double		loss = 0;

	for (int r = 0; r < rows; r++)
		for (int c = cols; c < padded; c++)
			tile[r * LOGISTIC_COLS + c] = NOTHING;
	product_add(rows, cols, n, x, y, tile, LOGISTIC_COLS);
	for (int r = 0; r < rows; r++)
		loss += kernels->logistic(padded, tile + r * LOGISTIC_COLS);
	return loss;
}

/*
 * Correct the derivative of a pair that was observed with a weight.  Returns
 * what that adds to the loss.
 */
double
logistic_observe(float *place, double weight)
{
	double		p = *place;

	*place = (1 + weight) * p - weight;
	return weight * -log(fmax(p, FLT_MIN));
}

/*
 * Add the gradient of the rows [rows x n], from the derivatives of their pairs
 * in the tile.
 */
void
logistic_gradient(int rows, int cols, int n, const float *tile, const float *y,
				  float *gradient)
{
	weighted_rows_add(rows, cols, n, 1, tile, LOGISTIC_COLS, y, gradient);
}

/*
 * A step of AdaGrad against the gradient of a row x [n] and of penalty / 2
 * times the squares of its first "factors" elements: each element moves by
 * rate / sqrt(sum of the squares of its gradients so far), kept in "squares".
 * Element "fixed" stays, and so does the padding, which has no gradient.
 */
void
logistic_step(int n, int fixed, double rate, double penalty, int factors,
			  const float *gradient, float *squares, float *x)
{
	for (int i = 0; i < n; i++)
	{
		float		slope = gradient[i] + (i < factors ? penalty * x[i] : 0);

		if (i == fixed)
			continue;
		squares[i] += slope * slope;
		x[i] -= rate * slope / sqrt(START_SQUARES + squares[i]);
	}
}
