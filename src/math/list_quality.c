/*
 * list_quality.c
 *		How good a list of recommendations is.
 *
 * The measures of the literature on top-n recommendation, each between 0 and
 * 1.  Libraries differ in the details; the comments say which definition is used
 * here.
 */
#include <math.h>

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

/*
 * Normalized discounted cumulative gain (Jarvelin and Kekalainen 2002) of
 * gains 0 and 1: the sum of 1 / log2(rank + 1) over the hits, divided by that
 * of the best possible list.
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
