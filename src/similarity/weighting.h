/*
 * weighting.h
 *		Weighted values of a sparse matrix, for similarities of its rows.
 */
#ifndef RECSYS_SIMILARITY_WEIGHTING_H
#define RECSYS_SIMILARITY_WEIGHTING_H

#include "math/sparse.h"

/* Definitions in weighting.c. */
typedef enum WeightingKind
{
	WEIGHTING_NONE,
	WEIGHTING_TFIDF,
	WEIGHTING_BM25
} WeightingKind;

typedef struct Weighting
{
	WeightingKind kind;
	double		k1;				/* of bm25 */
	double		b;
} Weighting;

extern void weighting_columns(const SparseRows *columns, int32_t from, int32_t to,
							  double *column_scale);
extern double weighting_mean_length(const SparseRows *rows);
extern double weighting_row(const Weighting *weighting, const SparseRows *rows, int32_t row,
							double mean_length, const double *column_scale);
extern void weighting_apply(const Weighting *weighting, const SparseRows *matrix, int32_t row,
							bool transposed, const double *row_scale,
							const double *column_scale, float *value);

#endif							/* RECSYS_SIMILARITY_WEIGHTING_H */
