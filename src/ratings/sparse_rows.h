/*
 * sparse_rows.h
 *		Sparse matrices in a backend: their memory, private or shared, and what
 *		is done to all their entries.
 */
#ifndef RECSYS_RATINGS_SPARSE_ROWS_H
#define RECSYS_RATINGS_SPARSE_ROWS_H

#include "postgres.h"

#include "storage/dsm.h"

#include "math/sparse.h"

/* Where the arrays of a sparse matrix are, if other processes can see them. */
typedef struct SparseShare
{
	dsm_segment *segment;		/* in the process that made it */
	dsm_handle	handle;
	int32		row_capacity;	/* rows there is room for */
	int64		capacity;		/* entries */
} SparseShare;

/* What is known of the column indexes within each row. */
typedef enum SparseOrder
{
	SPARSE_UNORDERED,			/* in range, no more */
	SPARSE_SORTED,				/* none is less than the one before it */
	SPARSE_UNIQUE				/* each is greater than the one before it */
} SparseOrder;

extern void sparse_allocate(SparseRows *matrix, int32 rows, int32 cols, int64 entries);
extern bool sparse_allocate_shared(SparseRows *matrix, int32 rows, int32 cols, int64 entries,
								   SparseShare *share);
extern void sparse_attach(SparseRows *matrix, int32 rows, int32 cols, SparseShare *share);
extern void sparse_free(SparseRows *matrix);

extern void sparse_transpose(const SparseRows *matrix, SparseRows *transposed);
extern int64 *sparse_spread_rows(const SparseRows *matrix, const int32 *index, int32 rows);
extern int32 *sparse_renumber_columns(const SparseRows *matrix, const int32 *index);

/* In builds with assertions: is the matrix what it should be? */
#ifdef USE_ASSERT_CHECKING
extern void check_sparse(const SparseRows *matrix, SparseOrder order, bool finite);
extern void check_transposed(const SparseRows *matrix, const SparseRows *transposed);
#else
#define check_sparse(matrix, order, finite) ((void) 0)
#define check_transposed(matrix, transposed) ((void) 0)
#endif

#endif							/* RECSYS_RATINGS_SPARSE_ROWS_H */
