/*
 * weights.c
 *		The weights of users as training takes them: math/weights.c on the rows of
 *		the matrix.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"

#include "ratings/weights.h"
#include "resources/budget.h"

/* How the weights of rows are spread. */
WeightSpread
spread_of_rows(const SparseRows *rows)
{
	WeightHistogram *histogram = palloc0(sizeof(WeightHistogram));
	WeightSpread spread;

	for (int32 row = 0; row < rows->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		weights_count(rows->value + rows->start[row], sparse_row_length(rows, row), histogram);
	}
	spread = weights_spread(histogram);
	pfree(histogram);
	return spread;
}

/* Transform the weights of rows of users, in place. */
void
transform_rows(const WeightRule *rule, SparseRows *rows)
{
	float	   *space = allocate_array(Max(sparse_longest_row(rows), 1), sizeof(float));

	for (int32 row = 0; row < rows->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		weights_transform(rule, sparse_row_length(rows, row), rows->value + rows->start[row], space);
	}
	pfree(space);
}

/* Transform what is to be trained on, both ways and its statistics, in place. */
void
interactions_transform(Interactions *ratings, const WeightRule *rule)
{
	transform_rows(rule, &ratings->by_user);
	sparse_transpose(&ratings->by_user, &ratings->by_item);
	interactions_describe(ratings);
	check_interactions(ratings);
}
