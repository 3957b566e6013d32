/*
 * samples.h
 *		Random data for the unit tests, the same at every run.  What is made here
 *		is the caller's to free.
 */
#ifndef RECSYS_TEST_UNIT_SAMPLES_H
#define RECSYS_TEST_UNIT_SAMPLES_H

#include <stdlib.h>

#include "math/kernels.h"
#include "math/random.h"
#include "math/sparse.h"

/* Each program sets its start. */
static RandomStream numbers;

/* n random numbers into x. */
static inline void
fill(float *x, int n)
{
	for (int i = 0; i < n; i++)
		x[i] = (float) random_normal(&numbers);
}

/* A vector of n random numbers, filled up with zeros, on unaligned memory. */
static inline float *
random_vector(int n)
{
	int			padded = KERNEL_PADDED(n);
	float	   *x = calloc(padded, sizeof(float));

	fill(x, n);
	return x;
}

/* A sparse matrix with about a third of its entries. */
static inline SparseRows
random_matrix(int rows, int cols)
{
	SparseRows	m = {.rows = rows, .cols = cols};
	int64_t		n = 0;

	m.start = calloc(rows + 1, sizeof(int64_t));
	m.index = calloc((size_t) rows * cols, sizeof(int32_t));
	m.value = calloc((size_t) rows * cols, sizeof(float));
	for (int r = 0; r < rows; r++)
	{
		for (int c = 0; c < cols; c++)
			if (random_below(&numbers, 3) == 0)
			{
				m.index[n] = c;
				m.value[n++] = 1 + (float) random_below(&numbers, 5);
			}
		m.start[r + 1] = n;
	}
	return m;
}

/* The transpose, in blocks of rows, as parallel workers make it. */
static inline SparseRows
transpose(const SparseRows *m)
{
	SparseRows	t = {0};

	t.start = calloc(m->cols + 1, sizeof(int64_t));
	t.index = calloc(sparse_entries(m) + 1, sizeof(int32_t));
	t.value = calloc(sparse_entries(m) + 1, sizeof(float));
	for (int r = 0; r < m->rows; r += 5)
		sparse_transpose_count(m, r, r + 5 < m->rows ? r + 5 : m->rows, &t);
	sparse_transpose_start(m, &t);
	for (int r = 0; r < m->rows; r += 7)
		sparse_transpose_fill(m, r, r + 7 < m->rows ? r + 7 : m->rows, &t);
	return t;
}

static inline void
free_matrix(SparseRows *m)
{
	free(m->start);
	free(m->index);
	free(m->value);
}

/* Value at (row, column), 0 where there is none. */
static inline double
value_at(const SparseRows *m, int row, int col)
{
	int64_t		e = sparse_find(m, row, col);

	return e < 0 ? 0 : m->value[e];
}

#endif							/* RECSYS_TEST_UNIT_SAMPLES_H */
