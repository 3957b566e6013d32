/*
 * concordance.c
 *		Pairs that predictions put into the right order.
 *
 * Koren and Sill, "Collaborative Filtering on Ordinal User Feedback" (IJCAI
 * 2013): of all pairs of one user's items with different ratings, those in the
 * right order are concordant, the others, ties of the prediction among them,
 * discordant; FCP is the share of concordant pairs over all users.
 *
 * Sorted by prediction (equal ones with the higher rating first), the
 * concordant pairs are those in which a lower rating stands before a higher
 * one.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "evaluation/concordance.h"
#include "math/concordance.h"

/* By user, then by prediction; of equal ones the higher rating is first. */
static int
compare_predictions(const void *a, const void *b, void *arg)
{
	const Prediction *x = a;
	const Prediction *y = b;

	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->predicted != y->predicted)
		return x->predicted < y->predicted ? -1 : 1;
	return (x->actual < y->actual) - (x->actual > y->actual);
}

/*
 * Sort the ratings of a user; returns how many pairs were in rising order
 * before.
 */
static int64
sort_and_count(double *actual, int64 n, double *space)
{
	int64		pairs = 0;

	for (int64 width = 1; width < n; width *= 2)
	{
		CHECK_FOR_INTERRUPTS();
		pairs += merge_runs_of(actual, n, width, space);
	}
	return pairs;
}

/*
 * The share of concordant pairs; NaN if there are no two items of a user with
 * different ratings.  The predictions are put into another order.
 */
double
fraction_of_concordant_pairs(Prediction *prediction, int64 count)
{
	Size		size = mul_size(Max(count, 1), sizeof(double));
	double	   *actual = palloc_extended(size, MCXT_ALLOC_HUGE);
	double	   *space = palloc_extended(size, MCXT_ALLOC_HUGE);
	double		concordant = 0;
	double		pairs = 0;

	qsort_interruptible(prediction, count, sizeof(Prediction), compare_predictions, NULL);
	for (int64 from = 0, to; from < count; from = to)
	{
		for (to = from; to < count && prediction[to].user == prediction[from].user; to++)
			actual[to - from] = prediction[to].actual;
		concordant += sort_and_count(actual, to - from, space);
		pairs += count_unequal_pairs(actual, to - from);
	}
	pfree(actual);
	pfree(space);
	return pairs > 0 ? concordant / pairs : get_float8_nan();
}
