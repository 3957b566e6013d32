/*
 * sparse.c
 *		A sparse matrix by rows: look-up and transposition.
 */
#include "math/sparse.h"

/*
 * The first of the entries "from" to before "to", which are of one row, whose
 * column is not below "col"; "to" if there is none.
 */
int64_t
sparse_lower_bound(const SparseRows *matrix, int64_t from, int64_t to, int32_t col)
{
	while (from < to)
	{
		int64_t		middle = from + (to - from) / 2;

		if (matrix->index[middle] < col)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Position of the entry (row, col), or -1 if there is none. */
int64_t
sparse_find(const SparseRows *matrix, int32_t row, int32_t col)
{
	int64_t		end = matrix->start[row + 1];
	int64_t		entry = sparse_lower_bound(matrix, matrix->start[row], end, col);

	return entry < end && matrix->index[entry] == col ? entry : -1;
}

/*
 * The first row of part "part" of "parts" parts with about equal work each,
 * where the work of a row is its number of entries plus one.  Part "parts"
 * begins after the last row.
 */
int32_t
sparse_row_bound(const SparseRows *matrix, int part, int parts)
{
	int64_t		work = sparse_entries(matrix) + matrix->rows;
	int64_t		goal = work / parts * part + work % parts * part / parts;
	int32_t		low = 0;
	int32_t		high = matrix->rows;

	while (low < high)
	{
		int32_t		middle = low + (high - low) / 2;

		if (matrix->start[middle] + middle < goal)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Transposition by counting, in three steps.  The first and the last take a range
 * of rows, so that the caller can look for interrupts in between:
 *
 *	count	for all rows, into transposed->start, zeroed by the caller
 *	start	once
 *	fill	for all rows, in order
 *
 * The caller has allocated the arrays of "transposed": start for
 * matrix->cols + 1, index and value for as many entries as the matrix has.
 * Rows of the matrix may here have columns in any order, and repeated.
 */
void
sparse_transpose_count(const SparseRows *matrix, int32_t from, int32_t to,
					   SparseRows *transposed)
{
	for (int64_t e = matrix->start[from]; e < matrix->start[to]; e++)
		transposed->start[matrix->index[e] + 1]++;
}

/*
 * Second step: turn the counts into the place at which each row is filled
 * next.  That of row r is kept in start[r + 1]: filling moves it to the end of
 * the row, which is the start of the next.
 */
void
sparse_transpose_start(const SparseRows *matrix, SparseRows *transposed)
{
	int64_t		sum = 0;

	transposed->rows = matrix->cols;
	transposed->cols = matrix->rows;
	for (int32_t r = 1; r <= transposed->rows; r++)
	{
		int64_t		count = transposed->start[r];

		transposed->start[r] = sum;
		sum += count;
	}
}

/*
 * Third step: copy the entries of rows "from" to before "to".  The ranges have
 * to be given in order.
 */
void
sparse_transpose_fill(const SparseRows *matrix, int32_t from, int32_t to,
					  SparseRows *transposed)
{
	for (int32_t row = from; row < to; row++)
		for (int64_t e = matrix->start[row]; e < matrix->start[row + 1]; e++)
		{
			int64_t		place = transposed->start[matrix->index[e] + 1]++;

			transposed->index[place] = row;
			transposed->value[place] = matrix->value[e];
		}
}

/* The most entries that a row has. */
int64_t
sparse_longest_row(const SparseRows *matrix)
{
	int64_t		longest = 0;

	for (int32_t row = 0; row < matrix->rows; row++)
	{
		int64_t		length = sparse_row_length(matrix, row);

		longest = length > longest ? length : longest;
	}
	return longest;
}
