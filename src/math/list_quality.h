/*
 * list_quality.h
 *		How good a list of recommendations is, from which of its entries are
 *		relevant; and a ranking of all items.
 */
#ifndef RECSYS_MATH_LIST_QUALITY_H
#define RECSYS_MATH_LIST_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

/* A list, best first, of which the first k entries count. */
typedef struct ListHits
{
	const bool *hit;			/* [length] is the entry relevant? */
	int			length;
	int64_t		relevant;		/* items there are to be found, at least 1 */
	int			k;				/* at least 1 */
} ListHits;

/* A measure of a list. */
typedef double (*ListMeasure) (const ListHits *list);

extern double list_precision(const ListHits *list);
extern double list_recall(const ListHits *list);
extern double list_ndcg(const ListHits *list);
extern double list_average_precision(const ListHits *list);
extern double list_hit(const ListHits *list);
extern double list_reciprocal_rank(const ListHits *list);

extern double score_place(const double *score, int64_t count, double threshold);

#endif							/* RECSYS_MATH_LIST_QUALITY_H */
