/*
 * unit.c
 *		Unit tests of the mathematics: every instruction set that the CPU has
 *		against plain loops in double precision, the k best against sorting,
 *		transposition, random streams, ridge regression by its normal
 *		equations, principal components, and rows of similarities against
 *		their definitions.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "math/invert.h"
#include "math/kernels.h"
#include "math/nonnegative.h"
#include "math/principal.h"
#include "math/random.h"
#include "math/solve.h"
#include "math/sparse.h"
#include "math/topk.h"
#include "similarity/rows.h"

#include "tap.h"

#define LENGTH_OF(array) ((int) (sizeof(array) / sizeof((array)[0])))

static RandomStream numbers;

/* A vector of n random numbers, filled up with zeros, on unaligned memory. */
static float *
random_vector(int n)
{
	int			padded = KERNEL_PADDED(n);
	float	   *x = calloc(padded, sizeof(float));

	for (int i = 0; i < n; i++)
		x[i] = (float) random_normal(&numbers);
	return x;
}

static bool
reductions_agree(const Kernels *set, int n)
{
	int			padded = KERNEL_PADDED(n);
	float	   *x = random_vector(n);
	float	   *y = random_vector(n);
	double		dot = 0,
				squares = 0,
				absolute = 0;
	bool		agree;

	for (int i = 0; i < n; i++)
	{
		dot += (double) x[i] * y[i];
		squares += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
		absolute += fabs((double) x[i] - y[i]);
	}
	agree = fabs(set->dot(padded, x, y) - dot) < 1e-5 * sqrt(n) * 10 &&
		near(set->squared_distance(padded, x, y), squares, 1e-5) &&
		near(set->manhattan_distance(padded, x, y), absolute, 1e-5) &&
		set->squared_distance(padded, x, x) == 0 &&
		set->dot(padded, x, y) == set->dot(padded, y, x);
	free(x);
	free(y);
	return agree;
}

static bool
sgd_step_agrees(const Kernels *set, int n)
{
	int			padded = KERNEL_PADDED(n);
	float	   *p = random_vector(n);
	float	   *q = random_vector(n);
	float	   *old_p = malloc(sizeof(float) * padded);
	float	   *old_q = malloc(sizeof(float) * padded);
	bool		agree = true;

	memcpy(old_p, p, sizeof(float) * padded);
	memcpy(old_q, q, sizeof(float) * padded);
	set->sgd_step(padded, p, q, .25f, .5f, .75f);
	for (int i = 0; i < padded; i++)
		agree = agree && near(p[i], .5 * old_p[i] + .25 * old_q[i], 1e-6) &&
			near(q[i], .75 * old_q[i] + .25 * old_p[i], 1e-6) &&
			(i < n || (p[i] == 0 && q[i] == 0));
	free(p);
	free(q);
	free(old_p);
	free(old_q);
	return agree;
}

static bool
adaptive_step_agrees(const Kernels *set, int n)
{
	int			padded = KERNEL_PADDED(n);
	float	   *p = random_vector(n);
	float	   *q = random_vector(n);
	float	   *old_p = malloc(sizeof(float) * padded);
	float	   *old_q = malloc(sizeof(float) * padded);
	double		g_squares = 0,
				h_squares = 0;
	float		squares_p = 3,
				squares_q = 4;
	bool		agree = true;

	memcpy(old_p, p, sizeof(float) * padded);
	memcpy(old_q, q, sizeof(float) * padded);
	set->adaptive_step(padded, p, q, .5f, .25f, .125f, 2, 1.0f / n, &squares_p, &squares_q);
	for (int i = 0; i < padded; i++)
	{
		double		g = .25 * old_p[i] - .5 * old_q[i];
		double		h = .25 * old_q[i] - .5 * old_p[i];

		agree = agree && near(p[i], old_p[i] - .125 * g, 1e-6) &&
			near(q[i], old_q[i] - 2 * h, 1e-6) && (i < n || (p[i] == 0 && q[i] == 0));
		g_squares += g * g;
		h_squares += h * h;
	}
	agree = agree && near(squares_p, 3 + g_squares / n, 1e-5) &&
		near(squares_q, 4 + h_squares / n, 1e-5);
	free(p);
	free(q);
	free(old_p);
	free(old_q);
	return agree;
}

static bool
order_step_agrees(const Kernels *set, int n)
{
	int			padded = KERNEL_PADDED(n);
	float	   *p = random_vector(n);
	float	   *q = random_vector(n);
	float	   *r = random_vector(n);
	float	   *old[3] = {random_vector(n), random_vector(n), random_vector(n)};
	double		sum = 0;
	bool		agree;

	for (int i = 0; i < n; i++)
		sum += (double) p[i] * ((double) q[i] - r[i]);
	agree = fabs(set->dot_difference(padded, p, q, r) - sum) < 1e-5 * sqrt(n) * 10;
	memcpy(old[0], p, sizeof(float) * padded);
	memcpy(old[1], q, sizeof(float) * padded);
	memcpy(old[2], r, sizeof(float) * padded);
	set->bpr_step(padded, p, q, r, .25f, .5f);
	for (int i = 0; i < padded; i++)
		agree = agree && near(p[i], .5 * old[0][i] + .25 * (old[1][i] - old[2][i]), 1e-6) &&
			near(q[i], .5 * old[1][i] + .25 * old[0][i], 1e-6) &&
			near(r[i], .5 * old[2][i] - .25 * old[0][i], 1e-6) &&
			(i < n || (p[i] == 0 && q[i] == 0 && r[i] == 0));
	free(p);
	free(q);
	free(r);
	for (int i = 0; i < 3; i++)
		free(old[i]);
	return agree;
}

static bool
logistic_agrees(const Kernels *set, int n)
{
	int			padded = KERNEL_PADDED(n);
	float	   *x = random_vector(padded);
	double		sum = 0;
	double		found;
	bool		agree = true;
	float	   *before = malloc(sizeof(float) * padded);

	for (int i = 0; i < padded; i++)
		x[i] *= i % 3 == 0 ? 1 : i % 3 == 1 ? 10 : 200;
	x[0] = 0;
	memcpy(before, x, sizeof(float) * padded);
	found = set->logistic(padded, x);
	for (int i = 0; i < padded; i++)
	{
		agree = agree && fabs(x[i] - 1 / (1 + exp(-(double) before[i]))) < 1e-6;
		sum += before[i] > 0 ? before[i] + log1p(exp(-before[i])) : log1p(exp(before[i]));
	}
	agree = agree && near(found, sum, 1e-6);
	free(x);
	free(before);
	return agree;
}

static bool
matrix_vector_agrees(const Kernels *set, int n)
{
	int			padded = KERNEL_PADDED(n);
	float	   *matrix = random_vector(7 * padded);
	float	   *x = random_vector(n);
	float		out[7];
	bool		agree = true;

	set->matrix_vector(7, padded, matrix, x, out);
	for (int r = 0; r < 7; r++)
		agree = agree && out[r] == set->dot(padded, matrix + r * padded, x);
	free(matrix);
	free(x);
	return agree;
}

/* Few different numbers, so that many are equal; NaN and infinities are among them. */
static bool
count_above_agrees(const Kernels *set, int n)
{
	double		x[1000];
	bool		agree = true;

	for (int i = 0; i < n; i++)
		x[i] = i % 11 == 5 ? NAN : i % 13 == 7 ? -INFINITY : (double) random_below(&numbers, 5);
	for (int t = -1; t < 6; t++)
	{
		double		threshold = t < 0 ? -INFINITY : t;
		int64_t		above = 0;
		int64_t		equal = 0;
		int64_t		got_above;
		int64_t		got_equal;

		for (int i = 0; i < n; i++)
		{
			above += x[i] > threshold;
			equal += x[i] == threshold;
		}
		set->count_above(n, x, threshold, &got_above, &got_equal);
		agree = agree && got_above == above && got_equal == equal;
	}
	return agree;
}

/* Products and Gram matrices of all kinds of sizes, added to what was there. */
static bool
products_agree(const Kernels *set, int rows, int cols, int n)
{
	int			padded = KERNEL_PADDED(n);
	int			stride = cols + 3;
	float	   *x = random_vector(rows * padded);
	float	   *y = random_vector(cols * padded);
	float	   *out = random_vector(rows * stride);
	float	   *one = calloc(stride, sizeof(float));
	float	   *gram = malloc(sizeof(float) * padded * padded);
	float	   *before = malloc(sizeof(float) * rows * stride);
	bool		agree = true;

	memcpy(before, out, sizeof(float) * rows * stride);
	set->products(rows, cols, padded, x, y, out, stride);
	for (int r = 0; r < rows; r++)
		for (int c = 0; c < stride; c++)
		{
			float		expected = before[r * stride + c];

			if (c < cols)
				expected += set->dot(padded, x + r * padded, y + c * padded);
			agree = agree && near(out[r * stride + c], expected, 1e-4);
		}
	/* A row alone, among other columns, has the same to the last bit. */
	memcpy(one, before + (rows - 1) * stride, sizeof(float) * stride);
	set->products(1, cols / 2, padded, x + (rows - 1) * padded, y, one, stride);
	agree = agree && memcmp(one, out + (rows - 1) * stride, sizeof(float) * (cols / 2)) == 0;

	set->gram(rows, padded, x, gram);
	for (int i = 0; i < padded; i++)
		for (int j = 0; j < padded; j++)
		{
			double		sum = 0;

			for (int r = 0; r < rows; r++)
				sum += (double) x[r * padded + i] * x[r * padded + j];
			agree = agree && near(gram[i * padded + j], sum, 1e-4);
		}
	free(x);
	free(y);
	free(out);
	free(one);
	free(gram);
	free(before);
	return agree;
}

static bool
all_products_agree(const Kernels *set)
{
	static const int rows[] = {1, 5, 8, 13, 300};
	static const int cols[] = {1, 3, 8, 31, 32, 70};
	static const int lengths[] = {1, 16, 33, 129, 260};
	bool		agree = true;

	for (int r = 0; r < LENGTH_OF(rows); r++)
		for (int c = 0; c < LENGTH_OF(cols); c++)
			for (int n = 0; n < LENGTH_OF(lengths); n++)
				if (rows[r] < 300 || cols[c] == 31)
					agree = agree && products_agree(set, rows[r], cols[c], lengths[n]);
	return agree;
}

static void
test_kernels(const Kernels *set)
{
	static const int lengths[] = {1, 2, 15, 16, 17, 31, 32, 33, 48, 64, 100, 128, 255, 1000};
	char		name[100];
	bool		agree = true;

	for (int i = 0; i < LENGTH_OF(lengths); i++)
		agree = agree && reductions_agree(set, lengths[i]) &&
			sgd_step_agrees(set, lengths[i]) && adaptive_step_agrees(set, lengths[i]) &&
			order_step_agrees(set, lengths[i]) && matrix_vector_agrees(set, lengths[i]) &&
			count_above_agrees(set, lengths[i]) && logistic_agrees(set, lengths[i]);
	snprintf(name, sizeof(name), "kernels for %s agree with plain loops", set->isa);
	ok(agree, name);
	snprintf(name, sizeof(name), "products of matrices for %s agree with inner products", set->isa);
	ok(all_products_agree(set), name);
}

static int
compare_scored(const void *a, const void *b)
{
	return scored_before(*(const Scored *) a, *(const Scored *) b) ? -1 : 1;
}

/* With many ties, in random order, for every k. */
static void
test_topk(void)
{
	enum
	{
		N = 200
	};
	Scored		all[N],
				heap[N];
	bool		agree = true;

	for (int k = 0; k <= N; k++)
	{
		TopK		top;
		int			expected = k;

		topk_init(&top, k, heap);
		for (int i = 0; i < N; i++)
		{
			all[i].score = random_below(&numbers, 20);
			all[i].index = (int) ((i * 77u) % N);
			topk_push(&top, all[i].score, all[i].index);
		}
		topk_sort(&top);
		qsort(all, N, sizeof(Scored), compare_scored);
		agree = agree && top.count == expected;
		for (int i = 0; i < k; i++)
			agree = agree && heap[i].score == all[i].score && heap[i].index == all[i].index;
	}
	ok(agree, "the k best are the first k of all, sorted, ties by index");
}

static int
compare_falling(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x < y) - (x > y);
}

/* Among few different numbers, all equal ones, and all different ones. */
static void
test_kth_largest(void)
{
	enum
	{
		N = 300
	};
	static const uint32_t kinds[] = {1, 7, 1000000};
	double		number[N],
				sorted[N];
	bool		agree = true;

	for (int kind = 0; kind < 3; kind++)
		for (int k = 1; k <= N; k++)
		{
			for (int i = 0; i < N; i++)
				number[i] = sorted[i] = random_below(&numbers, kinds[kind]);
			qsort(sorted, N, sizeof(double), compare_falling);
			agree = agree && kth_largest(number, N, k) == sorted[k - 1];
			qsort(number, k, sizeof(double), compare_falling);
			agree = agree && memcmp(number, sorted, sizeof(double) * k) == 0;
		}
	ok(agree, "the k-th largest is that of all sorted, and the k largest are in front");
}

static void
test_random(void)
{
	RandomStream a = random_stream(1, 2, 3);
	RandomStream b = random_stream(1, 2, 3);
	RandomStream c = random_stream(1, 3, 2);
	bool		same = true,
				other = false;
	double		sum = 0,
				squares = 0;
	int			below[10] = {0};
	enum
	{
		N = 200000
	};

	for (int i = 0; i < 100; i++)
	{
		uint64_t	x = random_bits(&a);

		same = same && x == random_bits(&b);
		other = other || x != random_bits(&c);
	}
	ok(same && other, "a stream repeats, and differs from others");
	for (int i = 0; i < N; i++)
	{
		double		x = random_normal(&a);

		sum += x;
		squares += x * x;
		below[random_below(&b, 10)]++;
	}
	/* Four standard errors. */
	ok(fabs(sum / N) < 4 / sqrt(N) && fabs(squares / N - 1) < 4 * sqrt(2.0 / N),
	   "normal numbers have mean 0 and variance 1");
	same = true;
	for (int i = 0; i < 10; i++)
		same = same && abs(below[i] - N / 10) < 4 * sqrt(N * .09);
	ok(same, "numbers below a bound are uniform");
}

/* A sparse matrix with about a third of its entries, the caller's to free. */
static SparseRows
random_matrix(int rows, int cols)
{
	SparseRows	m = {.rows = rows, .cols = cols};
	int64_t		n = 0;

	m.start = calloc(rows + 1, sizeof(int64_t));
	m.index = calloc((size_t) rows * cols, sizeof(int32_t));
	m.value = calloc((size_t) rows * cols, sizeof(float));
	for (int r = 0; r < rows; r++)
	{
		for (int c = 0; c < cols; c++)
			if (random_below(&numbers, 3) == 0)
			{
				m.index[n] = c;
				m.value[n++] = 1 + (float) random_below(&numbers, 5);
			}
		m.start[r + 1] = n;
	}
	return m;
}

static SparseRows
transpose(const SparseRows *m)
{
	SparseRows	t = {0};

	t.start = calloc(m->cols + 1, sizeof(int64_t));
	t.index = calloc(sparse_entries(m) + 1, sizeof(int32_t));
	t.value = calloc(sparse_entries(m) + 1, sizeof(float));
	for (int r = 0; r < m->rows; r += 5)
		sparse_transpose_count(m, r, r + 5 < m->rows ? r + 5 : m->rows, &t);
	sparse_transpose_start(m, &t);
	for (int r = 0; r < m->rows; r += 7)
		sparse_transpose_fill(m, r, r + 7 < m->rows ? r + 7 : m->rows, &t);
	return t;
}

static void
free_matrix(SparseRows *m)
{
	free(m->start);
	free(m->index);
	free(m->value);
}

/* Value at (row, column), 0 where there is none. */
static double
value_at(const SparseRows *m, int row, int col)
{
	int64_t		e = sparse_find(m, row, col);

	return e < 0 ? 0 : m->value[e];
}

static void
test_sparse(void)
{
	SparseRows	m = random_matrix(23, 17);
	SparseRows	t = transpose(&m);
	SparseRows	back = transpose(&t);
	bool		agree = t.rows == 17 && t.cols == 23;

	for (int r = 0; r < 23; r++)
		for (int c = 0; c < 17; c++)
			agree = agree && value_at(&m, r, c) == value_at(&t, c, r);
	ok(agree, "a transpose has the same values");
	ok(memcmp(m.start, back.start, sizeof(int64_t) * 24) == 0 &&
	   memcmp(m.index, back.index, sizeof(int32_t) * m.start[23]) == 0 &&
	   memcmp(m.value, back.value, sizeof(float) * m.start[23]) == 0,
	   "transposed twice it is the same");
	free_matrix(&m);
	free_matrix(&t);
	free_matrix(&back);
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

/* Similarity by its definition; NaN where it is not defined. */
static double
defined(const SparseRows *m, SimilarityKind kind, int x, int y)
{
	double		n = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, sd = 0;
	double		whole_x = 0, whole_y = 0, n_x = 0, n_y = 0;

	for (int c = 0; c < m->cols; c++)
	{
		double		a = value_at(m, x, c);
		double		b = value_at(m, y, c);

		whole_x += a * a;
		whole_y += b * b;
		n_x += a != 0;
		n_y += b != 0;
		if (a == 0 || b == 0)
			continue;
		n++;
		sx += a;
		sy += b;
		sxx += a * a;
		syy += b * b;
		sxy += a * b;
		sd += (a - b) * (a - b);
	}
	if (n == 0)
		return NAN;
	switch (kind)
	{
		case SIMILARITY_COSINE:
			return sxy / sqrt(whole_x * whole_y);
		case SIMILARITY_COSINE_COMMON:
			return sxy / sqrt(sxx * syy);
		case SIMILARITY_MSD:
			return 1 / (1 + sd / n);
		case SIMILARITY_JACCARD:
			return n / (n_x + n_y - n);
		case SIMILARITY_DOT:
			return sxy;
		case SIMILARITY_ASYMMETRIC_COSINE:
			return sxy / (pow(whole_x, .3) * pow(whole_y, .7));
		case SIMILARITY_LIFT:
			return n * m->cols / (n_x * n_y);
		case SIMILARITY_COOCCURRENCE:
			return n;
		case SIMILARITY_PEARSON:
			sxx = n * sxx - sx * sx;
			syy = n * syy - sy * sy;
			return sxx > 0 && syy > 0 ? (n * sxy - sx * sy) / sqrt(sxx * syy) : NAN;
		default:
			return NAN;
	}
}

static bool
rows_agree(SimilarityKind kind)
{
	enum
	{
		ROWS = 30, COLS = 25
	};
	SparseRows	m = random_matrix(ROWS, COLS);
	SparseRows	t = transpose(&m);
	RowStats	stats[ROWS];
	CooccurrenceSums light[ROWS] = {{0}};
	PairSums	pair[ROWS] = {{0}};
	double		offset[ROWS];
	int32_t		touched[ROWS];
	RowSimilarity similarity = {
		.measure = {.kind = kind, .min_support = 1, .asymmetry = .3},
		.rows = &m, .columns = &t, .row_stats = stats, .column_count = COLS,
		.row_offset = kind == SIMILARITY_PEARSON ? offset : NULL,
		.light = similarity_uses_cooccurrence(kind) ? light : NULL,
		.pair = similarity_uses_cooccurrence(kind) ? NULL : pair,
		.touched = touched
	};
	bool		agree = true;

	for (int r = 0; r < ROWS; r++)
	{
		stats[r] = row_stats(&m, r);
		offset[r] = rint(stats[r].mean);
	}
	for (int x = 0; x < ROWS; x++)
	{
		row_similarity_start(&similarity);
		row_similarity_add(&similarity, x, m.start[x], m.start[x + 1]);
		for (int y = 0; y < ROWS; y++)
		{
			int32_t		support;
			double		found = row_similarity_get(&similarity, x, y, &support);
			double		expected = defined(&m, kind, x, y);

			agree = agree && (isnan(expected) ? isnan(found) : near(found, expected, 1e-12));
		}
		/* Left for the next start to clear, as after an error. */
		if (x % 2 == 0)
			row_similarity_end(&similarity);
	}
	free_matrix(&m);
	free_matrix(&t);
	return agree;
}

/* Sums of differences against their definition, added up in two steps. */
static bool
differences_agree(void)
{
	enum
	{
		ROWS = 30, COLS = 25
	};
	SparseRows	m = random_matrix(ROWS, COLS);
	SparseRows	t = transpose(&m);
	bool		agree = true;

	for (int x = 0; x < ROWS; x++)
	{
		CooccurrenceSums sums[ROWS] = {{0}};
		int64_t		middle = (m.start[x] + m.start[x + 1]) / 2;

		row_differences_add(&m, &t, m.start[x], middle, sums);
		row_differences_add(&m, &t, middle, m.start[x + 1], sums);
		for (int y = 0; y < ROWS; y++)
		{
			double		sum = 0;
			int			n = 0;

			for (int c = 0; c < COLS; c++)
				if (value_at(&m, x, c) != 0 && value_at(&m, y, c) != 0)
				{
					sum += value_at(&m, x, c) - value_at(&m, y, c);
					n++;
				}
			agree = agree && sums[y].sum == sum && sums[y].n == n;
		}
	}
	free_matrix(&m);
	free_matrix(&t);
	return agree;
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

int
main(void)
{
	numbers = random_stream(42, 0, 0);
	kernels_choose();
	ok(blas_load() == BLAS_READY, "BLAS and LAPACK can be loaded");
	test_kernels(&kernels_portable);
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		test_kernels(&kernels_avx2);
	if (kernels == &kernels_avx512)
		test_kernels(&kernels_avx512);
#endif
	test_topk();
	test_kth_largest();
	test_random();
	test_sparse();
	test_solve();
	test_nonnegative();
	test_principal();
	ok(rows_agree(SIMILARITY_COSINE), "rows of cosine");
	ok(rows_agree(SIMILARITY_COSINE_COMMON), "rows of cosine_common");
	ok(rows_agree(SIMILARITY_PEARSON), "rows of pearson");
	ok(rows_agree(SIMILARITY_MSD), "rows of msd");
	ok(rows_agree(SIMILARITY_JACCARD), "rows of jaccard");
	ok(rows_agree(SIMILARITY_DOT), "rows of dot");
	ok(rows_agree(SIMILARITY_ASYMMETRIC_COSINE), "rows of asymmetric_cosine");
	ok(rows_agree(SIMILARITY_LIFT), "rows of lift");
	ok(rows_agree(SIMILARITY_COOCCURRENCE), "rows of cooccurrence");
	ok(differences_agree(), "rows of differences");
	test_invert();
	return failures > 0;
}
