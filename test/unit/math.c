/*
 * math.c
 *		Unit tests of random streams, the k best against sorting, transposed
 *		sparse matrices, pairs in rising order, and denormal numbers.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/concordance.h"
#include "math/denormals.h"
#include "math/random.h"
#include "math/sparse.h"
#include "math/topk.h"

#include "samples.h"
#include "tap.h"

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

/* Among few different numbers and among many, for every length. */
static void
test_concordance(void)
{
	enum
	{
		N = 70
	};
	bool		agree = true;

	for (int n = 0; n <= N; n++)
	{
		double		number[N],
					space[N];
		int64_t		counted = 0,
					rising = 0;
		double		unequal = 0;

		for (int i = 0; i < n; i++)
		{
			number[i] = random_below(&numbers, n % 2 == 0 ? 5 : 1000);
			for (int j = 0; j < i; j++)
			{
				rising += number[j] < number[i];
				unequal += number[j] != number[i];
			}
		}
		for (int64_t width = 1; width < n; width *= 2)
			counted += merge_runs_of(number, n, width, space);
		agree = agree && counted == rising && count_unequal_pairs(number, n) == unequal;
		for (int i = 1; i < n; i++)
			agree = agree && number[i - 1] <= number[i];
	}
	ok(agree, "pairs in rising order are counted while numbers are sorted");
}

/* Numbers next to zero become zero, until that is undone. */
static void
test_denormals(void)
{
#if defined(__SSE2__) || defined(__aarch64__)
	volatile float small = 1e-20f;
	volatile float product = small * small;
	uint64_t	before;

	ok(product != 0, "at first denormals are kept");
	before = denormals_flush();
	product = small * small;
	ok(product == 0, "then they are zero");
	denormals_restore(before);
	product = small * small;
	ok(product != 0, "and then they are kept again");
#endif
}

int
main(void)
{
	numbers = random_stream(42, 0, 0);
	kernels_choose();
	test_topk();
	test_kth_largest();
	test_random();
	test_sparse();
	test_concordance();
	test_denormals();
	return failures > 0;
}
