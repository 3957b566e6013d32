/*
 * ranking.h
 *		From the scores of all items to the best of them.
 */
#ifndef RECSYS_FORMS_RANKING_H
#define RECSYS_FORMS_RANKING_H

#include "postgres.h"

#include "math/topk.h"

/* Some items, by their indexes; the array is somebody else's. */
typedef struct ItemList
{
	int32		count;
	const int32 *item;			/* [count] */
} ItemList;

extern void settle_scores(double *scores, int32 count);
extern void leave_out(double *scores, ItemList items);
extern void push_scores(TopK *top, const double *scores, int32 count);
extern void push_items(TopK *top, const double *scores, ItemList items);
extern void sort_pushed(TopK *top);
extern TopK rank_scores(const double *scores, int32 count, int n);
extern void negate_scores(double *scores, int32 count);
extern bool ranking_is_valid(const TopK *top, int32 count);
extern bool item_list_is_valid(ItemList items, int32 count);

#endif							/* RECSYS_FORMS_RANKING_H */
