/*
 * weighting.c
 *		Weighted values of a sparse matrix, for similarities of its rows.
 *
 * As for words in texts (Robertson and Zaragoza, "The Probabilistic Relevance
 * Framework: BM25 and Beyond", 2009): a row is a text, a column a word.  With
 * N rows, a column with n entries has idf = ln N - ln (1 + n), and an entry x
 * becomes
 *
 *		tfidf	sqrt(x) idf, the row then being divided by its norm
 *		bm25	x (k1 + 1) / (k1 L + x) idf, L = (1 - b) + b length / mean length
 *
 * where the length of a row is the sum of its entries.  Both depend on the entry,
 * one number of its row and one of its column; the caller computes these numbers
 * first.
 */
#include <math.h>

#include "similarity/weighting.h"

/*
 * The numbers of columns "from" to before "to": idf.  "columns" is the
 * transpose of the matrix.
 */
void
weighting_columns(const SparseRows *columns, int32_t from, int32_t to, double *column_scale)
{
	for (int32_t column = from; column < to; column++)
		column_scale[column] = log((double) columns->cols) -
			log1p((double) sparse_row_length(columns, column));
}

/* The length of a row: the sum of its entries. */
static double
row_length(const SparseRows *rows, int32_t row)
{
	double		sum = 0;

	for (int64_t e = rows->start[row]; e < rows->start[row + 1]; e++)
		sum += rows->value[e];
	return sum;
}

/* The mean length of all rows; 0 if there are none. */
double
weighting_mean_length(const SparseRows *rows)
{
	double		sum = 0;

	for (int32_t row = 0; row < rows->rows; row++)
		sum += row_length(rows, row);
	return rows->rows > 0 ? sum / rows->rows : 0;
}

/* The number of a row: for tfidf 1 / norm, for bm25 k1 L. */
double
weighting_row(const Weighting *weighting, const SparseRows *rows, int32_t row,
			  double mean_length, const double *column_scale)
{
	double		squares = 0;

	if (weighting->kind == WEIGHTING_BM25)
		return weighting->k1 * (1 - weighting->b + (mean_length > 0 ?
													weighting->b * row_length(rows, row) / mean_length : 0));
	for (int64_t e = rows->start[row]; e < rows->start[row + 1]; e++)
	{
		double		idf = column_scale[rows->index[e]];

		squares += rows->value[e] * idf * idf;
	}
	return squares > 0 ? 1 / sqrt(squares) : 0;
}

/*
 * The weight of an entry x, from the numbers of its row and its column; 0 if x
 * is not positive.
 */
static double
weighted(const Weighting *weighting, double x, double row_scale, double column_scale)
{
	if (!(x > 0))
		return 0;
	if (weighting->kind == WEIGHTING_BM25)
		return x * (weighting->k1 + 1) / (row_scale + x) * column_scale;
	return sqrt(x) * row_scale * column_scale;
}

/*
 * The weighted values of a row of the matrix, or of its transpose, at the
 * places of its entries in "value".
 */
void
weighting_apply(const Weighting *weighting, const SparseRows *matrix, int32_t row,
				bool transposed, const double *row_scale, const double *column_scale,
				float *value)
{
	for (int64_t e = matrix->start[row]; e < matrix->start[row + 1]; e++)
	{
		int32_t		r = transposed ? matrix->index[e] : row;
		int32_t		c = transposed ? row : matrix->index[e];

		value[e] = weighted(weighting, matrix->value[e], row_scale[r], column_scale[c]);
	}
}
