/*
 * baseline.c
 *		Baseline estimates mu + b_u + b_i by alternating least squares.
 *
 * Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative
 * Filtering" (TKDD 2010), section 2.1: with the other side fixed, a bias is
 * the sum of its residuals over their number plus a regularisation.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "algorithms/baseline.h"

/* Biases of zero, in the current memory context. */
Baseline
baseline_create(const Interactions *ratings)
{
	Baseline	baseline;
	int			flags = MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO;

	baseline.user_bias = MemoryContextAllocExtended(CurrentMemoryContext,
													sizeof(float) * (Size) ratings->users.count,
													flags);
	baseline.item_bias = MemoryContextAllocExtended(CurrentMemoryContext,
													sizeof(float) * (Size) ratings->items.count,
													flags);
	return baseline;
}

/* The biases of the rows, with those of the columns fixed. */
static void
fit_rows(const SparseRows *rows, double mean, double regularization,
		 const float *column_bias, float *row_bias)
{
	for (int32 r = 0; r < rows->rows; r++)
	{
		double		sum = 0;

		for (int64 e = rows->start[r]; e < rows->start[r + 1]; e++)
			sum += rows->value[e] - mean - column_bias[rows->index[e]];
		row_bias[r] = (float) (sum / (regularization + sparse_row_length(rows, r)));
		CHECK_FOR_INTERRUPTS();
	}
}

/* One iteration: items first, then users. */
void
baseline_iterate(const Interactions *ratings, const BaselineOptions *options,
				 Baseline *baseline)
{
	fit_rows(&ratings->by_item, ratings->mean, options->reg_i,
			 baseline->user_bias, baseline->item_bias);
	fit_rows(&ratings->by_user, ratings->mean, options->reg_u,
			 baseline->item_bias, baseline->user_bias);
}

/* All iterations, from zero. */
Baseline
baseline_fit(const Interactions *ratings, const BaselineOptions *options)
{
	Baseline	baseline = baseline_create(ratings);

	for (int i = 0; i < options->iterations; i++)
		baseline_iterate(ratings, options, &baseline);
	return baseline;
}
