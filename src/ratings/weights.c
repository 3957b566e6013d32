/*
 * weights.c
 *		Weights that span orders of magnitude, and what training takes them for.
 *
 * Somebody who has played one song a thousand times and ten songs once likes
 * eleven songs.  Taken as they are, such counts drown all else: of a sum, of a
 * vector's length, of a loss, nearly all is the few largest.  So a weight may be
 * taken by its logarithm, its root, its rank among the user's, or not at all.
 *
 * Whether weights are of that kind is seen from how far the mean of the largest
 * hundredth is above the mean of all: 1.5 times with stars, never more than 5
 * times if these are from 1 to 5; 2 times with numbers that are spread evenly; 4
 * times with counts of independent events; 10 to 50 times with plays, hours and
 * money.  It is found from a histogram whose classes are powers of two, each
 * in sixteen: the upper bits of the numbers as they are stored.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "ratings/weights.h"
#include "resources/budget.h"

/* So many times the mean is the least mean of the largest hundredth of counts. */
#define COUNTS_TOP 6

/* The classes of a histogram: by sign, exponent and four bits of a number. */
#define CLASS_SHIFT 19
#define CLASSES 4096

/* Of the numbers above 0. */
typedef struct Histogram
{
	int64		count[CLASSES];
	double		sum[CLASSES];
	int64		counts;			/* of all classes */
	double		sums;
} Histogram;

/* The class of a number above 0; a larger number has no smaller one. */
static inline int
class_of(float value)
{
	uint32		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits >> CLASS_SHIFT;
}

/* Count the values that are above 0. */
static void
fill_histogram(const SparseRows *rows, Histogram *histogram)
{
	for (int32 row = 0; row < rows->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
			if (rows->value[e] > 0)
			{
				histogram->count[class_of(rows->value[e])]++;
				histogram->sum[class_of(rows->value[e])] += rows->value[e];
			}
	}
	for (int c = 0; c < CLASSES; c++)
	{
		histogram->counts += histogram->count[c];
		histogram->sums += histogram->sum[c];
	}
}

/* The mean of the largest hundredth, or the largest of few, in means of all. */
static double
top_in_means(const Histogram *histogram)
{
	int64		most = Max(histogram->counts / 100, 1);
	int64		left = most;
	double		sum = 0;

	for (int c = CLASSES - 1; c >= 0 && left > 0; c--)
	{
		int64		taken = Min(histogram->count[c], left);

		if (taken > 0)
			sum += histogram->sum[c] / histogram->count[c] * taken;
		left -= taken;
	}
	return sum / most * histogram->counts / histogram->sums;
}

/* The mean of the class in which the smallest tenth ends. */
static double
low_value(const Histogram *histogram)
{
	int64		left = (histogram->counts + 9) / 10;

	for (int c = 0; c < CLASSES; c++)
	{
		left -= histogram->count[c];
		if (left <= 0)
			return histogram->sum[c] / histogram->count[c];
	}
	return 1;
}

/* How weights are spread; those that are left out (NaN) do not count. */
WeightSpread
weights_spread(const SparseRows *rows)
{
	WeightSpread spread = {.unit = 1};
	Histogram  *histogram = palloc0(sizeof(Histogram));
	int64		count = sparse_entries(rows);
	int64		zeros = 0;
	float		least = FLT_MAX;
	float		most = 0;

	fill_histogram(rows, histogram);
	for (int64 e = 0; e < count; e++)
	{
		float		value = rows->value[e];

		spread.negative |= value < 0;
		zeros += value == 0;
		least = value > 0 ? Min(least, value) : least;
		most = value > 0 ? Max(most, value) : most;
	}
	spread.flags = !spread.negative && zeros > 0 && least == most;
	if (histogram->counts > 0)
	{
		spread.top = top_in_means(histogram);
		spread.unit = low_value(histogram);
	}
	pfree(histogram);
	return spread;
}

/* Do they span orders of magnitude, as counts and amounts do, and ratings do not? */
bool
weights_are_counts(const WeightSpread *spread)
{
	return !spread->negative && spread->top > COUNTS_TOP;
}

/* Order of two weights, for qsort. */
static int
compare_weights(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return (x > y) - (x < y);
}

/* How many of n rising weights are not larger than x. */
static int64
count_not_larger(const float *sorted, int64 n, float x)
{
	int64		low = 0;
	int64		high = n;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (sorted[middle] <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The ranks of the n weights of a user, in their place: the largest is 1, equal
 * ones are equal.  The smallest of many is 1/2, so that having an item is more
 * than how much of it.  "sorted" is work space of as many.
 */
static void
rank_row(float *value, int64 n, float *sorted)
{
	memcpy(sorted, value, sizeof(float) * n);
	qsort(sorted, n, sizeof(float), compare_weights);
	for (int64 i = 0; i < n; i++)
		value[i] = (1 + count_not_larger(sorted, n, value[i]) / (double) n) / 2;
}

/* What becomes of a weight, other than by rank.  Weights of 0 and less stay. */
static float
transform_weight(const WeightRule *rule, float value)
{
	if (!(value > 0))
		return value;
	switch (rule->transform)
	{
		case TRANSFORM_LOG:
			return log2(1 + value / rule->unit);
		case TRANSFORM_SQRT:
			return sqrt(value / rule->unit);
		case TRANSFORM_BINARY:
			return 1;
		default:
			return value;
	}
}

/* The most entries that a row has. */
static int64
longest_row(const SparseRows *rows)
{
	int64		longest = 0;

	for (int32 row = 0; row < rows->rows; row++)
		longest = Max(longest, sparse_row_length(rows, row));
	return longest;
}

/* Transform the weights of rows of users, in place. */
void
weights_transform(const WeightRule *rule, SparseRows *rows)
{
	float	   *sorted;

	if (rule->transform == TRANSFORM_NONE)
		return;
	sorted = allocate_array(Max(longest_row(rows), 1), sizeof(float));
	for (int32 row = 0; row < rows->rows; row++)
	{
		int64		start = rows->start[row];
		int64		end = rows->start[row + 1];

		CHECK_FOR_INTERRUPTS();
		if (rule->transform == TRANSFORM_RANK)
			rank_row(rows->value + start, end - start, sorted);
		else
			for (int64 e = start; e < end; e++)
				rows->value[e] = transform_weight(rule, rows->value[e]);
	}
	pfree(sorted);
}

/* Transform what is to be trained on, both ways and its statistics, in place. */
void
interactions_transform(Interactions *ratings, const WeightRule *rule)
{
	if (rule->transform == TRANSFORM_NONE)
		return;
	weights_transform(rule, &ratings->by_user);
	sparse_transpose(&ratings->by_user, &ratings->by_item);
	interactions_describe(ratings);
	check_interactions(ratings);
}
