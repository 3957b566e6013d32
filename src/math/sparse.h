/*
 * sparse.h
 *		A sparse matrix by rows (CSR).
 *
 * Row r has the entries start[r] .. start[r + 1] - 1, with strictly increasing
 * column indexes: 8 bytes an entry, and 8 a row.
 */
#ifndef RECSYS_MATH_SPARSE_H
#define RECSYS_MATH_SPARSE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct SparseRows
{
	int32_t		rows;
	int32_t		cols;
	int64_t    *start;			/* [rows + 1] */
	int32_t    *index;			/* [start[rows]] column of each entry */
	float	   *value;			/* [start[rows]] */
} SparseRows;

extern int64_t sparse_lower_bound(const SparseRows *matrix, int64_t from, int64_t to,
								  int32_t col);
extern int64_t sparse_find(const SparseRows *matrix, int32_t row, int32_t col);
extern int32_t sparse_row_bound(const SparseRows *matrix, int part, int parts);
extern void sparse_transpose_count(const SparseRows *matrix, int32_t from,
								   int32_t to, SparseRows *transposed);
extern int64_t sparse_longest_row(const SparseRows *matrix);
extern void sparse_transpose_start(const SparseRows *matrix,
								   SparseRows *transposed);
extern void sparse_transpose_fill(const SparseRows *matrix, int32_t from,
								  int32_t to, SparseRows *transposed);

/* Number of entries in a row. */
static inline int64_t
sparse_row_length(const SparseRows *matrix, int32_t row)
{
	return matrix->start[row + 1] - matrix->start[row];
}

/* Number of entries in the whole matrix. */
static inline int64_t
sparse_entries(const SparseRows *matrix)
{
	return matrix->start[matrix->rows];
}

#endif							/* RECSYS_MATH_SPARSE_H */
