/*
 * neighborhood.c
 *		k-nearest-neighbor scores from ratings, or from kept lists.
 *
 * The k nearest are taken among the neighbors that have the rating, so
 * a prediction looks at the similarities of one row to all others: that row is
 * computed when it is needed (rows.c), or comes from the list kept for it.
 * Scoring all items for a user takes one row for user k-NN, and for item k-NN
 * one row for each item that the user has rated.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "forms/neighborhood.h"
#include "math/topk.h"
#include "model/model.h"

/* By SimilarityKind. */
const char *const similarity_names[] = {
	"cosine", "cosine_common", "adjusted_cosine", "pearson", "pearson_baseline",
	"msd", "jaccard", "dot", "asymmetric_cosine", "lift", "cooccurrence", NULL
};

/* By WeightingKind. */
const char *const weighting_names[] = {"none", "tfidf", "bm25", NULL};

/* By ScoreKind. */
const char *const score_names[] = {
	"weighted_mean", "sum", "average", "centered", "zscore", "baseline", NULL
};

/* A score as it adds up. */
typedef struct Tally
{
	double		sum;
	double		weight;
	int32		n;
} Tally;

/* Does anything here need the baselines of users and items? */
bool
params_need_baseline(const NeighborParams *params)
{
	return params->score == SCORE_BASELINE ||
		params->measure.kind == SIMILARITY_PEARSON_BASELINE;
}

/* Are similarities of weighted values? */
bool
params_weigh(const NeighborParams *params)
{
	return params->weighting.kind != WEIGHTING_NONE &&
		similarity_takes_weights(params->measure.kind);
}

/* A neighborhood without ratings, in the current memory context. */
Neighborhood *
neighborhood_create(const NeighborParams *params)
{
	Neighborhood *hood = palloc0(sizeof(Neighborhood));

	hood->params = *params;
	hood->cache_bytes = ROW_CACHE_BYTES;
	hood->context = CurrentMemoryContext;
	return hood;
}

static const SparseRows *
row_side(const Neighborhood *hood)
{
	return hood->params.side == SIDE_ITEMS ? &hood->by_item : &hood->by_user;
}

static RowStats *
all_row_stats(const SparseRows *rows)
{
	RowStats   *stats = MemoryContextAllocHuge(CurrentMemoryContext,
											   sizeof(RowStats) * Max(rows->rows, 1));

	for (int32 r = 0; r < rows->rows; r++)
	{
		stats[r] = row_stats(rows, r);
		CHECK_FOR_INTERRUPTS();
	}
	return stats;
}

/*
 * Give the neighborhood lists of nearest rows, which it keeps, and turns
 * round for item k-NN: which rows list this one.
 */
void
neighborhood_set_lists(Neighborhood *hood, const SparseRows *lists)
{
	hood->lists = *lists;
	hood->has_lists = true;
	if (hood->params.side == SIDE_USERS)
		return;
	sparse_allocate(&hood->reversed_lists, lists->cols, lists->rows, sparse_entries(lists));
	sparse_transpose(lists, &hood->reversed_lists);
}

/*
 * Give the neighborhood its ratings, which it keeps, and compute the
 * statistics of their rows.
 */
void
neighborhood_set_ratings(Neighborhood *hood, const SparseRows *by_user,
						 const SparseRows *by_item, double mean, double stddev)
{
	hood->by_user = *by_user;
	hood->by_item = *by_item;
	hood->mean = mean;
	hood->stddev = stddev;
	hood->candidate = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(double) * ((Size) row_side(hood)->rows + 1));
	hood->user_stats = all_row_stats(by_user);
	hood->item_stats = all_row_stats(by_item);
	hood->column_count[false] = by_item->rows;
	hood->column_count[true] = by_user->rows;
}

static const RowStats *
side_stats(const Neighborhood *hood, Side side)
{
	return side == SIDE_ITEMS ? hood->item_stats : hood->user_stats;
}

static const float *
side_bias(const Neighborhood *hood, Side side)
{
	return side == SIDE_ITEMS ? hood->item_bias : hood->user_bias;
}

/* What a measure subtracts from the values of each row of a side. */
static double *
row_offsets(const Neighborhood *hood, Side side, int32 rows)
{
	double	   *offset = MemoryContextAllocHuge(CurrentMemoryContext,
												sizeof(double) * Max(rows, 1));

	for (int32 r = 0; r < rows; r++)
	{
		/* A whole number, so that ratings that are equal stay exactly so. */
		if (hood->params.measure.kind == SIMILARITY_PEARSON)
			offset[r] = rint(side_stats(hood, side)[r].mean);
		else
			offset[r] = hood->mean + side_bias(hood, side)[r];
	}
	return offset;
}

/* What a measure subtracts from the values of each column of a side. */
static double *
column_offsets(const Neighborhood *hood, Side side, int32 columns)
{
	double	   *offset = MemoryContextAllocHuge(CurrentMemoryContext,
												sizeof(double) * Max(columns, 1));

	for (int32 c = 0; c < columns; c++)
	{
		if (hood->params.measure.kind == SIMILARITY_ADJUSTED_COSINE)
			offset[c] = side_stats(hood, OTHER_SIDE(side))[c].mean;
		else
			offset[c] = side_bias(hood, OTHER_SIDE(side))[c];
	}
	return offset;
}

static void *
zeroed_array(int32 count, Size element)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, mul_size(Max(count, 1), element),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
weigh_all(const Weighting *weighting, const SparseRows *matrix, bool transposed,
		  const double *row_scale, const double *column_scale, float *value)
{
	for (int32 row = 0; row < matrix->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		weighting_apply(weighting, matrix, row, transposed, row_scale, column_scale, value);
	}
}

/*
 * The weighted values of the ratings by the rows of a side, and by its
 * columns, at the places of the ratings.
 */
void
neighborhood_weigh(const Neighborhood *hood, Side side, float *row_value,
				   float *column_value)
{
	const Weighting *weighting = &hood->params.weighting;
	const SparseRows *rows = side == SIDE_ITEMS ? &hood->by_item : &hood->by_user;
	const SparseRows *columns = side == SIDE_ITEMS ? &hood->by_user : &hood->by_item;
	double		mean_length = weighting_mean_length(rows);
	double	   *row_scale = zeroed_array(rows->rows, sizeof(double));
	double	   *column_scale = zeroed_array(columns->rows, sizeof(double));

	weighting_columns(columns, 0, columns->rows, column_scale);
	for (int32 row = 0; row < rows->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		row_scale[row] = weighting_row(weighting, rows, row, mean_length, column_scale);
	}
	weigh_all(weighting, rows, false, row_scale, column_scale, row_value);
	weigh_all(weighting, columns, true, row_scale, column_scale, column_value);
	pfree(row_scale);
	pfree(column_scale);
}

/* The same matrix with other values. */
static SparseRows *
with_values(const SparseRows *matrix, float *value)
{
	SparseRows *copy = palloc(sizeof(SparseRows));

	*copy = *matrix;
	copy->value = value;
	return copy;
}

/* Have a similarity compare weighted values: those made already, or new ones. */
static void
compare_weighted(Neighborhood *hood, Side side, RowSimilarity *similarity)
{
	float	   *row_value = hood->weighted_rows;
	float	   *column_value = hood->weighted_columns;
	int64		entries = sparse_entries(similarity->rows);

	if (row_value == NULL || side != hood->params.side)
	{
		Size		bytes = sizeof(float) * (Size) Max(entries, 1);

		row_value = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
		column_value = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
		neighborhood_weigh(hood, side, row_value, column_value);
	}
	similarity->rows = with_values(similarity->rows, row_value);
	similarity->columns = with_values(similarity->columns, column_value);
	similarity->row_stats = all_row_stats(similarity->rows);
}

static RowSimilarity *
make_similarity(Neighborhood *hood, Side side)
{
	RowSimilarity *similarity = palloc0(sizeof(RowSimilarity));
	SimilarityKind kind = hood->params.measure.kind;
	int32		rows;

	similarity->measure = hood->params.measure;
	similarity->rows = side == SIDE_ITEMS ? &hood->by_item : &hood->by_user;
	similarity->columns = side == SIDE_ITEMS ? &hood->by_user : &hood->by_item;
	similarity->row_stats = side_stats(hood, side);
	similarity->column_count = hood->column_count[side];
	if (params_weigh(&hood->params))
		compare_weighted(hood, side, similarity);
	rows = similarity->rows->rows;
	if (kind == SIMILARITY_PEARSON || kind == SIMILARITY_PEARSON_BASELINE)
		similarity->row_offset = row_offsets(hood, side, rows);
	if (kind == SIMILARITY_ADJUSTED_COSINE || kind == SIMILARITY_PEARSON_BASELINE)
		similarity->column_offset = column_offsets(hood, side,
												   similarity->columns->rows);
	if (similarity_uses_cooccurrence(kind))
		similarity->cooccurrence = zeroed_array(rows, sizeof(CooccurrenceSums));
	else
		similarity->pair = zeroed_array(rows, sizeof(PairSums));
	similarity->touched = zeroed_array(rows, sizeof(int32));
	return similarity;
}

/* The engine for similarities between items or between users. */
RowSimilarity *
neighborhood_similarity(Neighborhood *hood, Side side)
{
	if (hood->similarity[side] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(hood->context);

		hood->similarity[side] = make_similarity(hood, side);
		MemoryContextSwitchTo(old);
	}
	return hood->similarity[side];
}

/* Entries of a row that are accumulated between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 256

/* Accumulate the sums of a row with all others; see row_similarity_add. */
void
accumulate_row(RowSimilarity *similarity, int32 row)
{
	int64		end = similarity->rows->start[row + 1];

	row_similarity_start(similarity);
	for (int64 e = similarity->rows->start[row]; e < end; e += ENTRIES_PER_CHECK)
	{
		CHECK_FOR_INTERRUPTS();
		row_similarity_add(similarity, row, e, Min(e + ENTRIES_PER_CHECK, end));
	}
}

/* Similarities of a row to all others of its side into "to", else NaN. */
static void
compute_row(Neighborhood *hood, Side side, int32 row, double *to, int32 *support)
{
	RowSimilarity *similarity = neighborhood_similarity(hood, side);
	int32		n;

	accumulate_row(similarity, row);
	for (int32 t = 0; t < similarity->touched_count; t++)
	{
		int32		other = similarity->touched[t];

		if (other == row)
			continue;
		to[other] = row_similarity_get(similarity, row, other, &n);
		if (support != NULL)
			support[other] = n;
	}
	row_similarity_end(similarity);
}

/* Likewise, from the list kept for the row. */
static void
copy_list(const Neighborhood *hood, int32 row, double *to)
{
	const SparseRows *lists = &hood->lists;

	for (int64 e = lists->start[row]; e < lists->start[row + 1]; e++)
		to[lists->index[e]] = lists->value[e];
}

static void
fill_nan(double *values, int32 count)
{
	for (int32 i = 0; i < count; i++)
		values[i] = get_float8_nan();
}

/* The similarities of a row to all, NaN where there is none. */
static const double *
load_row(Neighborhood *hood, int32 row)
{
	int32		rows = row_side(hood)->rows;
	double	   *similarity;

	if (hood->cache == NULL)
		hood->cache = row_cache_create(rows, sizeof(double) * rows, hood->cache_bytes,
									   hood->context);
	similarity = row_cache_find(hood->cache, row);
	if (similarity != NULL)
		return similarity;
	similarity = row_cache_claim(hood->cache, row);
	fill_nan(similarity, rows);
	if (hood->has_lists)
		copy_list(hood, row, similarity);
	else
		compute_row(hood, hood->params.side, row, similarity, NULL);
	row_cache_keep(hood->cache, row);
	return similarity;
}

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
	const SparseRows *columns = hood->params.side == SIDE_ITEMS ? &hood->by_user : &hood->by_item;
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
	const SparseRows *columns = side == SIDE_ITEMS ? &hood->by_user : &hood->by_item;
	const double *similarity;
	Tally		tally = {0};
	double		bound;
	int64		equal;

	if (row < 0 || column < 0)
		return predict_unknown(hood, row, column);
	similarity = load_row(hood, row);
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
	const double *similarity = load_row(hood, row);
	int32		rows = row_side(hood)->rows;
	Scored	   *neighbor = MemoryContextAllocHuge(CurrentMemoryContext,
												   sizeof(Scored) * Max(rows, 1));

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
		items.nearest = zeroed_array(count, sizeof(TopK));
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
	Tally	   *tally = zeroed_array(count, sizeof(Tally));

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
	score_by_profile(hood, -1, profile, scores);
}

/*
 * Similarities of a user or item to all of its side, NaN where there is none
 * or it was not kept.  If support is not NULL they come from the ratings even
 * if there are lists, which do not have the numbers of common columns.
 */
void
neighborhood_compare(Neighborhood *hood, Side side, int32 row, double *scores,
					 int32 *support)
{
	fill_nan(scores, (side == SIDE_ITEMS ? &hood->by_item : &hood->by_user)->rows);
	if (hood->has_lists && side == hood->params.side && support == NULL)
		copy_list(hood, row, scores);
	else
		compute_row(hood, side, row, scores, support);
}
