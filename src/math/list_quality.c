/*
 * list_quality.c
 *		How good a list of recommendations is, and a ranking of all items.
 *
 * The measures of the literature on top-n recommendation, each between 0 and
 * 1.  They differ in their details from one library to the next; the comments
 * say what is meant here.
 */
#include <math.h>

#include "math/list_quality.h"

static int
counted(const ListHits *list)
{
	return list->length < list->k ? list->length : list->k;
}

static int64_t
count_hits(const ListHits *list)
{
	int64_t		hits = 0;

	for (int i = 0; i < counted(list); i++)
		hits += list->hit[i];
	return hits;
}

/* The number of hits that the best list would have. */
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

/*
 * Normalized discounted cumulative gain (Jarvelin and Kekalainen 2002) of
 * gains 0 and 1: the sum of 1 / log2(rank + 1) over the hits, by that of the
 * best list.
 */
double
list_ndcg(const ListHits *list)
{
	double		gain = 0;
	double		ideal = 0;

	for (int i = 0; i < counted(list); i++)
		if (list->hit[i])
			gain += 1 / log2(i + 2);
	for (int64_t i = 0; i < ideal_hits(list); i++)
		ideal += 1 / log2(i + 2);
	return gain / ideal;
}

/*
 * The sum over the hits of the precision up to the rank of each, by the number
 * of hits that the best list would have.
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

/* Scores are counted so many at a time, which a compiler can do side by side. */
#define STRIDE 64

/*
 * How many of some scores are above a threshold, and of those that are equal
 * to it half as many; NaN is neither.
 */
double
score_place(const double *score, int64_t count, double threshold)
{
	int64_t		above = 0;
	int64_t		equal = 0;
	int64_t		i = 0;

	for (; i + STRIDE <= count; i += STRIDE)
	{
		int64_t		above_here = 0;
		int64_t		equal_here = 0;

		for (int j = 0; j < STRIDE; j++)
		{
			above_here += score[i + j] > threshold;
			equal_here += score[i + j] == threshold;
		}
		above += above_here;
		equal += equal_here;
	}
	for (; i < count; i++)
	{
		above += score[i] > threshold;
		equal += score[i] == threshold;
	}
	return (double) above + (double) equal / 2;
}
