/*
 * solve.c
 *		Products of matrices, and least squares by the normal equations, with
 *		OpenBLAS and LAPACK.
 */
#include <stddef.h>

#include "math/blas.h"
#include "math/solve.h"

/*
 * out += X Y' for X [rows x n] and Y [cols x n]: the inner products of all their
 * rows, into the first "cols" columns of out [rows x stride].
 */
void
product_add(int rows, int cols, int n, const float *x, const float *y, float *out, int stride)
{
	const float one = 1.0f;

	/* To Fortran, a matrix by rows is its transpose. */
	blas.sgemm("T", "N", &cols, &rows, &n, &one, y, &n, x, &n, &one, out, &stride);
}

/*
 * out += weight W Y for the first "cols" columns of W [rows x w_stride] and Y
 * [cols x n]: adds to each row of out [rows x n] its weighted sum of Y's rows.
 */
void
weighted_rows_add(int rows, int cols, int n, float weight, const float *w, int w_stride,
				  const float *y, float *out)
{
	const float one = 1.0f;

	blas.sgemm("N", "N", &n, &rows, &cols, &weight, y, &n, w, &w_stride, &one, out, &n);
}

/*
 * X'X of X [rows x n], row-major with the given stride, into gram [n x
 * stride], of which the triangle right of the diagonal and the diagonal are
 * written.  No rows make it zero.
 */
void
gram_matrix(int rows, int n, int stride, const float *x, float *gram)
{
	const float one = 1.0f;
	const float zero = 0.0f;

	blas.ssyrk("L", "N", &n, &rows, &one, x, &stride, &zero, gram, &stride);
}

/* Copy the triangle right of the diagonal to the other, of gram [n x stride]. */
void
gram_mirror(int n, int stride, float *gram)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			gram[(size_t) i * stride + j] = gram[(size_t) j * stride + i];
}

/*
 * Add observations to a least-squares problem: gram += X'X and product += X'y.
 *
 * X is [rows x n], row-major with the given stride (n <= stride); y is [rows];
 * gram is [n x n], of which only one triangle is kept; product is [n].
 */
void
normal_add(int rows, int n, int stride, const float *x, const float *y,
		   float *gram, float *product)
{
	const float one = 1.0f;
	const int	step = 1;

	/* To Fortran, a matrix by rows is its transpose. */
	blas.ssyrk("L", "N", &n, &rows, &one, x, &stride, &one, gram, &n);
	blas.sgemv("N", &n, &rows, &one, x, &stride, y, &step, &one, product, &step);
}

/*
 * The b that minimizes |X b - y|^2 + sum of ridge_i b_i^2, by Cholesky
 * factorization.  gram [n x n] has X'X plus the ridges on its diagonal, and is
 * overwritten; solution [n] has X'y before and b afterwards.
 * Returns false if the matrix is not positive definite.
 */
bool
normal_solve(int n, float *gram, float *solution)
{
	const int	one = 1;
	int			info;

	blas.sposv("L", &n, &one, gram, &n, solution, &n, &info);
	return info == 0;
}
