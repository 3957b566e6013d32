/*
 * row_lists.c
 *		Lists of the best entries of each row of a matrix that is never held
 *		whole, as the processes of a team fill them.
 *
 * Every list has room for "capacity" entries; when all are filled they are
 * moved together to a sparse matrix.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "storage/shmem.h"

#include "algorithms/row_lists.h"
#include "engine/team.h"
#include "ratings/sparse_rows.h"
#include "resources/budget.h"

/* How many entries a list has room for, of so many wanted: a row is not in its own list. */
static int
row_lists_capacity(int wanted, int32 rows)
{
	return Min(wanted, Max(rows - 1, 1));
}

/* Bytes of the lists of a run, for its "memory". */
Size
row_lists_bytes(int32 rows, int wanted)
{
	Size		entries = row_lists_capacity(wanted, rows);

	return add_size(budget_array(rows, budget_array(entries, sizeof(int32) + sizeof(float))),
					budget_array(rows, sizeof(int32) + sizeof(int64)));
}

/* Empty lists of at most "wanted" entries, in three shared arrays from "number" on. */
RowLists
row_lists_attach(TrainContext *context, int number, int32 rows, int wanted)
{
	RowLists	lists = {.rows = rows, .capacity = row_lists_capacity(wanted, rows)};
	Size		entries = budget_array(rows, lists.capacity);

	lists.index = team_array(context, number, budget_array(entries, sizeof(int32)));
	lists.value = team_array(context, number + 1, budget_array(entries, sizeof(float)));
	lists.count = team_array(context, number + 2, budget_array(rows, sizeof(int32)));
	lists.heap = palloc(sizeof(Scored) * lists.capacity);
	return lists;
}

/* For qsort of Scored: by index. */
static int
compare_scored_indexes(const void *a, const void *b)
{
	int32		x = ((const Scored *) a)->index;
	int32		y = ((const Scored *) b)->index;

	return (x > y) - (x < y);
}

/* Make the best, which are reordered, the list of a row. */
void
row_lists_put(RowLists *lists, int32 row, TopK *best)
{
	Size		to = (Size) row * lists->capacity;

	qsort(best->heap, best->count, sizeof(Scored), compare_scored_indexes);
	lists->count[row] = best->count;
	for (int i = 0; i < best->count; i++, to++)
	{
		lists->index[to] = best->heap[i].index;
		lists->value[to] = best->heap[i].score;
	}
}

/* The lists as a sparse matrix, whose rows are moved together in place. */
SparseRows *
row_lists_close(RowLists *lists)
{
	SparseRows *matrix = palloc(sizeof(SparseRows));

	matrix->rows = lists->rows;
	matrix->cols = lists->rows;
	matrix->index = lists->index;
	matrix->value = lists->value;
	matrix->start = allocate_array((Size) lists->rows + 1, sizeof(int64));
	matrix->start[0] = 0;
	for (int32 row = 0; row < lists->rows; row++)
	{
		Size		from = (Size) row * lists->capacity;
		int64		to = matrix->start[row];

		CHECK_FOR_INTERRUPTS();
		memmove(lists->index + to, lists->index + from, sizeof(int32) * lists->count[row]);
		memmove(lists->value + to, lists->value + from, sizeof(float) * lists->count[row]);
		matrix->start[row + 1] = to + lists->count[row];
	}
	check_sparse(matrix, SPARSE_UNIQUE, false);
	return matrix;
}

/* The same turned round, a copy: the lists were those of its columns. */
SparseRows *
row_lists_transpose(RowLists *lists)
{
	SparseRows *by_column = row_lists_close(lists);
	SparseRows *matrix = palloc(sizeof(SparseRows));

	sparse_allocate(matrix, by_column->cols, by_column->rows, sparse_entries(by_column));
	sparse_transpose(by_column, matrix);
	return matrix;
}
