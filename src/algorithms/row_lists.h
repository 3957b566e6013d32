/*
 * row_lists.h
 *		Lists of the best entries of each row of a matrix that is never held
 *		whole, as the processes of a team fill them.
 */
#ifndef RECSYS_ALGORITHMS_ROW_LISTS_H
#define RECSYS_ALGORITHMS_ROW_LISTS_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "math/topk.h"

/* The shared arrays that lists take, from the number given to them on. */
#define ROW_LISTS_ARRAYS 3

typedef struct RowLists
{
	int32		rows;
	int			capacity;		/* of a list */
	int32	   *index;			/* [rows x capacity] shared */
	float	   *value;			/* [rows x capacity] shared */
	int32	   *count;			/* [rows] shared */
	Scored	   *heap;			/* [capacity] this process's, for a TopK */
} RowLists;

extern Size row_lists_bytes(int32 rows, int wanted);
extern RowLists row_lists_attach(TrainContext *context, int number, int32 rows, int wanted);
extern void row_lists_put(RowLists *lists, int32 row, TopK *best);
extern SparseRows *row_lists_close(RowLists *lists);
extern SparseRows *row_lists_transpose(RowLists *lists);

#endif							/* RECSYS_ALGORITHMS_ROW_LISTS_H */
