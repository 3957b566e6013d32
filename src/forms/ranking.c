/*
 * ranking.c
 *		From the scores of all items to the best of them.
 *
 * What a form gives is settled first: an item for which it has no score (NaN)
 * gets -infinity, and is behind all others.  Then items are left out, which
 * makes their scores NaN: they are in no list, and have no place in the order.
 * Only what has a score is pushed to the top-k.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "utils/float.h"

#include "forms/ranking.h"

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

/* Settle the scores of a form.  Error: one of them is infinite. */
void
settle_scores(double *scores, int32 count)
{
	bool		infinite = false;

	for (int32 i = 0; i < count; i++)
	{
		infinite |= isinf(scores[i]) != 0;
		scores[i] = isnan(scores[i]) ? -get_float8_infinity() : scores[i];
	}
	if (infinite)
		report_infinite();
}

/*
 * Settle scores in single precision, those that a form makes for many users at
 * once; it has seen that they are finite.
 */
void
settle_single_scores(const float *from, double *scores, int32 count)
{
	for (int32 i = 0; i < count; i++)
		scores[i] = isnan(from[i]) ? -get_float8_infinity() : from[i];
}

/* Take the scores from some items. */
void
leave_out(double *scores, ItemList items)
{
	for (int32 i = 0; i < items.count; i++)
		scores[items.item[i]] = get_float8_nan();
}

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
 * The n best of the scores of a form, best first, palloc'd; the scores are
 * settled.
 */
TopK
rank_scores(double *scores, int32 count, int n)
{
	TopK		top;

	n = Min(n, count);
	topk_init(&top, n, palloc_extended(sizeof(Scored) * (Size) Max(n, 1), MCXT_ALLOC_HUGE));
	settle_scores(scores, count);
	push_scores(&top, scores, count);
	topk_sort(&top);
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
