/*
 * ranking.c
 *		From the scores of all items to the best of them.
 *
 * An item for which a form has no score (NaN) is in no list, nor is one that is
 * left out, which makes its score NaN.  Where not only the best matter but the
 * whole order, the two differ: what has no score is behind all others, what is
 * left out has no place.  There the scores are settled before items are left
 * out: what has none gets -infinity.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "utils/float.h"

#include "forms/ranking.h"
#include "resources/budget.h"

/*
 * Ratings near the end of single precision can have scores beyond any number.
 */
static void
report_infinite(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a score is not finite"),
			 errhint("Scale the ratings down.")));
}

/* Give items without a score -infinity. */
void
settle_scores(double *scores, int32 count)
{
	for (int32 i = 0; i < count; i++)
		if (isnan(scores[i]))
			scores[i] = -get_float8_infinity();
}

/* Take the scores from some items. */
void
leave_out(double *scores, ItemList items)
{
	for (int32 i = 0; i < items.count; i++)
		scores[items.item[i]] = get_float8_nan();
}

/* Push an item if it has a score. */
static inline void
push(TopK *top, const double *scores, int32 item)
{
	if (scores[item] > -get_float8_infinity())
		topk_push(top, scores[item], item);
}

/* Push all items that have a score. */
void
push_scores(TopK *top, const double *scores, int32 count)
{
	for (int32 i = 0; i < count; i++)
		push(top, scores, i);
}

/* Push those of some items that have a score. */
void
push_items(TopK *top, const double *scores, ItemList items)
{
	for (int32 i = 0; i < items.count; i++)
		push(top, scores, items.item[i]);
}

/*
 * Put what was pushed in order, best first.  Error: a score is infinite, and so
 * says nothing.
 */
void
sort_pushed(TopK *top)
{
	topk_sort(top);
	if (top->count > 0 && isinf(top->heap[0].score))
		report_infinite();
}

/* The n best of the scores of a form, best first, palloc'd. */
TopK
rank_scores(const double *scores, int32 count, int n)
{
	TopK		top;

	n = Min(n, count);
	topk_init(&top, n, allocate_array(n, sizeof(Scored)));
	push_scores(&top, scores, count);
	sort_pushed(&top);
	Assert(ranking_is_valid(&top, count));
	return top;
}

/* Turn distances into scores, of which the largest is best. */
void
negate_scores(double *scores, int32 count)
{
	for (int32 i = 0; i < count; i++)
		scores[i] = -scores[i];
}

/* For assertions: is a list in order, each entry one of so many? */
bool
ranking_is_valid(const TopK *top, int32 count)
{
	if (top->count < 0 || top->count > top->capacity)
		return false;
	for (int i = 0; i < top->count; i++)
	{
		if (top->heap[i].index < 0 || top->heap[i].index >= count)
			return false;
		if (i > 0 && !scored_before(top->heap[i - 1], top->heap[i]))
			return false;
	}
	return true;
}

/* For assertions: is each item of a list one of so many? */
bool
item_list_is_valid(ItemList items, int32 count)
{
	for (int32 i = 0; i < items.count; i++)
		if (items.item[i] < 0 || items.item[i] >= count)
			return false;
	return true;
}
