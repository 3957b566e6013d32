/*
 * list_quality.h
 *		How good a list of recommendations is, from which of its entries are
 *		relevant.
 */
#ifndef RECSYS_MATH_LIST_QUALITY_H
#define RECSYS_MATH_LIST_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

/* What finding an item of a rating is worth to list_ndcg. */
typedef enum ListGain
{
	LIST_GAIN_BINARY,			/* 1 */
	LIST_GAIN_EXPONENTIAL,		/* 2^rating - 1 */
	LIST_GAIN_LINEAR			/* the rating */
} ListGain;

/* A list, best first, of which the first k entries count. */
typedef struct ListHits
{
	const bool *hit;			/* [length] is the entry relevant? */
	const double *gain;			/* [length] what it is then worth; NULL: 1 */
	double		ideal;			/* list_ideal_gain of all that is relevant, if there
								 * are gains */
	int			length;
	int64_t		relevant;		/* items there are to be found, at least 1 */
	int			k;				/* at least 1 */
} ListHits;

/* A measure of a list; NaN: undefined, for want of any gain. */
typedef double (*ListMeasure) (const ListHits *list);

extern double list_gain(ListGain kind, double rating);
extern double list_ideal_gain(double *gain, int64_t count, int k);

extern double list_precision(const ListHits *list);
extern double list_recall(const ListHits *list);
extern double list_ndcg(const ListHits *list);
extern double list_average_precision(const ListHits *list);
extern double list_hit(const ListHits *list);
extern double list_reciprocal_rank(const ListHits *list);

#endif							/* RECSYS_MATH_LIST_QUALITY_H */
