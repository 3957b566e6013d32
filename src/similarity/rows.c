/*
 * rows.c
 *		Similarities of one row of a sparse matrix to all the others.
 *
 * For each column of the row and each other row that has an entry in it, a term
 * is added to the sums of that row.  After all entries of the row, its similarity
 * to any row that was touched is computed from the sums of the two.  Measures of
 * which a sum and a count are enough (CooccurrenceSums) have loops of their own,
 * which do less than those for all sums (PairSums).
 */
#include <math.h>
#include <string.h>

#include "similarity/rows.h"

/*
 * A sum of squared differences that is not larger than this share of the sum of
 * squares counts as zero: it is what rounding leaves.
 */
#define ROUNDING 1e-12

/*
 * Statistics of the entries of a row; in two passes, for an accurate standard
 * deviation.
 */
RowStats
row_stats(const SparseRows *rows, int32_t row)
{
	RowStats	stats = {0};
	double		sum = 0;
	double		differences = 0;

	stats.count = (int32_t) sparse_row_length(rows, row);
	if (stats.count == 0)
		return stats;
	for (int64_t e = rows->start[row]; e < rows->start[row + 1]; e++)
	{
		sum += rows->value[e];
		stats.square_sum += (double) rows->value[e] * rows->value[e];
	}
	stats.mean = sum / stats.count;
	for (int64_t e = rows->start[row]; e < rows->start[row + 1]; e++)
	{
		double		difference = rows->value[e] - stats.mean;

		differences += difference * difference;
	}
	if (differences > ROUNDING * stats.square_sum)
		stats.stddev = sqrt(differences / stats.count);
	return stats;
}

/* Are CooccurrenceSums enough for a measure? */
bool
similarity_uses_cooccurrence(SimilarityKind kind)
{
	return kind == SIMILARITY_COSINE || kind == SIMILARITY_JACCARD ||
		kind == SIMILARITY_MSD || kind >= SIMILARITY_DOT;
}

/* Is a measure made for weights, where an absent entry counts as 0? */
bool
similarity_takes_weights(SimilarityKind kind)
{
	return kind == SIMILARITY_COSINE || kind == SIMILARITY_DOT ||
		kind == SIMILARITY_ASYMMETRIC_COSINE;
}

/* Add the products of x with a column's entries to the sums of their rows. */
static void
add_products(RowSimilarity *similarity, int32_t column, double x)
{
	const SparseRows *columns = similarity->columns;

	for (int64_t e = columns->start[column]; e < columns->start[column + 1]; e++)
	{
		CooccurrenceSums *sums = &similarity->cooccurrence[columns->index[e]];

		if (sums->n++ == 0)
			similarity->touched[similarity->touched_count++] = columns->index[e];
		sums->sum += x * columns->value[e];
	}
}

/*
 * Add the squared differences of x and a column's entries to the sums of their
 * rows.
 */
static void
add_squared_differences(RowSimilarity *similarity, int32_t column, double x)
{
	const SparseRows *columns = similarity->columns;

	for (int64_t e = columns->start[column]; e < columns->start[column + 1]; e++)
	{
		CooccurrenceSums *sums = &similarity->cooccurrence[columns->index[e]];
		double		difference = x - columns->value[e];

		if (sums->n++ == 0)
			similarity->touched[similarity->touched_count++] = columns->index[e];
		sums->sum += difference * difference;
	}
}

/*
 * Add to all sums that any measure needs, with x and the column's entries less
 * their offsets.
 */
static void
add_all_sums(RowSimilarity *similarity, int32_t row, int32_t column, double x)
{
	const SparseRows *columns = similarity->columns;
	const double *row_offset = similarity->row_offset;
	double		offset = 0;

	if (similarity->column_offset != NULL)
		offset = similarity->column_offset[column];
	x -= offset + (row_offset != NULL ? row_offset[row] : 0);
	for (int64_t e = columns->start[column]; e < columns->start[column + 1]; e++)
	{
		int32_t		other = columns->index[e];
		PairSums   *sums = &similarity->pair[other];
		double		y = columns->value[e] - offset;

		if (row_offset != NULL)
			y -= row_offset[other];
		if (sums->n++ == 0)
			similarity->touched[similarity->touched_count++] = other;
		sums->x += x;
		sums->y += y;
		sums->xx += x * x;
		sums->yy += y * y;
		sums->xy += x * y;
	}
}

/* Start a row: clear what an interrupted computation has left. */
void
row_similarity_start(RowSimilarity *similarity)
{
	row_similarity_end(similarity);
}

/*
 * Accumulate the sums of a row with all others, over a range of its entries,
 * so that the caller can look for interrupts in between.  Afterwards touched[0
 * .. touched_count - 1] are the rows that share a column with it, itself among
 * them, and row_similarity_get may be asked about them.
 */
void
row_similarity_add(RowSimilarity *similarity, int32_t row, int64_t from, int64_t to)
{
	const SparseRows *rows = similarity->rows;

	for (int64_t e = from; e < to; e++)
	{
		if (!similarity_uses_cooccurrence(similarity->measure.kind))
			add_all_sums(similarity, row, rows->index[e], rows->value[e]);
		else if (similarity->measure.kind == SIMILARITY_MSD)
			add_squared_differences(similarity, rows->index[e], rows->value[e]);
		else
			add_products(similarity, rows->index[e], rows->value[e]);
	}
}

/*
 * x / sqrt(a b), or NaN where a or b is zero.  One root of the product, which
 * for single-precision values is far from over- and underflow, makes rows that
 * are multiples of each other exactly as similar as they are: many pairs have
 * few common columns, and ties among the nearest must be ties.
 */
static double
normalized(double x, double a, double b)
{
	if (!(a > 0) || !(b > 0))
		return NAN;
	return x / sqrt(a * b);
}

/*
 * A sum of squared differences, where a remainder that is only rounding counts
 * as zero.
 */
static double
cleaned(double differences, double squares)
{
	return differences > ROUNDING * squares ? differences : 0;
}

/*
 * Pearson correlation over the common columns.  The values have been shifted
 * by a constant for each row, which does not change it, so that means far from
 * zero do not cancel.
 */
static double
pearson(const PairSums *s)
{
	double		n = s->n;

	return normalized(n * s->xy - s->x * s->y,
					  cleaned(n * s->xx - s->x * s->x, n * s->xx),
					  cleaned(n * s->yy - s->y * s->y, n * s->yy));
}

/*
 * The measures that use only products of common values: cosine_common of the
 * values, adjusted_cosine of the values less the mean of their column, and
 * pearson_baseline of the values less their baseline, which shrinks by
 * (n - 1) / (n - 1 + h) (Koren, "Factor in the Neighbors", TKDD 2010, eq. 2).
 */
static double
common_cosine(const PairSums *s, const SimilarityMeasure *measure)
{
	double		cosine = normalized(s->xy, s->xx, s->yy);

	if (measure->kind == SIMILARITY_PEARSON_BASELINE)
		return cosine * (s->n - 1) / (s->n - 1 + measure->shrinkage);
	return cosine;
}

/*
 * sum(xy) / (|x|^(2a) |y|^(2 - 2a)), where "sum" is the first: between half
 * and 1 the similar ones are the more popular (Aiolli, "Efficient Top-N
 * Recommendation for Very Large Scale Binary Rated Datasets", RecSys 2013).
 */
static double
asymmetric_cosine(double sum, double x_squares, double y_squares, double asymmetry)
{
	if (!(x_squares > 0) || !(y_squares > 0))
		return NAN;
	return sum / (pow(x_squares, asymmetry) * pow(y_squares, 1 - asymmetry));
}

/*
 * Over whole rows, absent = 0: cosine sum(xy) / (|x| |y|), asymmetric_cosine,
 * dot sum(xy), jaccard n / (n_x + n_y - n), lift n N / (n_x n_y) with N columns
 * in all, cooccurrence n.  Over common columns: msd 1 / (1 + mean (x - y)^2).
 */
static double
cooccurrence_similarity(const RowSimilarity *similarity, int32_t row, int32_t other)
{
	const CooccurrenceSums *sums = &similarity->cooccurrence[other];
	const RowStats *x = &similarity->row_stats[row];
	const RowStats *y = &similarity->row_stats[other];

	switch (similarity->measure.kind)
	{
		case SIMILARITY_COSINE:
			return normalized(sums->sum, x->square_sum, y->square_sum);
		case SIMILARITY_JACCARD:
			return sums->n / ((double) x->count + y->count - sums->n);
		case SIMILARITY_DOT:
			return sums->sum;
		case SIMILARITY_ASYMMETRIC_COSINE:
			return asymmetric_cosine(sums->sum, x->square_sum, y->square_sum,
									 similarity->measure.asymmetry);
		case SIMILARITY_LIFT:
			return sums->n * similarity->column_count / ((double) x->count * y->count);
		case SIMILARITY_COOCCURRENCE:
			return sums->n;
		default:
			return 1.0 / (1.0 + sums->sum / sums->n);
	}
}

/*
 * The similarity of the current row to another, NaN where it is undefined or
 * has too little support; *support becomes the number of common columns.
 */
double
row_similarity_get(const RowSimilarity *similarity, int32_t row, int32_t other,
				   int32_t *support)
{
	const SimilarityMeasure *measure = &similarity->measure;
	bool		cooccurrence = similarity_uses_cooccurrence(measure->kind);
	int32_t		n = cooccurrence ? similarity->cooccurrence[other].n : similarity->pair[other].n;
	double		value;

	*support = n;
	if (n == 0 || n < measure->min_support)
		return NAN;
	if (measure->kind == SIMILARITY_PEARSON_BASELINE && n < 2)
		return NAN;
	if (cooccurrence)
		value = cooccurrence_similarity(similarity, row, other);
	else if (measure->kind == SIMILARITY_PEARSON)
		value = pearson(&similarity->pair[other]);
	else
		value = common_cosine(&similarity->pair[other], measure);
	if (measure->shrinkage > 0 && measure->kind != SIMILARITY_PEARSON_BASELINE)
		value *= n / (n + measure->shrinkage);
	return value;
}

/* Clear the sums, ready for the next row. */
void
row_similarity_end(RowSimilarity *similarity)
{
	for (int32_t t = 0; t < similarity->touched_count; t++)
	{
		if (similarity->cooccurrence != NULL)
			memset(&similarity->cooccurrence[similarity->touched[t]], 0, sizeof(CooccurrenceSums));
		else
			memset(&similarity->pair[similarity->touched[t]], 0, sizeof(PairSums));
	}
	similarity->touched_count = 0;
}

/*
 * Accumulate the sums of differences x - y of a row to all others, itself
 * among them, and the numbers of common columns, over a range of its entries.
 * The caller clears sums [rows] before the first range.
 */
void
row_differences_add(const SparseRows *rows, const SparseRows *columns, int64_t from,
					int64_t to, CooccurrenceSums *sums)
{
	const		int32_t *index = columns->index;
	const float *value = columns->value;

	for (int64_t e = from; e < to; e++)
	{
		double		x = rows->value[e];
		int64_t		end = columns->start[rows->index[e] + 1];

		for (int64_t c = columns->start[rows->index[e]]; c < end; c++)
		{
			CooccurrenceSums *to_other = &sums[index[c]];

			to_other->sum += x - value[c];
			to_other->n++;
		}
	}
}
