/*
 * invert.c
 *		The inverse of a large symmetric matrix, in tasks that can be shared.
 *
 * A positive definite matrix A is factorized, A = L L'; L is inverted; the
 * product of the transpose of that with itself is the inverse of A.  All three
 * happen in place and tile by tile: for step k = 0, 1, ... come the stages
 *
 *		FACTOR_DIAGONAL		L_kk from A_kk
 *		FACTOR_PANEL		L_ik = A_ik L_kk^-T for all tiles below
 *		FACTOR_REST			A_ij -= L_ik L_jk' for all further tiles
 *
 * then, again for every step, with W growing in the place of L,
 *
 *		INVERT_PANEL		L_ik = - L_ik L_kk^-1 for all tiles below
 *		INVERT_REST			W_ij += L_ik L_kj for tiles i below and j to the left
 *		INVERT_ROW			W_kj = L_kk^-1 L_kj for all tiles to the left
 *		INVERT_DIAGONAL		W_kk = L_kk^-1
 *
 * and then, the result growing in the place of W,
 *
 *		SQUARE_REST			P_ij += W_ki' W_kj for all tiles i, j before
 *		SQUARE_ROW			P_kj = W_kk' W_kj for all tiles to the left
 *		SQUARE_DIAGONAL		P_kk = W_kk' W_kk
 *
 * Tasks of a stage do not depend on each other.  Each is one or two calls of BLAS
 * or LAPACK on tiles, short enough to look for interrupts in between.  BLAS reads
 * matrices by columns, so the upper triangle by rows is its lower triangle.
 */
#include <math.h>

#include "math/blas.h"
#include "math/invert.h"

static const float one = 1;
static const float minus_one = -1;

/* The number of steps: tiles in a row. */
int
invert_steps(const SymmetricMatrix *matrix)
{
	return (matrix->n + INVERT_TILE - 1) / INVERT_TILE;
}

/* The number of tasks of a stage at a step. */
int
invert_tasks(const SymmetricMatrix *matrix, InvertStage stage, int step)
{
	int			below = invert_steps(matrix) - step - 1;

	switch (stage)
	{
		case FACTOR_PANEL:
		case INVERT_PANEL:
			return below;
		case FACTOR_REST:
			return below * (below + 1) / 2;
		case INVERT_REST:
			return below * step;
		case INVERT_ROW:
		case SQUARE_ROW:
			return step;
		case SQUARE_REST:
			return step * (step + 1) / 2;
		default:
			return 1;
	}
}

/* The first element of a tile. */
static float *
tile(const SymmetricMatrix *matrix, int row, int column)
{
	return matrix->element + (size_t) column * INVERT_TILE * matrix->stride +
		(size_t) row * INVERT_TILE;
}

/* The number of rows, or columns, of a tile: fewer in the last. */
static int
extent(const SymmetricMatrix *matrix, int row)
{
	int			rest = matrix->n - row * INVERT_TILE;

	return rest < INVERT_TILE ? rest : INVERT_TILE;
}

/*
 * The row and column, row >= column, of an element of a triangle by its
 * number.
 */
static void
place_in_triangle(int number, int *row, int *column)
{
	int			r = (int) ((sqrt(8.0 * number + 1) - 1) / 2);

	while ((r + 1) * (r + 2) / 2 <= number)
		r++;
	while (r * (r + 1) / 2 > number)
		r--;
	*row = r;
	*column = number - r * (r + 1) / 2;
}

/*
 * C_ij += alpha A B, where A and B are tiles, transposed or not, and "between"
 * is the tile row of the inner dimension.
 */
static void
multiply(const SymmetricMatrix *matrix, int i, int j, int between, float alpha,
		 const char *transposed_a, const float *a, const char *transposed_b, const float *b)
{
	int			m = extent(matrix, i);
	int			n = extent(matrix, j);
	int			k = extent(matrix, between);

	blas.sgemm(transposed_a, transposed_b, &m, &n, &k, &alpha, a, &matrix->stride, b,
			   &matrix->stride, &one, tile(matrix, i, j), &matrix->stride);
}

/* C_ii += alpha A A', or A' A if transposed; one triangle of C_ii is used. */
static void
multiply_itself(const SymmetricMatrix *matrix, int i, int between, float alpha,
				const char *transposed, const float *a)
{
	int			n = extent(matrix, i);
	int			k = extent(matrix, between);

	blas.ssyrk("L", transposed, &n, &k, &alpha, a, &matrix->stride, &one, tile(matrix, i, i),
			   &matrix->stride);
}

/* Solve for tile (i, j) with the triangle at step k on the given side. */
static void
solve(const SymmetricMatrix *matrix, const char *side, const char *transposed,
	  const float *alpha, int k, int i, int j)
{
	int			m = extent(matrix, i);
	int			n = extent(matrix, j);

	blas.strsm(side, "L", transposed, "N", &m, &n, alpha, tile(matrix, k, k), &matrix->stride,
			   tile(matrix, i, j), &matrix->stride);
}

/* A task of FACTOR_REST. */
static void
factor_rest(const SymmetricMatrix *matrix, int k, int task)
{
	int			i;
	int			j;

	place_in_triangle(task, &i, &j);
	i += k + 1;
	j += k + 1;
	if (i == j)
		multiply_itself(matrix, i, k, -1, "N", tile(matrix, i, k));
	else
		multiply(matrix, i, j, k, -1, "N", tile(matrix, i, k), "T", tile(matrix, j, k));
}

/* A task of SQUARE_REST. */
static void
square_rest(const SymmetricMatrix *matrix, int k, int task)
{
	int			i;
	int			j;

	place_in_triangle(task, &i, &j);
	if (i == j)
		multiply_itself(matrix, i, k, 1, "T", tile(matrix, k, i));
	else
		multiply(matrix, i, j, k, 1, "T", tile(matrix, k, i), "N", tile(matrix, k, j));
}

/* A task of SQUARE_ROW. */
static void
square_row(const SymmetricMatrix *matrix, int k, int j)
{
	int			m = extent(matrix, k);
	int			n = extent(matrix, j);

	blas.strmm("L", "L", "T", "N", &m, &n, &one, tile(matrix, k, k), &matrix->stride,
			   tile(matrix, k, j), &matrix->stride);
}

/*
 * The task of a stage on a diagonal tile.  False: the matrix is not positive
 * definite.
 */
static bool
diagonal(const SymmetricMatrix *matrix, InvertStage stage, int k)
{
	int			n = extent(matrix, k);
	int			info;

	if (stage == FACTOR_DIAGONAL)
		blas.spotrf("L", &n, tile(matrix, k, k), &matrix->stride, &info);
	else if (stage == INVERT_DIAGONAL)
		blas.strtri("L", "N", &n, tile(matrix, k, k), &matrix->stride, &info);
	else
		blas.slauum("L", &n, tile(matrix, k, k), &matrix->stride, &info);
	return info == 0;
}

/*
 * Do a task of a stage at a step.  Returns false if the matrix turns out not
 * to be positive definite.
 */
bool
invert_task(const SymmetricMatrix *matrix, InvertStage stage, int step, int task)
{
	int			below = step + 1 + task;

	switch (stage)
	{
		case FACTOR_PANEL:
			solve(matrix, "R", "T", &one, step, below, step);
			return true;
		case FACTOR_REST:
			factor_rest(matrix, step, task);
			return true;
		case INVERT_PANEL:
			solve(matrix, "R", "N", &minus_one, step, below, step);
			return true;
		case INVERT_REST:
			below = step + 1 + task / step;
			multiply(matrix, below, task % step, step, 1, "N", tile(matrix, below, step),
					 "N", tile(matrix, step, task % step));
			return true;
		case INVERT_ROW:
			solve(matrix, "L", "N", &one, step, step, task);
			return true;
		case SQUARE_REST:
			square_rest(matrix, step, task);
			return true;
		case SQUARE_ROW:
			square_row(matrix, step, task);
			return true;
		default:
			return diagonal(matrix, stage, step);
	}
}
