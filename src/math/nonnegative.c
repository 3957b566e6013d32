/*
 * nonnegative.c
 *		Least squares with coefficients that are not negative.
 *
 * Of a few unknowns, by coordinate descent on the normal equations: each
 * coefficient in turn takes its best value while the others stay, or 0.
 */
#include <math.h>

#include "math/nonnegative.h"

/* Sweeps over all coefficients at most; similar columns need many. */
#define MAX_SWEEPS 10000

/* Stop after a sweep that changes no coefficient by more than this share of the largest. */
#define TOLERANCE 1e-10

/*
 * The b >= 0 that minimizes b' G b / 2 - b' p, where the matrix G [n x n] is
 * symmetric and not negative, and p [n].  A coefficient without a diagonal
 * element is 0.  solution [n] has a start before and b afterwards.
 */
void
nonnegative_solve(int n, const double *gram, const double *product, double *solution)
{
	double		change = 1;
	double		largest = 0;

	for (int sweep = 0; sweep < MAX_SWEEPS && change > TOLERANCE * largest; sweep++)
	{
		change = largest = 0;
		for (int i = 0; i < n; i++)
		{
			double		rest = product[i];
			double		before = solution[i];

			for (int j = 0; j < n; j++)
				if (j != i)
					rest -= gram[i * n + j] * solution[j];
			solution[i] = gram[i * n + i] > 0 && rest > 0 ? rest / gram[i * n + i] : 0;
			change = fmax(change, fabs(solution[i] - before));
			largest = fmax(largest, solution[i]);
		}
	}
}
