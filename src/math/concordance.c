/*
 * concordance.c
 *		Pairs of numbers that are in rising order, counted while the numbers are
 *		merge-sorted (Knight, "A Computer Method for Calculating Kendall's Tau
 *		with Ungrouped Data", JASA 61, 1966).
 */
#include <string.h>

#include "math/concordance.h"

/*
 * Merge two sorted runs, [0, middle) and [middle, n), and count the pairs of
 * one number of each in which the first is the lower.
 */
static int64_t
merge_two(double *run, int64_t middle, int64_t n, double *space)
{
	int64_t		left = 0;
	int64_t		right = middle;
	int64_t		pairs = 0;

	for (int64_t to = 0; to < n; to++)
	{
		if (left < middle && (right == n || run[left] < run[right]))
		{
			pairs += n - right;
			space[to] = run[left++];
		}
		else
			space[to] = run[right++];
	}
	memcpy(run, space, sizeof(double) * n);
	return pairs;
}

/*
 * One pass of merge sort: sorted runs of a width become runs of twice the width.
 * Returns how many pairs of numbers of two runs that were merged were in rising
 * order.  Called with the widths 1, 2, 4 and so on below n it sorts, and has
 * then counted all pairs.  "space" is for n numbers.
 */
int64_t
merge_runs_of(double *number, int64_t n, int64_t width, double *space)
{
	int64_t		pairs = 0;

	for (int64_t from = 0; from + width < n; from += 2 * width)
	{
		int64_t		left = n - from;

		pairs += merge_two(number + from, width, left < 2 * width ? left : 2 * width, space);
	}
	return pairs;
}

/* Pairs of different numbers among sorted ones. */
double
count_unequal_pairs(const double *sorted, int64_t n)
{
	double		pairs = (double) n * (n - 1) / 2;

	for (int64_t from = 0, to; from < n; from = to)
	{
		for (to = from + 1; to < n && sorted[to] == sorted[from]; to++)
			;
		pairs -= (double) (to - from) * (to - from - 1) / 2;
	}
	return pairs;
}
