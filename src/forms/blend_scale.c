/*
 * blend_scale.c
 *		The scores of different algorithms on one scale.
 *
 * They have nothing in common but their order: so they are standardized, or
 * ranked, among those that count.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "utils/float.h"

#include "forms/blend_scale.h"

/* Measure the scores of a row, but for what was seen.  Without any it is all 0. */
Spread
measure_spread(const double *score, const bool *seen, int32 rows)
{
	Spread		spread = {.lowest = get_float8_infinity()};
	double		squares = 0;

	for (int32 r = 0; r < rows; r++)
		if (has_score(score[r]) && !seen[r])
		{
			spread.count++;
			spread.mean += score[r];
			spread.lowest = Min(spread.lowest, score[r]);
		}
	if (spread.count == 0)
		return (Spread) {0};
	spread.mean /= spread.count;
	for (int32 r = 0; r < rows; r++)
		if (has_score(score[r]) && !seen[r])
			squares += (score[r] - spread.mean) * (score[r] - spread.mean);
	spread.stddev = sqrt(squares / spread.count);
	return spread;
}

/* For sorting, the smallest first. */
static int
compare_doubles(const void *a, const void *b, void *arg)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* How many of sorted numbers are smaller, or not larger if "equal_too". */
static int32
count_below(const double *sorted, int32 count, double number, bool equal_too)
{
	int32		low = 0;
	int32		high = count;

	while (low < high)
	{
		int32		middle = low + (high - low) / 2;

		if (sorted[middle] < number || (equal_too && sorted[middle] == number))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Replace scores by the share of those that count that are worse; equal ones
 * count half.  "missing" stands for those that are not there, and "sorted" is
 * work space for as many.
 */
void
rank_row(double *score, int32 rows, double missing, const bool *seen, double *sorted)
{
	int32		count = 0;

	for (int32 r = 0; r < rows; r++)
	{
		if (!has_score(score[r]))
			score[r] = missing;
		if (!seen[r])
			sorted[count++] = score[r];
	}
	qsort_interruptible(sorted, count, sizeof(double), compare_doubles, NULL);
	for (int32 r = 0; r < rows; r++)
		score[r] = count == 0 ? 0 :
			(count_below(sorted, count, score[r], false) +
			 count_below(sorted, count, score[r], true)) / (2.0 * count);
}

/*
 * Scores less their mean and divided by their deviation; "missing" stands for
 * those that are not there.
 */
void
standardize_row(double *score, int32 rows, double missing, const Spread *spread)
{
	bool		spreads = spread->stddev > 0 && isfinite(spread->stddev);

	for (int32 r = 0; r < rows; r++)
	{
		double		value = has_score(score[r]) ? score[r] : missing;

		score[r] = spreads ? (value - spread->mean) / spread->stddev : 0;
	}
}
