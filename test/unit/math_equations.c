/*
 * math_equations.c
 *		Unit tests of what solves equations: products of matrices against plain
 *		loops, ridge regression by its normal equations, conjugate gradients on
 *		equations whose solution is known, least squares without negative
 *		coefficients, also with penalties, principal components, and inverses.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "math/cg.h"
#include "math/elastic_net.h"
#include "math/invert.h"
#include "math/kernels.h"
#include "math/nonnegative.h"
#include "math/principal.h"
#include "math/solve.h"

#include "samples.h"
#include "tap.h"

static void
test_products(void)
{
	enum
	{
		ROWS = 7, COLS = 5, N = 16, STRIDE = 9
	};
	float		x[ROWS * N],
				y[COLS * N],
				out[ROWS * STRIDE],
				gram[6 * N];
	bool		agree = true;

	fill(x, ROWS * N);
	fill(y, COLS * N);
	memset(out, 0, sizeof(out));
	for (int times = 0; times < 2; times++)
		product_add(ROWS, COLS, N, x, y, out, STRIDE);
	for (int r = 0; r < ROWS; r++)
		for (int c = 0; c < STRIDE; c++)
			agree = agree && near(out[r * STRIDE + c], c < COLS ?
								  2 * kernels->dot(N, x + r * N, y + c * N) : 0, 1e-5);
	ok(agree, "products are added up, where they belong");

	/* Of the first 6 columns of x, which are N apart. */
	gram_matrix(ROWS, 6, N, x, gram);
	gram_mirror(6, N, gram);
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++)
		{
			double		sum = 0;

			for (int r = 0; r < ROWS; r++)
				sum += (double) x[r * N + i] * x[r * N + j];
			agree = agree && near(gram[i * N + j], sum, 1e-5);
		}
	ok(agree, "a Gram matrix is that of plain loops");
}

/* Equations with a matrix, for once. */
typedef struct Dense
{
	int			n;
	const float *matrix;
	const float *right;
	int			applied;
} Dense;

static void
apply_dense(void *arg, int s, const float *x, float *out)
{
	Dense	   *dense = arg;

	dense->applied++;
	for (int i = 0; i < dense->n; i++)
		out[i] = s * dense->right[i] - kernels->dot(dense->n, dense->matrix + i * dense->n, x);
}

static void
test_conjugate(void)
{
	enum
	{
		N = 16
	};
	float		x[N],
				start[N],
				solution[N],
				matrix[N * N],
				right[N],
				work[CG_VECTORS * N],
				points[40 * N];
	Dense		dense = {N, matrix, right, 0};
	Equations	equations = {apply_dense, &dense, N, 0, work};
	bool		agree = true;
	double		before = 1e30;

	fill(points, 40 * N);
	gram_matrix(40, N, N, points, matrix);
	gram_mirror(N, N, matrix);
	fill(solution, N);
	fill(start, N);
	for (int i = 0; i < N; i++)
		right[i] = kernels->dot(N, matrix + i * N, solution);
	memcpy(x, start, sizeof(x));
	cg_solve(&equations, 2 * N, x);
	for (int i = 0; i < N; i++)
		agree = agree && near(x[i], solution[i], 1e-3);
	ok(agree, "conjugate gradients arrive at the solution");

	/* The error, in the norm of the matrix, falls with every step. */
	agree = true;
	for (int steps = 0; steps < 8; steps++)
	{
		double		error = 0;

		memcpy(x, start, sizeof(x));
		dense.applied = 0;
		cg_solve(&equations, steps, x);
		agree = agree && dense.applied == steps + 1;
		for (int i = 0; i < N; i++)
			x[i] -= solution[i];
		for (int i = 0; i < N; i++)
			error += (double) x[i] * kernels->dot(N, matrix + i * N, x);
		agree = agree && error < before;
		before = error;
	}
	ok(agree, "every step of conjugate gradients comes nearer");

	memset(right, 0, sizeof(right));
	memset(x, 0, sizeof(x));
	ok(cg_solve(&equations, 5, x) == 0 && x[0] == 0, "nothing to do at the solution");
}

/* The solution b makes X'(X b - y) + ridge b zero. */
static void
test_solve(void)
{
	enum
	{
		ROWS = 40, N = 9, STRIDE = 16
	};
	float	   *x = random_vector(ROWS * STRIDE);
	float	   *y = random_vector(ROWS);
	float		gram[N * N] = {0},
				b[N] = {0};
	float		ridge = .7f;
	bool		zero;

	normal_add(25, N, STRIDE, x, y, gram, b);
	normal_add(ROWS - 25, N, STRIDE, x + 25 * STRIDE, y + 25, gram, b);
	for (int i = 0; i < N; i++)
		gram[i * N + i] += ridge;
	zero = normal_solve(N, gram, b);
	for (int j = 0; j < N; j++)
	{
		double		gradient = ridge * b[j];

		for (int r = 0; r < ROWS; r++)
		{
			double		error = -y[r];

			for (int i = 0; i < N; i++)
				error += (double) x[r * STRIDE + i] * b[i];
			gradient += error * x[r * STRIDE + j];
		}
		zero = zero && fabs(gradient) < 1e-4;
	}
	ok(zero, "ridge regression: the gradient at the solution is zero");
	memset(gram, 0, sizeof(gram));
	gram[0] = -1;
	ok(!normal_solve(N, gram, b), "a matrix that is not positive definite is refused");
	free(x);
	free(y);
}

/*
 * The conditions of Karush, Kuhn and Tucker: the gradient G b - p is zero where
 * b is not, and not negative where it is.
 */
static bool
is_nonnegative_solution(int n, const double *gram, const double *product, const double *b)
{
	for (int i = 0; i < n; i++)
	{
		double		gradient = -product[i];

		for (int j = 0; j < n; j++)
			gradient += gram[i * n + j] * b[j];
		if (b[i] < 0 || gradient < -1e-6 || (b[i] > 0 && gradient > 1e-6))
			return false;
	}
	return true;
}

static void
test_nonnegative(void)
{
	enum
	{
		N = 7, ROWS = 40
	};
	bool		agree = true;
	bool		bounded = false;

	for (int round = 0; round < 50; round++)
	{
		double		gram[N * N] = {0};
		double		product[N] = {0};
		double		b[N] = {0};

		for (int row = 0; row < ROWS; row++)
		{
			double		x[N];
			double		y = random_normal(&numbers);

			/* The last two are alike, the third is nothing. */
			for (int i = 0; i < N - 1; i++)
				x[i] = i == 2 ? 0 : random_normal(&numbers) + y * (i - 3) / 3;
			x[N - 1] = x[N - 2];
			for (int i = 0; i < N; i++)
			{
				product[i] += x[i] * y;
				for (int j = 0; j < N; j++)
					gram[i * N + j] += x[i] * x[j];
			}
		}
		nonnegative_solve(N, gram, product, b);
		agree = agree && is_nonnegative_solution(N, gram, product, b) && b[2] == 0;
		for (int i = 0; i < N; i++)
			bounded = bounded || (i != 2 && b[i] == 0);
	}
	ok(agree && bounded, "least squares without negative coefficients: the conditions hold");
}

/*
 * Points m + a x + b y on a plane in space, with x and y orthonormal: the
 * components are those two directions, the scores a and b.
 */
static void
test_principal(void)
{
	enum
	{
		ROWS = 200, N = 5, COUNT = 3
	};
	static const float x[N] = {.6f, 0, .8f, 0, 0};
	static const float y[N] = {0, 1, 0, 0, 0};
	double	   *memory = malloc(sizeof(double) * principal_doubles(N, COUNT));
	float		point[ROWS][N];
	double		score[COUNT];
	Principal	principal;
	bool		agree;

	principal_init(&principal, N, COUNT, memory);
	for (int r = 0; r < ROWS; r++)
		for (int i = 0; i < N; i++)
			point[r][i] = 100 * (i + 1) + (r % 20 - 9.5f) * x[i] + 4 * (r / 20 - 4.5f) * y[i];
	for (int r = 0; r < ROWS; r++)
		principal_add_mean(&principal, point[r]);
	for (int r = 0; r < ROWS; r++)
		principal_add_scatter(&principal, point[r]);
	agree = principal_solve(&principal) && near(principal.variance[0], 16 * 1650.0 / 199, 1e-6) &&
		near(principal.variance[1], 33.25 * 200 / 199, 1e-6) &&
		fabs(principal.variance[2]) < 1e-6 &&
		near(principal.total, principal.variance[0] + principal.variance[1], 1e-6);
	if (principal.loading[1] < 0)
		principal_flip(&principal, 0);
	if (principal.loading[N] < 0)
		principal_flip(&principal, 1);
	for (int i = 0; i < N; i++)
		agree = agree && near(principal.loading[i], y[i], 1e-6) &&
			near(principal.loading[N + i], x[i], 1e-6);
	for (int r = 0; r < ROWS; r++)
	{
		principal_score(&principal, point[r], score);
		agree = agree && near(score[0], 4 * (r / 20 - 4.5), 1e-5) &&
			near(score[1], r % 20 - 9.5, 1e-5);
	}
	ok(agree, "principal components of points on a plane");
	free(memory);
}

/* All tasks of some stages; false if one fails. */
static bool
run_stages(const SymmetricMatrix *matrix, int first, int last)
{
	bool		good = true;

	for (int step = 0; step < invert_steps(matrix); step++)
		for (int stage = first; stage <= last; stage++)
			/* Backwards: the order within a stage must not matter. */
			for (int task = invert_tasks(matrix, stage, step) - 1; task >= 0; task--)
				good = invert_task(matrix, stage, step, task) && good;
	return good;
}

/* A matrix with a strong diagonal, by rows; its lower triangle is nonsense. */
static void
fill_symmetric(SymmetricMatrix *matrix, double *whole)
{
	int			n = matrix->n;

	for (int i = 0; i < n; i++)
		for (int j = i; j < n; j++)
		{
			float		x = random_normal(&numbers) + (i == j ? n + 6 : 0);

			whole[i * n + j] = whole[j * n + i] = x;
			matrix->element[(size_t) j * matrix->stride + i] = 1e9f;
			matrix->element[(size_t) i * matrix->stride + j] = x;
		}
}

/* The largest element of A P - I, where P has the upper triangle of the result. */
static double
inverse_error(const SymmetricMatrix *inverse, const double *whole)
{
	int			n = inverse->n;
	double		worst = 0;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j += 37)
		{
			double		sum = i == j ? -1 : 0;

			for (int k = 0; k < n; k++)
				sum += whole[i * n + k] *
					inverse->element[(size_t) (j < k ? j : k) * inverse->stride + (j < k ? k : j)];
			worst = fmax(worst, fabs(sum));
		}
	return worst;
}

static void
test_invert(void)
{
	int			sizes[] = {1, 100, INVERT_TILE, 2 * INVERT_TILE + 100};

	for (int s = 0; s < 4; s++)
	{
		int			n = sizes[s];
		SymmetricMatrix matrix = {n, KERNEL_PADDED(n), NULL};
		double	   *whole = malloc(sizeof(double) * n * n);
		bool		good;

		matrix.element = malloc(sizeof(float) * n * matrix.stride);
		fill_symmetric(&matrix, whole);
		good = run_stages(&matrix, FACTOR_DIAGONAL, FACTOR_REST) &&
			run_stages(&matrix, INVERT_PANEL, INVERT_DIAGONAL) &&
			run_stages(&matrix, SQUARE_REST, SQUARE_DIAGONAL);
		ok(good && inverse_error(&matrix, whole) < 1e-4, "the inverse of a matrix by tiles");
		fill_symmetric(&matrix, whole);
		matrix.element[(size_t) (n - 1) * matrix.stride + n - 1] = -1;
		ok(!run_stages(&matrix, FACTOR_DIAGONAL, FACTOR_REST), "one that is not positive definite");
		free(matrix.element);
		free(whole);
	}
}

enum
{
	NET_SIZE = 37, NET_PADDED = KERNEL_PADDED(NET_SIZE)
};

/* A matrix for the elastic net, and how many of its rows were asked for. */
typedef struct NetMatrix
{
	_Alignas(KERNEL_ALIGN) float row[NET_SIZE][NET_PADDED];
	int			asked;
} NetMatrix;

static const float *
net_row(void *arg, int c)
{
	NetMatrix  *matrix = arg;

	matrix->asked++;
	return matrix->row[c];
}

/* X'X of 0 and 1, of which the last two columns are alike. */
static void
fill_net(NetMatrix *matrix)
{
	memset(matrix, 0, sizeof(*matrix));
	for (int r = 0; r < 60; r++)
	{
		bool		x[NET_SIZE];

		for (int c = 0; c < NET_SIZE; c++)
			x[c] = random_below(&numbers, 3) == 0;
		x[NET_SIZE - 1] = x[NET_SIZE - 2];
		for (int c = 0; c < NET_SIZE; c++)
			for (int d = 0; d < NET_SIZE; d++)
				matrix->row[c][d] += x[c] && x[d];
	}
}

/*
 * Of the minimum of w'Gw / 2 - g'w + l1 sum w + l2 |w|^2 / 2 with w >= 0, Karush,
 * Kuhn and Tucker: the gradient is 0 where w > 0, and nowhere negative.
 */
static bool
is_net_solution(const ElasticNet *net, const NetMatrix *matrix, const float *g)
{
	for (int c = 0; c < net->count; c++)
	{
		double		gradient = net->l1 + net->l2 * net->weight[c] - g[c];

		for (int d = 0; d < net->count; d++)
			gradient += matrix->row[c][d] * net->weight[d];
		if (net->weight[c] < 0 || gradient < -1e-3 || (net->weight[c] > 0 && gradient > 1e-3))
			return false;
	}
	return true;
}

static void
test_elastic_net(void)
{
	static NetMatrix matrix;
	bool		agree = true;
	bool		zeros = false;
	bool		few = true;

	for (int round = 0; round < 50; round++)
	{
		_Alignas(KERNEL_ALIGN) float rest[NET_PADDED] = {0};
		float		norm[NET_SIZE],
					g[NET_SIZE];
		double		weight[NET_SIZE] = {0};
		const float *row[NET_SIZE] = {0};
		ElasticNet	net = {
			.count = NET_SIZE, .l1 = round % 5, .l2 = 1 + round % 3, .norm = norm,
			.rest = rest, .weight = weight, .row = row, .make_row = net_row, .arg = &matrix
		};
		int			made = 0;

		fill_net(&matrix);
		for (int c = 0; c < NET_SIZE; c++)
		{
			norm[c] = matrix.row[c][c];
			g[c] = rest[c] = random_below(&numbers, 20);
		}
		for (int sweep = 0; sweep < 2000 && elastic_net_sweep(&net, sweep % 4 == 0) > 0; sweep++)
			;
		agree = agree && is_net_solution(&net, &matrix, g);
		for (int c = 0; c < NET_SIZE; c++)
		{
			zeros = zeros || weight[c] == 0;
			made += row[c] != NULL;
		}
		few = few && matrix.asked == made && made <= NET_SIZE;
	}
	ok(agree && zeros, "an elastic net satisfies the conditions of a minimum");
	ok(few, "its rows are asked for once");
}

int
main(void)
{
	numbers = random_stream(42, 0, 0);
	kernels_choose();
	ok(blas_load() == BLAS_READY, "BLAS and LAPACK can be loaded");
	test_products();
	test_conjugate();
	test_solve();
	test_nonnegative();
	test_elastic_net();
	test_principal();
	test_invert();
	return failures > 0;
}
