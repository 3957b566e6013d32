/*
 * list_quality.c
 *		How good a list of recommendations is.
 *
 * The measures of the literature on top-n recommendation, each between 0 and
 * 1.  Libraries differ in the details; the comments say which definition is used
 * here.
 */
#include <math.h>
#include <stdlib.h>

#include "math/list_quality.h"

/* How many entries of the list count: k at most. */
static int
counted(const ListHits *list)
{
	return list->length < list->k ? list->length : list->k;
}

/* The number of hits among the entries that count. */
static int64_t
count_hits(const ListHits *list)
{
	int64_t		hits = 0;

	for (int i = 0; i < counted(list); i++)
		hits += list->hit[i];
	return hits;
}

/* The number of hits that the best possible list has. */
static int64_t
ideal_hits(const ListHits *list)
{
	return list->relevant < list->k ? list->relevant : list->k;
}

/* Hits over k, even if the list is shorter. */
double
list_precision(const ListHits *list)
{
	return (double) count_hits(list) / list->k;
}

/* Hits over the number of relevant items, even if that is more than k. */
double
list_recall(const ListHits *list)
{
	return (double) count_hits(list) / list->relevant;
}

/* The share of a gain that counts at place i, from 0. */
static double
discounted(double gain, int64_t i)
{
	return gain / log2(i + 2);
}

/* What an item of a rating, which is not negative, is worth. */
double
list_gain(ListGain kind, double rating)
{
	switch (kind)
	{
		case LIST_GAIN_EXPONENTIAL:
			return exp2(rating) - 1;
		case LIST_GAIN_LINEAR:
			return rating;
		default:
			return 1;
	}
}

/* For sorting, the greatest first. */
static int
compare_gains(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x < y) - (x > y);
}

/* The discounted gain of the best list of k items of given gains, which are put in order. */
double
list_ideal_gain(double *gain, int64_t count, int k)
{
	double		ideal = 0;

	qsort(gain, count, sizeof(double), compare_gains);
	for (int64_t i = 0; i < count && i < k; i++)
		ideal += discounted(gain[i], i);
	return ideal;
}

/* The same of gains of 1. */
static double
ideal_of_hits(const ListHits *list)
{
	double		ideal = 0;

	for (int64_t i = 0; i < ideal_hits(list); i++)
		ideal += discounted(1, i);
	return ideal;
}

/*
 * Normalized discounted cumulative gain (Jarvelin and Kekalainen 2002): the sum
 * of gain / log2(rank + 1) over the hits, divided by that of the best possible
 * list.
 */
double
list_ndcg(const ListHits *list)
{
	double		gain = 0;

	for (int i = 0; i < counted(list); i++)
		if (list->hit[i])
			gain += discounted(list->gain == NULL ? 1 : list->gain[i], i);
	return gain / (list->gain == NULL ? ideal_of_hits(list) : list->ideal);
}

/*
 * The sum over the hits of the precision up to the rank of each, divided by
 * the number of hits of the best possible list.
 */
double
list_average_precision(const ListHits *list)
{
	double		sum = 0;
	int			hits = 0;

	for (int i = 0; i < counted(list); i++)
		if (list->hit[i])
			sum += (double) ++hits / (i + 1);
	return sum / ideal_hits(list);
}

/* 1 if there is a hit, else 0. */
double
list_hit(const ListHits *list)
{
	return count_hits(list) > 0;
}

/* 1 / rank of the first hit; 0 if there is none. */
double
list_reciprocal_rank(const ListHits *list)
{
	for (int i = 0; i < counted(list); i++)
		if (list->hit[i])
			return 1.0 / (i + 1);
	return 0;
}
