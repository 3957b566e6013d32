/*
 * auc.c
 *		How many pairs of a relevant and another item are in the right order:
 *		the area under the curve of a ranking.
 *
 * For each relevant item the others that are before it are counted, ties half.
 * That takes the scores of all items, of which an answer keeps the best alone;
 * so it is asked of the ranker while they are there.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "math/kernels.h"
#include "resources/budget.h"
#include "serving/auc.h"

/* How many of some scores are before a score in their order, ties counting half. */
static double
place_among(const double *score, int64 count, double threshold)
{
	int64		above;
	int64		equal;

	kernels->count_above(count, score, threshold, &above, &equal);
	return above + equal / 2.0;
}

/* The scores of some items, palloc'd. */
static double *
gather(const double *score, ItemList items)
{
	double	   *to = allocate_array(items.count, sizeof(double));

	for (int32 i = 0; i < items.count; i++)
		to[i] = score[items.item[i]];
	return to;
}

/*
 * The share of the pairs, of the relevant items' scores and those of all, the
 * relevant ones among them; NaN in these is an item that is left out.
 */
static double
area_under_curve(const double *score, int64 count, const double *relevant,
				 int32 relevant_count)
{
	int64		others = -relevant_count;
	double		wrong = 0;

	for (int64 i = 0; i < count; i++)
		others += !isnan(score[i]);
	if (others <= 0 || relevant_count == 0)
		return get_float8_nan();
	for (int32 r = 0; r < relevant_count; r++)
	{
		CHECK_FOR_INTERRUPTS();
		wrong += place_among(score, count, relevant[r]) -
			place_among(relevant, relevant_count, relevant[r]);
	}
	return 1 - wrong / ((double) others * relevant_count);
}

/*
 * The same where all items are in the order of popularity but for what is left
 * out: the place of an item is that in the whole order less those left out
 * before it.
 */
static double
popular_area(Ranker *ranker, ItemList relevant)
{
	PopularOrder *order = ranker->popular;
	const double *place = popular_places(order);
	int64		others = order->items - ranker->left_out.count - relevant.count;
	double	   *score = gather(order->count, relevant);
	double	   *left_out = gather(order->count, ranker->left_out);
	double		wrong = 0;

	for (int32 r = 0; r < relevant.count; r++)
		wrong += place[relevant.item[r]] -
			place_among(left_out, ranker->left_out.count, score[r]) -
			place_among(score, relevant.count, score[r]);
	pfree(score);
	pfree(left_out);
	if (others <= 0 || relevant.count == 0)
		return get_float8_nan();
	return 1 - wrong / ((double) others * relevant.count);
}

/* The same among the candidates of a request. */
static double
area_among_candidates(const double *score, ItemList candidates, const double *relevant,
					  int32 relevant_count)
{
	double	   *some = gather(score, candidates);
	double		area = area_under_curve(some, candidates.count, relevant, relevant_count);

	pfree(some);
	return area;
}

/*
 * The share of the pairs of a relevant and another item that have the relevant
 * one first, in the order by which the ranker has just answered a request; NaN
 * if there are no pairs.  Where there are candidates, the relevant items are
 * among them.
 */
double
answer_auc(Ranker *ranker, const Request *request, ItemList relevant)
{
	double	   *score;
	double		area;

	if (!ranker->scored)
		return popular_area(ranker, relevant);
	score = gather(ranker->score, relevant);
	if (request->candidates != NULL)
		area = area_among_candidates(ranker->score, *request->candidates, score,
									 relevant.count);
	else
		area = area_under_curve(ranker->score, ranker->model->header.items, score,
								relevant.count);
	pfree(score);
	return area;
}
