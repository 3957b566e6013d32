/*
 * baseline.c
 *		Baseline estimates mu + b_u + b_i by alternating least squares.
 *
 * Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative
 * Filtering" (TKDD 2010), section 2.1: with the other side fixed, a bias is
 * the sum of its residuals over their number plus a regularization.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"

#include "ratings/baseline.h"

/* The biases of rows "from" to before "to", with those of the columns fixed. */
static void
fit_rows(const SparseRows *rows, int32 from, int32 to, double mean, double regularization,
		 const float *column_bias, float *row_bias)
{
	for (int32 r = from; r < to; r++)
	{
		double		sum = 0;

		for (int64 e = rows->start[r]; e < rows->start[r + 1]; e++)
			sum += rows->value[e] - mean - column_bias[rows->index[e]];
		row_bias[r] = (float) (sum / (regularization + sparse_row_length(rows, r)));
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * The first half of an iteration: biases of items "from" to before "to", which
 * do not depend on each other.
 */
void
baseline_fit_items(const Interactions *ratings, const BaselineOptions *options,
				   Baseline *baseline, int32 from, int32 to)
{
	fit_rows(&ratings->by_item, from, to, ratings->mean, options->item_regularization,
			 baseline->user_bias, baseline->item_bias);
}

/* The second half: biases of users, likewise. */
void
baseline_fit_users(const Interactions *ratings, const BaselineOptions *options,
				   Baseline *baseline, int32 from, int32 to)
{
	fit_rows(&ratings->by_user, from, to, ratings->mean, options->user_regularization,
			 baseline->item_bias, baseline->user_bias);
}

/*
 * Fit for a number of iterations; the arrays of biases are the caller's and
 * hold zeros at first.
 */
void
baseline_fit(const Interactions *ratings, const BaselineOptions *options, int iterations,
			 Baseline *baseline)
{
	for (int i = 0; i < iterations; i++)
	{
		baseline_fit_items(ratings, options, baseline, 0, ratings->by_item.rows);
		baseline_fit_users(ratings, options, baseline, 0, ratings->by_user.rows);
	}
}
