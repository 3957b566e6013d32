/*
 * neighborhood_score.c
 *		Scores from the k nearest neighbors.
 *
 * The k nearest are taken among the neighbors that have the rating.  Scoring
 * all items for a user takes one row of similarities for user k-NN, and for
 * item k-NN one row for each item that the user has rated.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "forms/neighborhood_score.h"
#include "forms/ranking.h"
#include "math/topk.h"
#include "model/model.h"
#include "resources/budget.h"

/* A score as it adds up. */
typedef struct Tally
{
	double		sum;
	double		weight;
	int32		n;
} Tally;

/* The baseline prediction for a row and a column; -1 is one not known. */
static double
baseline(const Neighborhood *hood, int32 row, int32 column)
{
	Side		side = hood->params.side;

	return hood->mean +
		(row >= 0 ? side_bias(hood, side)[row] : 0) +
		(column >= 0 ? side_bias(hood, OTHER_SIDE(side))[column] : 0);
}

/* Does a similarity count as that of a neighbor? */
static inline bool
counts(const Neighborhood *hood, double similarity)
{
	if (hood->params.score == SCORE_AVERAGE)
		return !isnan(similarity);
	return similarity > 0;
}

/* The deviation of a row, or one that can stand for it, never zero. */
static inline double
row_deviation(const Neighborhood *hood, int32 row)
{
	double		stddev = side_stats(hood, hood->params.side)[row].stddev;

	if (stddev > 0)
		return stddev;
	return hood->stddev > 0 ? hood->stddev : 1;
}

/* Add the rating that neighbor "row" gives to "column". */
static inline void
tally_add(const Neighborhood *hood, Tally *tally, double similarity, int32 row,
		  int32 column, double rating)
{
	const RowStats *stats = side_stats(hood, hood->params.side);

	switch (hood->params.score)
	{
		case SCORE_CENTERED:
			rating -= stats[row].mean;
			break;
		case SCORE_ZSCORE:
			rating = (rating - stats[row].mean) / row_deviation(hood, row);
			break;
		case SCORE_BASELINE:
			rating -= baseline(hood, row, column);
			break;
		default:
			break;
	}
	tally->sum += similarity * rating;
	tally->weight += similarity;
	tally->n++;
}

/* The score of "row" and "column" once all neighbors have been added. */
static double
tally_score(const Neighborhood *hood, const Tally *tally, int32 row, int32 column)
{
	const RowStats *stats = &side_stats(hood, hood->params.side)[row];
	bool		enough = tally->n >= Max(hood->params.min_k, 1);
	double		mean = enough && tally->weight > 0 ? tally->sum / tally->weight : 0;

	switch (hood->params.score)
	{
		case SCORE_WEIGHTED_MEAN:
			return enough ? mean : hood->mean;
		case SCORE_SUM:
			return enough ? tally->sum : 0;
		case SCORE_AVERAGE:
			return enough ? tally->sum / tally->n : 0;
		case SCORE_CENTERED:
			return stats->mean + mean;
		case SCORE_ZSCORE:
			return stats->mean + row_deviation(hood, row) * mean;
		case SCORE_BASELINE:
			return baseline(hood, row, column) + mean;
	}
	return 0;
}

/* The best guess when the row, the column or both are not known (-1). */
static double
predict_unknown(const Neighborhood *hood, int32 row, int32 column)
{
	Side		side = hood->params.side;

	switch (hood->params.score)
	{
		case SCORE_SUM:
		case SCORE_AVERAGE:
			return 0;
		case SCORE_BASELINE:
			return baseline(hood, row, column);
		default:
			break;
	}
	if (row >= 0)
		return side_stats(hood, side)[row].mean;
	if (column >= 0)
		return side_stats(hood, OTHER_SIDE(side))[column].mean;
	return hood->mean;
}

/* The score of an item for a user who has nothing near it. */
double
neighborhood_fallback(const Neighborhood *hood, int32 user, int32 item)
{
	Tally		nothing = {0};

	return hood->params.side == SIDE_ITEMS ? tally_score(hood, &nothing, item, user) :
		tally_score(hood, &nothing, user, item);
}

/*
 * The similarity of the least similar of the k nearest to "row" among those
 * that have a rating in the column, and how many of the equally similar are
 * among the k.  Where there are no more than k, or all count: 0.
 */
static double
nearest_bound(Neighborhood *hood, const double *similarity, int32 row, int32 column,
			  int64 *equal)
{
	const SparseRows *columns = hood_columns(hood);
	const int32 *other = columns->index + columns->start[column];
	int64		raters = sparse_row_length(columns, column);
	int64		k = hood->params.k;
	double	   *candidate = hood->candidate;
	int64		count = 0;
	double		bound;

	*equal = PG_INT64_MAX;
	if (hood->params.score == SCORE_AVERAGE || raters <= k)
		return -get_float8_infinity();
	for (int64 i = 0; i < raters; i++)
	{
		candidate[count] = similarity[other[i]];
		count += other[i] != row && candidate[count] > 0;
	}
	if (count <= k)
		return -get_float8_infinity();
	bound = kth_largest(candidate, count, k);
	*equal = 0;
	for (int64 i = 0; i < k; i++)
		*equal += candidate[i] == bound;
	return bound;
}

/*
 * The score of an item for a user; -1 is one not known.  The user's own rating
 * of the item, if there is one, is left out.
 */
double
neighborhood_predict(Neighborhood *hood, int32 user, int32 item)
{
	Side		side = hood->params.side;
	int32		row = side == SIDE_ITEMS ? item : user;
	int32		column = side == SIDE_ITEMS ? user : item;
	const SparseRows *columns = hood_columns(hood);
	const double *similarity;
	Tally		tally = {0};
	double		bound;
	int64		equal;

	if (row < 0 || column < 0)
		return predict_unknown(hood, row, column);
	similarity = neighborhood_row(hood, row);
	bound = nearest_bound(hood, similarity, row, column, &equal);

	/* Of the equally similar those with the smaller index come first. */
	for (int64 e = columns->start[column]; e < columns->start[column + 1]; e++)
	{
		int32		other = columns->index[e];

		if (other == row || !counts(hood, similarity[other]) ||
			similarity[other] < bound || (similarity[other] == bound && equal-- <= 0))
			continue;
		tally_add(hood, &tally, similarity[other], other, column, columns->value[e]);
	}
	return tally_score(hood, &tally, row, column);
}

/* By similarity, the greatest first; of equal ones the smaller index. */
static int
compare_scored(const void *a, const void *b, void *arg)
{
	if (scored_before(*(const Scored *) a, *(const Scored *) b))
		return -1;
	return scored_before(*(const Scored *) b, *(const Scored *) a) ? 1 : 0;
}

/* The neighbors of a row, nearest first, palloc'd. */
static Scored *
neighbors_in_order(Neighborhood *hood, int32 row, int32 *count)
{
	const double *similarity = neighborhood_row(hood, row);
	int32		rows = hood_rows(hood)->rows;
	Scored	   *neighbor = allocate_array(rows, sizeof(Scored));

	*count = 0;
	for (int32 r = 0; r < rows; r++)
		if (counts(hood, similarity[r]))
			neighbor[(*count)++] = (Scored) {similarity[r], r};
	qsort_interruptible(neighbor, *count, sizeof(Scored), compare_scored, NULL);
	return neighbor;
}

/*
 * User k-NN: the neighbors in order, nearest first, each adding what it has
 * rated where k nearer ones have not done so before it.
 */
static void
tally_by_users(Neighborhood *hood, int32 user, Tally *tally)
{
	int64		limit = hood->params.score == SCORE_AVERAGE ? PG_INT64_MAX : hood->params.k;
	const SparseRows *by_user = &hood->by_user;
	int32		count;
	Scored	   *neighbor = neighbors_in_order(hood, user, &count);

	for (int32 i = 0; i < count; i++)
	{
		int32		other = neighbor[i].index;

		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_user->start[other]; e < by_user->start[other + 1]; e++)
			if (tally[by_user->index[e]].n < limit)
				tally_add(hood, &tally[by_user->index[e]], neighbor[i].score,
						  other, by_user->index[e], by_user->value[e]);
	}
	pfree(neighbor);
}

/*
 * Item k-NN: what each of a user's items adds to the items that are like it.
 * Where k cuts, the nearest k of an item's neighbors among the user's items
 * are kept until all have been seen.
 */
typedef struct ItemTally
{
	Tally	   *tally;			/* [items] */
	TopK	   *nearest;		/* [items], heap NULL until needed; or NULL: k does not cut */
	int			k;
	Size		bytes;			/* of all heaps */
} ItemTally;

/* Offer an item one of the user's own as a neighbor. */
static void
offer_neighbor(Neighborhood *hood, ItemTally *items, int32 user, int32 item,
				double similarity, int32 own, double rating)
{
	TopK	   *nearest;

	if (items->nearest == NULL)
	{
		tally_add(hood, &items->tally[item], similarity, own, user, rating);
		return;
	}
	nearest = &items->nearest[item];
	if (nearest->heap == NULL)
	{
		Size		bytes = mul_size(items->k, sizeof(Scored));

		items->bytes = add_size(items->bytes, bytes);
		model_require_memory(items->bytes, "keeping the nearest neighbors of all items");
		topk_init(nearest, items->k, MemoryContextAllocHuge(CurrentMemoryContext, bytes));
	}
	topk_push(nearest, similarity, own);
}

/* Offer one of a user's items to all that are like it. */
static void
offer_item(Neighborhood *hood, ItemTally *items, int32 user, int32 own, double rating)
{
	const SparseRows *reversed_lists = &hood->reversed_lists;
	RowSimilarity *similarity;
	int32		support;

	if (hood->has_lists)
	{
		for (int64 e = reversed_lists->start[own]; e < reversed_lists->start[own + 1]; e++)
			offer_neighbor(hood, items, user, reversed_lists->index[e], reversed_lists->value[e], own, rating);
		return;
	}
	similarity = neighborhood_similarity(hood, SIDE_ITEMS);
	accumulate_row(similarity, own);
	for (int32 t = 0; t < similarity->touched_count; t++)
	{
		int32		item = similarity->touched[t];
		double		value = row_similarity_get(similarity, own, item, &support);

		if (item != own && counts(hood, value))
			offer_neighbor(hood, items, user, item, value, own, rating);
	}
	row_similarity_end(similarity);
}

/* Add the nearest neighbors of an item that were kept, nearest first. */
static void
tally_nearest(Neighborhood *hood, ItemTally *items, int32 user, const UserProfile *profile,
			  int32 item)
{
	TopK	   *nearest = &items->nearest[item];

	topk_sort(nearest);
	Assert(ranking_is_valid(nearest, hood->by_item.rows));
	for (int i = 0; i < nearest->count; i++)
	{
		Scored		other = nearest->heap[i];

		tally_add(hood, &items->tally[item], other.score, other.index, user,
				  profile->value[profile_place(profile, other.index)]);
	}
}

/* Item k-NN: each of the user's items in turn is offered to those that are like it. */
static void
tally_by_items(Neighborhood *hood, int32 user, const UserProfile *profile, Tally *tally)
{
	int32		count = hood->by_item.rows;
	ItemTally	items = {.tally = tally, .k = hood->params.k};

	if (hood->params.score != SCORE_AVERAGE && hood->params.k < profile->count)
		items.nearest = allocate_array_zero(count, sizeof(TopK));
	for (int32 i = 0; i < profile->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		offer_item(hood, &items, user, profile->item[i], profile->value[i]);
	}
	for (int32 item = 0; items.nearest != NULL && item < count; item++)
		tally_nearest(hood, &items, user, profile, item);
}

/* Score all items for a user, -1 if they are not among the users, of a profile. */
static void
score_by_profile(Neighborhood *hood, int32 user, const UserProfile *profile, double *scores)
{
	Side		side = hood->params.side;
	int32		count = hood->by_item.rows;
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys scores",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	Tally	   *tally = allocate_array_zero(count, sizeof(Tally));

	if (side == SIDE_ITEMS)
		tally_by_items(hood, user, profile, tally);
	else
		tally_by_users(hood, user, tally);
	for (int32 item = 0; item < count; item++)
	{
		if (tally[item].n < Max(hood->params.min_k, 1))
			scores[item] = get_float8_nan();
		else
			scores[item] = tally_score(hood, &tally[item], side == SIDE_ITEMS ? item : user,
									   side == SIDE_ITEMS ? user : item);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

/*
 * Scores of all items for a user, NaN for items with fewer than min_k
 * neighbors that count.
 */
void
neighborhood_score(Neighborhood *hood, int32 user, double *scores)
{
	UserProfile profile = profile_of_row(&hood->by_user, user);

	score_by_profile(hood, user, &profile, scores);
}

/*
 * The same for somebody who is not among the users, from what they have rated.
 * The rows must be items.
 */
void
neighborhood_score_profile(Neighborhood *hood, const UserProfile *profile, double *scores)
{
	Assert(hood->params.side == SIDE_ITEMS);
	Assert(profile_is_valid(profile, hood->by_item.rows));
	score_by_profile(hood, -1, profile, scores);
}
