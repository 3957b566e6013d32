/*
 * principal.c
 *		Principal components of many vectors, with BLAS and LAPACK.
 *
 * A first pass finds the mean.  The covariance matrix is then summed up in double
 * precision from the vectors less the mean.  Its largest eigenvalues and their
 * vectors come from LAPACK's dsyevr, which reduces it to tridiagonal form and
 * then computes only those that are wanted.
 */
#include <string.h>

#include "math/blas.h"
#include "math/principal.h"

/* Vectors that are added to the scatter matrix at once. */
#define PRINCIPAL_GATHER 64

/* Work space of dsyevr for each row of the matrix: doubles and integers. */
#define WORK_DOUBLES 40
#define WORK_INTEGERS 12

/* The length of the memory that principal_init needs, work space included. */
size_t
principal_doubles(int n, int count)
{
	return (size_t) n * (n + count + 2 + PRINCIPAL_GATHER + WORK_DOUBLES + WORK_INTEGERS);
}

/*
 * Start. memory [principal_doubles] is the caller's, and must live as long as
 * the result is used.
 */
void
principal_init(Principal *principal, int n, int count, double *memory)
{
	*principal = (Principal) {.n = n, .count = count};
	principal->sum = memory;
	principal->variance = principal->sum + n;
	principal->scatter = principal->variance + n;
	principal->loading = principal->scatter + (size_t) n * n;
	principal->gathered = principal->loading + (size_t) n * count;
	principal->work = principal->gathered + (size_t) n * PRINCIPAL_GATHER;
	memset(principal->sum, 0, sizeof(double) * n);
	memset(principal->scatter, 0, sizeof(double) * n * n);
}

/* Show a vector the first time: for the mean. */
void
principal_add_mean(Principal *principal, const float *vector)
{
	principal->rows++;
	for (int i = 0; i < principal->n; i++)
		principal->sum[i] += vector[i];
}

/* Add the vectors gathered to the scatter matrix. */
static void
add_gathered(Principal *principal)
{
	const double one = 1;

	blas.dsyrk("L", "N", &principal->n, &principal->pending, &one, principal->gathered,
			   &principal->n, &one, principal->scatter, &principal->n);
	principal->pending = 0;
}

/* A vector less the mean. */
static void
center(const Principal *principal, const float *vector, double *out)
{
	for (int i = 0; i < principal->n; i++)
		out[i] = vector[i] - principal->sum[i] / principal->rows;
}

/*
 * Show a vector the second time, after all have been shown the first time: for
 * the covariance.
 */
void
principal_add_scatter(Principal *principal, const float *vector)
{
	center(principal, vector,
		   principal->gathered + (size_t) principal->pending * principal->n);
	if (++principal->pending == PRINCIPAL_GATHER)
		add_gathered(principal);
}

/*
 * Put the components in falling order of their variance: dsyevr has the
 * smallest first.
 */
static void
reverse(Principal *principal)
{
	int			n = principal->n;

	for (int a = 0, b = principal->count - 1; a < b; a++, b--)
	{
		double		value = principal->variance[a];

		principal->variance[a] = principal->variance[b];
		principal->variance[b] = value;
		memcpy(principal->work, principal->loading + (size_t) a * n, sizeof(double) * n);
		memcpy(principal->loading + (size_t) a * n, principal->loading + (size_t) b * n,
			   sizeof(double) * n);
		memcpy(principal->loading + (size_t) b * n, principal->work, sizeof(double) * n);
	}
}

/*
 * Find the components, after all vectors have been shown twice.  Variances are
 * those of a sample, divided by the number of vectors less one.  Returns false
 * if the iteration for the eigenvalues failed.
 */
bool
principal_solve(Principal *principal)
{
	int			n = principal->n;
	const int	first = n - principal->count + 1;
	const int	doubles = WORK_DOUBLES * n;
	const int	integers = 10 * n;
	int		   *integer_work = (int *) (principal->work + doubles);
	const double zero = 0;
	int			found;
	int			info;

	add_gathered(principal);
	for (size_t i = 0; i < (size_t) n * n; i++)
		principal->scatter[i] /= principal->rows > 1 ? principal->rows - 1 : 1;
	principal->total = 0;
	for (int i = 0; i < n; i++)
		principal->total += principal->scatter[(size_t) i * n + i];
	blas.dsyevr("V", "I", "L", &n, principal->scatter, &n, &zero, &zero, &first, &n, &zero,
				&found, principal->variance, principal->loading, &n, integer_work + integers,
				principal->work, &doubles, integer_work, &integers, &info);
	if (info != 0 || found != principal->count)
		return false;
	reverse(principal);
	/* Of components without variance rounding may leave less than zero. */
	for (int c = 0; c < principal->count; c++)
		if (principal->variance[c] <= 0)
			principal->variance[c] = 0;
	return true;
}

/* The scores [count] of a vector: its coordinates, measured from the mean. */
void
principal_score(Principal *principal, const float *vector, double *score)
{
	const double one = 1;
	const double zero = 0;
	const int	step = 1;

	center(principal, vector, principal->work);
	blas.dgemv("T", &principal->n, &principal->count, &one, principal->loading, &principal->n,
			   principal->work, &step, &zero, score, &step);
}

/* Reverse the direction of a component: its scores change their signs. */
void
principal_flip(Principal *principal, int component)
{
	for (int i = 0; i < principal->n; i++)
		principal->loading[(size_t) component * principal->n + i] *= -1;
}
