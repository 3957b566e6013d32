/*
 * math_kernels.c
 *		Unit tests of the vector kernels: every instruction set that the CPU has
 *		against plain loops in double precision.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/kernels.h"

#include "samples.h"
#include "tap.h"

#define LENGTH_OF(array) ((int) (sizeof(array) / sizeof((array)[0])))

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

/* (ridge I + sum y y') of a block, times its share of the solution x. */
static double
ridge_product(const float *matrix, int n, const int32_t *index, int count, int block, int i,
			  double ridge, const float *x)
{
	double		sum = ridge * x[block + i];

	for (int r = 0; r < count; r++)
	{
		const float *y = matrix + index[r] * n + block;
		double		product = 0;

		for (int j = 0; j < KERNEL_LANES; j++)
			product += (double) y[j] * x[block + j];
		sum += product * y[i];
	}
	return sum;
}

/*
 * Of the solution of the equations of a row the product with their matrix is
 * what was given; where there are ridges enough, and rows without any vector,
 * with one, and with more than factors.
 */
static bool
gather_solve_agrees(const Kernels *set, int n, int count)
{
	static const int32_t index[] = {3, 0, 7, 1, 9, 4, 2, 8, 5, 6, 11, 10, 13, 12, 15, 14, 17, 16, 19, 18};
	int			padded = KERNEL_PADDED(n);
	float	   *matrix = random_vector(20 * padded);
	float	   *given = random_vector(padded);
	float	   *x = malloc(sizeof(float) * padded);
	bool		agree = true;

	for (int r = 0; r < 20; r++)
		for (int i = n; i < padded; i++)
			matrix[r * padded + i] = 0;
	memcpy(x, given, sizeof(float) * padded);
	set->gather_solve(count, padded, matrix, index, 7, x);
	for (int i = 0; i < padded; i++)
	{
		int			block = i / KERNEL_LANES * KERNEL_LANES;

		agree = agree && near(ridge_product(matrix, padded, index, count, block, i - block, 7, x),
							  given[i], 1e-4);
	}
	/* Without a ridge the result is finite all the same. */
	set->gather_solve(count, padded, matrix, index, 0, x);
	for (int i = 0; i < padded; i++)
		agree = agree && isfinite(x[i]);
	free(matrix);
	free(given);
	free(x);
	return agree;
}

static bool
all_gather_solves_agree(const Kernels *set)
{
	static const int lengths[] = {1, 2, 10, 15, 16, 17, 33, 64};
	static const int counts[] = {0, 1, 2, 5, 20};
	bool		agree = true;

	for (int n = 0; n < LENGTH_OF(lengths); n++)
		for (int c = 0; c < LENGTH_OF(counts); c++)
			agree = agree && gather_solve_agrees(set, lengths[n], counts[c]);
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
	snprintf(name, sizeof(name), "equations of rows for %s are solved", set->isa);
	ok(all_gather_solves_agree(set), name);
}

int
main(void)
{
	numbers = random_stream(42, 0, 0);
	kernels_choose();
	test_kernels(&kernels_portable);
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		test_kernels(&kernels_avx2);
	if (kernels == &kernels_avx512)
		test_kernels(&kernels_avx512);
#endif
	return failures > 0;
}
