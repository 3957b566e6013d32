/*
 * rows.h
 *		Similarities of one row of a sparse matrix to all the others.
 *
 * The sums that a similarity needs are accumulated over the entries that two
 * rows have in common, for all other rows at once: for each column of the row,
 * for each other row that has the column.  That is one row of the matrix of
 * all pairs, in time proportional to the entries touched; the whole is never
 * held.  Works for items (rows = items, columns = users) and users alike.  The
 * mean differences of slope one are accumulated in the same way.
 */
#ifndef RECSYS_SIMILARITY_ROWS_H
#define RECSYS_SIMILARITY_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "math/sparse.h"

/* Definitions in rows.c, at the function that computes them. */
typedef enum SimilarityKind
{
	SIMILARITY_COSINE,
	SIMILARITY_COSINE_COMMON,
	SIMILARITY_ADJUSTED_COSINE,
	SIMILARITY_PEARSON,
	SIMILARITY_PEARSON_BASELINE,
	SIMILARITY_MSD,
	SIMILARITY_JACCARD,
	SIMILARITY_DOT,
	SIMILARITY_ASYMMETRIC_COSINE,
	SIMILARITY_LIFT,
	SIMILARITY_COOCCURRENCE
} SimilarityKind;

typedef struct SimilarityMeasure
{
	SimilarityKind kind;
	int			min_support;	/* with fewer common columns: undefined */
	double		shrinkage;		/* >= 0 */
	double		asymmetry;		/* of asymmetric_cosine: 0 to 1 */
} SimilarityMeasure;

/* Statistics of one row, over all its entries. */
typedef struct RowStats
{
	double		mean;
	double		stddev;			/* population standard deviation */
	double		square_sum;
	int32_t		count;
} RowStats;

/* Sums over the common columns that are enough for most measures and differences. */
typedef struct CooccurrenceSums
{
	double		sum;
	int32_t		n;
} CooccurrenceSums;

/* Sums over the common columns: all that any measure needs. */
typedef struct PairSums
{
	double		x;
	double		y;
	double		xx;
	double		yy;
	double		xy;
	int32_t		n;
} PairSums;

typedef struct RowSimilarity
{
	SimilarityMeasure measure;
	const SparseRows *rows;
	const SparseRows *columns;	/* the transpose of rows */
	const RowStats *row_stats;	/* [rows] */
	double		column_count;	/* for lift: number of columns, also of those that are
								 * not in this matrix */

	/*
	 * Subtracted from every value before it is used: row_offset[row] +
	 * column_offset[column]; either may be NULL.
	 */
	const double *row_offset;
	const double *column_offset;

	/* Work space of the caller's: one of the two kinds of sums, zeroed. */
	CooccurrenceSums *cooccurrence; /* [rows] */
	PairSums   *pair;			/* [rows] */
	int32_t    *touched;		/* [rows] */

	int32_t		touched_count;	/* rows that share a column with the current */
} RowSimilarity;

extern RowStats row_stats(const SparseRows *rows, int32_t row);
extern bool similarity_uses_cooccurrence(SimilarityKind kind);
extern bool similarity_takes_weights(SimilarityKind kind);
extern void row_similarity_start(RowSimilarity *similarity);
extern void row_similarity_add(RowSimilarity *similarity, int32_t row,
							   int64_t from, int64_t to);
extern double row_similarity_get(const RowSimilarity *similarity, int32_t row,
								 int32_t other, int32_t *support);
extern void row_similarity_end(RowSimilarity *similarity);
extern void row_differences_add(const SparseRows *rows, const SparseRows *columns,
								int64_t from, int64_t to, CooccurrenceSums *sums);

#endif							/* RECSYS_SIMILARITY_ROWS_H */
