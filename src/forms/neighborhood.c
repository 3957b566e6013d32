/*
 * neighborhood.c
 *		The ratings of a neighborhood, and the similarities of its rows.
 *
 * Of the similarities of one row to all others a prediction needs those of the
 * neighbors that have the rating: so the row is computed when it is needed
 * (rows.c), and kept for a while, or comes from the list kept for it.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "forms/neighborhood.h"
#include "model/model.h"
#include "resources/budget.h"

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

/* The statistics of every row. */
static RowStats *
all_row_stats(const SparseRows *rows)
{
	RowStats   *stats = allocate_array(rows->rows, sizeof(RowStats));

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
	Assert(lists->rows == hood_rows(hood)->rows && lists->cols == lists->rows);
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
	Assert(by_user->rows == by_item->cols && by_item->rows == by_user->cols);
	Assert(sparse_entries(by_user) == sparse_entries(by_item));
	hood->by_user = *by_user;
	hood->by_item = *by_item;
	hood->mean = mean;
	hood->stddev = stddev;
	hood->candidate = allocate_array((Size) hood_rows(hood)->rows + 1, sizeof(double));
	hood->user_stats = all_row_stats(by_user);
	hood->item_stats = all_row_stats(by_item);
	hood->column_count[SIDE_USERS] = by_item->rows;
	hood->column_count[SIDE_ITEMS] = by_user->rows;
}

/* What a measure subtracts from the values of each row of a side. */
static double *
row_offsets(const Neighborhood *hood, Side side, int32 rows)
{
	double	   *offset = allocate_array(rows, sizeof(double));

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
	double	   *offset = allocate_array(columns, sizeof(double));

	for (int32 c = 0; c < columns; c++)
	{
		if (hood->params.measure.kind == SIMILARITY_ADJUSTED_COSINE)
			offset[c] = side_stats(hood, OTHER_SIDE(side))[c].mean;
		else
			offset[c] = side_bias(hood, OTHER_SIDE(side))[c];
	}
	return offset;
}

/* Weigh the values of a matrix into "value". */
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
	const SparseRows *rows = hood_by(hood, side);
	const SparseRows *columns = hood_by(hood, OTHER_SIDE(side));
	double		mean_length = weighting_mean_length(rows);
	double	   *row_scale = allocate_array_zero(rows->rows, sizeof(double));
	double	   *column_scale = allocate_array_zero(columns->rows, sizeof(double));

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
		row_value = allocate_array(entries, sizeof(float));
		column_value = allocate_array(entries, sizeof(float));
		neighborhood_weigh(hood, side, row_value, column_value);
	}
	similarity->rows = with_values(similarity->rows, row_value);
	similarity->columns = with_values(similarity->columns, column_value);
	similarity->row_stats = all_row_stats(similarity->rows);
}

/* Make what computes similarities of a side; it stays with the neighborhood. */
static RowSimilarity *
make_similarity(Neighborhood *hood, Side side)
{
	RowSimilarity *similarity = palloc0(sizeof(RowSimilarity));
	SimilarityKind kind = hood->params.measure.kind;
	int32		rows;

	similarity->measure = hood->params.measure;
	similarity->rows = hood_by(hood, side);
	similarity->columns = hood_by(hood, OTHER_SIDE(side));
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
		similarity->cooccurrence = allocate_array_zero(rows, sizeof(CooccurrenceSums));
	else
		similarity->pair = allocate_array_zero(rows, sizeof(PairSums));
	similarity->touched = allocate_array_zero(rows, sizeof(int32));
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

/* Similarities of a row from the list that was kept for it. */
static void
copy_list(const Neighborhood *hood, int32 row, double *to)
{
	const SparseRows *lists = &hood->lists;

	for (int64 e = lists->start[row]; e < lists->start[row + 1]; e++)
		to[lists->index[e]] = lists->value[e];
}

/* Make all of some numbers NaN. */
static void
fill_nan(double *values, int32 count)
{
	for (int32 i = 0; i < count; i++)
		values[i] = get_float8_nan();
}

/* The similarities of a row to all, NaN where there is none. */
const double *
neighborhood_row(Neighborhood *hood, int32 row)
{
	int32		rows = hood_rows(hood)->rows;
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

/*
 * Similarities of a user or item to all of its side, NaN where there is none
 * or it was not kept.  If support is not NULL they come from the ratings even
 * if there are lists, which do not have the numbers of common columns.
 */
void
neighborhood_compare(Neighborhood *hood, Side side, int32 row, double *scores,
					 int32 *support)
{
	fill_nan(scores, hood_by(hood, side)->rows);
	if (hood->has_lists && side == hood->params.side && support == NULL)
		copy_list(hood, row, scores);
	else
		compute_row(hood, side, row, scores, support);
}
