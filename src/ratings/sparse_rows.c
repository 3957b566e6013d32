/*
 * sparse_rows.c
 *		Sparse matrices in a backend: their memory, private or shared, and what
 *		is done to all their entries.
 *
 * The matrix itself, and searching it, is math/sparse.c, which knows nothing of
 * PostgreSQL.  The functions here allocate, or work on so many entries that they
 * have to look for interrupts in between.
 *
 * In private memory a matrix has three arrays of their own, in one memory
 * context.  In shared memory they follow each other in one segment, with room
 * for as many rows and entries as SparseShare says: another process finds them
 * by these two numbers (sparse_attach), however many are in use.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "ratings/sparse_rows.h"
#include "resources/budget.h"
#include "resources/shared.h"

/* How many entries are worked on between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 1000000

#ifdef USE_ASSERT_CHECKING
/*
 * The invariants of a matrix: its rows follow each other and are as long as they
 * say, its column indexes are in range and, as far as "order" asks, in order;
 * and if "finite", no value is NaN or infinite.
 */
void
check_sparse(const SparseRows *matrix, SparseOrder order, bool finite)
{
	Assert(matrix->rows >= 0 && matrix->cols >= 0);
	Assert(matrix->start[0] == 0);
	for (int32 row = 0; row < matrix->rows; row++)
	{
		int32		least = 0;

		Assert(matrix->start[row] <= matrix->start[row + 1]);
		for (int64 e = matrix->start[row]; e < matrix->start[row + 1]; e++)
		{
			Assert(matrix->index[e] >= least && matrix->index[e] < matrix->cols);
			Assert(!finite || isfinite(matrix->value[e]));
			if (order != SPARSE_UNORDERED)
				least = matrix->index[e] + (order == SPARSE_UNIQUE);
		}
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Is one matrix the transpose of another, entry for entry?  Rows are gone
 * through in order, so the next entry of each transposed row has to be theirs.
 */
void
check_transposed(const SparseRows *matrix, const SparseRows *transposed)
{
	int64	   *next = allocate_array((Size) matrix->cols + 1, sizeof(int64));

	Assert(transposed->rows == matrix->cols && transposed->cols == matrix->rows);
	Assert(sparse_entries(transposed) == sparse_entries(matrix));
	memcpy(next, transposed->start, sizeof(int64) * ((Size) matrix->cols + 1));
	for (int32 row = 0; row < matrix->rows; row++)
	{
		for (int64 e = matrix->start[row]; e < matrix->start[row + 1]; e++)
		{
			int32		col = matrix->index[e];
			int64		there = next[col]++;

			Assert(there < transposed->start[col + 1]);
			Assert(transposed->index[there] == row);
			Assert(memcmp(&transposed->value[there], &matrix->value[e], sizeof(float)) == 0);
		}
		CHECK_FOR_INTERRUPTS();
	}
	pfree(next);
}
#endif

/*
 * Allocate the arrays of a sparse matrix in the current memory context.  Every
 * start is 0; indexes and values are undefined.
 */
void
sparse_allocate(SparseRows *matrix, int32 rows, int32 cols, int64 entries)
{
	Size		count = Max(entries, 1);

	matrix->rows = rows;
	matrix->cols = cols;
	matrix->start = allocate_array_zero((Size) rows + 1, sizeof(int64));
	matrix->index = MemoryContextAllocHuge(CurrentMemoryContext,
										   budget_array(count, sizeof(int32)));
	matrix->value = MemoryContextAllocHuge(CurrentMemoryContext,
										   budget_array(count, sizeof(float)));
}

/* Set the places of the arrays of a sparse matrix in one piece of memory. */
static void
sparse_place(SparseRows *matrix, int32 rows, int32 cols, const SparseShare *share,
			 char *memory)
{
	matrix->rows = rows;
	matrix->cols = cols;
	matrix->start = (int64 *) memory;
	memory += sizeof(int64) * ((Size) share->row_capacity + 1);
	matrix->index = (int32 *) memory;
	memory += sizeof(int32) * share->capacity;
	matrix->value = (float *) memory;
}

/*
 * Allocate the arrays of a sparse matrix in shared memory, and describe it in
 * *share.  False: there is no room.
 */
bool
sparse_allocate_shared(SparseRows *matrix, int32 rows, int32 cols, int64 entries,
					   SparseShare *share)
{
	Size		start = budget_array((Size) rows + 1, sizeof(int64));

	share->segment = shared_create(add_size(start, budget_array(entries,
																sizeof(int32) + sizeof(float))));
	if (share->segment == NULL)
		return false;
	share->row_capacity = rows;
	share->capacity = entries;
	share->handle = dsm_segment_handle(share->segment);
	sparse_place(matrix, rows, cols, share, dsm_segment_address(share->segment));
	memset(matrix->start, 0, start);
	return true;
}

/*
 * The arrays of another process's matrix, in this one.  Error: that process has
 * given them back.
 */
void
sparse_attach(SparseRows *matrix, int32 rows, int32 cols, SparseShare *share)
{
	share->segment = shared_attach(share->handle);
	sparse_place(matrix, rows, cols, share, dsm_segment_address(share->segment));
}

/*
 * The end of a range of rows that starts at "from" and is quick to work on;
 * looks for interrupts.
 */
static int32
row_range_end(const SparseRows *matrix, int32 from)
{
	int32		to = from + 1;

	while (to < matrix->rows &&
		   matrix->start[to + 1] - matrix->start[from] <= ENTRIES_PER_CHECK &&
		   to - from < ENTRIES_PER_CHECK)
		to++;
	CHECK_FOR_INTERRUPTS();
	return to;
}

/*
 * Fill "transposed" with the transpose of "matrix".  Its arrays, which have to
 * be large enough, are overwritten.  Within each row the order of the matrix
 * is kept.
 */
void
sparse_transpose(const SparseRows *matrix, SparseRows *transposed)
{
	int32		to;

	check_sparse(matrix, SPARSE_UNORDERED, false);
	memset(transposed->start, 0, sizeof(int64) * ((Size) matrix->cols + 1));
	for (int32 from = 0; from < matrix->rows; from = to)
	{
		to = row_range_end(matrix, from);
		sparse_transpose_count(matrix, from, to, transposed);
	}
	sparse_transpose_start(matrix, transposed);
	for (int32 from = 0; from < matrix->rows; from = to)
	{
		to = row_range_end(matrix, from);
		sparse_transpose_fill(matrix, from, to, transposed);
	}
	check_sparse(transposed, SPARSE_SORTED, false);
	check_transposed(matrix, transposed);
}

/*
 * Where the rows of a matrix start among more rows: row r becomes row
 * index[r], which increases with r, of "rows" rows; the others are empty.
 * Palloc'd [rows + 1].
 */
int64 *
sparse_spread_rows(const SparseRows *matrix, const int32 *index, int32 rows)
{
	int64	   *start = allocate_array((Size) rows + 1, sizeof(int64));
	int32		next = 0;

	for (int32 row = 0; row < matrix->rows; row++)
		while (next <= index[row])
			start[next++] = matrix->start[row];
	while (next <= rows)
		start[next++] = matrix->start[matrix->rows];
	return start;
}

/* The columns of all entries, where column c becomes index[c].  Palloc'd. */
int32 *
sparse_renumber_columns(const SparseRows *matrix, const int32 *index)
{
	int64		n = sparse_entries(matrix);
	int32	   *result = allocate_array(n, sizeof(int32));

	for (int64 e = 0; e < n; e++)
	{
		result[e] = index[matrix->index[e]];
		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return result;
}

/* Free the arrays of a matrix in private memory. */
void
sparse_free(SparseRows *matrix)
{
	pfree(matrix->start);
	pfree(matrix->index);
	pfree(matrix->value);
}
