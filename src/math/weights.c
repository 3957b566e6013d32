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
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/weights.h"

/* So many times the mean is the least mean of the largest hundredth of counts. */
#define COUNTS_TOP 6

/* A class is sign, exponent and four bits of a number. */
#define CLASS_SHIFT 19

/* The class of a number above 0; a larger number has no smaller one. */
static inline int
class_of(float value)
{
	uint32_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits >> CLASS_SHIFT;
}

/* Count n weights; what is left out (NaN) does not count. */
void
weights_count(const float *value, int64_t n, WeightHistogram *histogram)
{
	for (int64_t i = 0; i < n; i++)
	{
		float		x = value[i];

		histogram->zeros += x == 0;
		histogram->negative += x < 0;
		if (!(x > 0))
			continue;
		histogram->least = histogram->most == 0 || x < histogram->least ? x : histogram->least;
		histogram->most = x > histogram->most ? x : histogram->most;
		histogram->count[class_of(x)]++;
		histogram->sum[class_of(x)] += x;
	}
}

/* The mean of the largest of "counts" weights, a hundredth or one, in means of all. */
static double
top_in_means(const WeightHistogram *histogram, int64_t counts, double sums)
{
	int64_t		most = counts < 200 ? 1 : counts / 100;
	int64_t		left = most;
	double		sum = 0;

	for (int c = WEIGHT_CLASSES - 1; c >= 0 && left > 0; c--)
	{
		int64_t		taken = histogram->count[c] < left ? histogram->count[c] : left;

		if (taken > 0)
			sum += histogram->sum[c] / histogram->count[c] * taken;
		left -= taken;
	}
	return sum / most * counts / sums;
}

/* The mean of the class in which the smallest tenth of "counts" weights ends. */
static double
low_value(const WeightHistogram *histogram, int64_t counts)
{
	int64_t		left = (counts + 9) / 10;

	for (int c = 0; c < WEIGHT_CLASSES; c++)
	{
		left -= histogram->count[c];
		if (left <= 0 && histogram->count[c] > 0)
			return histogram->sum[c] / histogram->count[c];
	}
	return 1;
}

/* How the weights that were counted are spread. */
WeightSpread
weights_spread(const WeightHistogram *histogram)
{
	WeightSpread spread = {.unit = 1};
	int64_t		counts = 0;
	double		sums = 0;

	for (int c = 0; c < WEIGHT_CLASSES; c++)
	{
		counts += histogram->count[c];
		sums += histogram->sum[c];
	}
	if (counts == 0)
		return spread;
	spread.top = top_in_means(histogram, counts, sums);
	spread.unit = low_value(histogram, counts);
	spread.counts = histogram->negative == 0 && spread.top > COUNTS_TOP;
	spread.flags = histogram->negative == 0 && histogram->zeros > 0 &&
		histogram->least == histogram->most;
	return spread;
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
static int64_t
count_not_larger(const float *sorted, int64_t n, float x)
{
	int64_t		low = 0;
	int64_t		high = n;

	while (low < high)
	{
		int64_t		middle = low + (high - low) / 2;

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
rank_row(float *value, int64_t n, float *sorted)
{
	memcpy(sorted, value, sizeof(float) * n);
	qsort(sorted, n, sizeof(float), compare_weights);
	for (int64_t i = 0; i < n; i++)
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

/*
 * Transform the n weights of a user, in place.  "space" has room for as many;
 * only ranks need it.
 */
void
weights_transform(const WeightRule *rule, int64_t n, float *value, float *space)
{
	if (rule->transform == TRANSFORM_RANK)
		rank_row(value, n, space);
	else
		for (int64_t i = 0; i < n; i++)
			value[i] = transform_weight(rule, value[i]);
}
