/*
 * measures.c
 *		Unit tests of the measures of two series: against their definitions, in
 *		parts, and with pairs taken out again.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "measures/series.h"

#include "samples.h"
#include "tap.h"

#define PAIRS 60

/* A measure by its definition. */
static double
defined(SeriesMeasure measure, int n, const double *x, const double *y)
{
	double		mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
	double		gaps = 0, squares = 0, differing = 0, either = 0, both = 0;

	for (int i = 0; i < n && measure == SERIES_PEARSON; i++)
	{
		mean_x += x[i] / n;
		mean_y += y[i] / n;
	}
	for (int i = 0; i < n; i++)
	{
		xx += (x[i] - mean_x) * (x[i] - mean_x);
		yy += (y[i] - mean_y) * (y[i] - mean_y);
		xy += (x[i] - mean_x) * (y[i] - mean_y);
		gaps += fabs(x[i] - y[i]);
		squares += (x[i] - y[i]) * (x[i] - y[i]);
		differing += x[i] != y[i];
		either += x[i] != 0 || y[i] != 0;
		both += x[i] != 0 && y[i] != 0;
	}
	switch (measure)
	{
		case SERIES_PEARSON:
		case SERIES_COSINE:
			return xy / sqrt(xx * yy);
		case SERIES_MSD:
			return 1 / (1 + squares / n);
		case SERIES_JACCARD:
			return both / either;
		case SERIES_EUCLIDEAN:
			return sqrt(squares);
		case SERIES_MANHATTAN:
			return gaps;
		default:
			return differing;
	}
}

static bool
finishes_with(const SeriesState *state, double expected)
{
	double		value;

	return series_finish(state, &value) == SERIES_VALUE && near(value, expected, 1e-12);
}

/* Of no pairs; of some at once, and as two parts that are combined. */
static void
test_measure(SeriesMeasure measure, const char *name)
{
	double		x[PAIRS],
				y[PAIRS],
				none;
	bool		agree;
	SeriesState whole,
				part[2];

	series_init(&whole, measure);
	agree = series_finish(&whole, &none) == SERIES_UNDEFINED;
	for (int n = 2; n <= PAIRS; n++)
	{
		series_init(&whole, measure);
		series_init(&part[0], measure);
		series_init(&part[1], measure);
		for (int i = 0; i < n; i++)
		{
			x[i] = i == 0 ? 1 : random_below(&numbers, 5);
			y[i] = i == 1 ? 9 : random_below(&numbers, 5);
			series_add(&whole, x[i], y[i]);
			series_add(&part[i % 3 == 0], x[i], y[i]);
		}
		if (measure == SERIES_PEARSON && n < 5)
			continue;
		series_combine(&part[0], &part[1]);
		agree = agree && finishes_with(&whole, defined(measure, n, x, y)) &&
			finishes_with(&part[0], defined(measure, n, x, y));
	}
	ok(agree, name);
}

/* Counts go back exactly. */
static void
test_remove(SeriesMeasure measure, const char *name)
{
	SeriesState state,
				before;

	series_init(&state, measure);
	series_add(&state, 1, 0);
	series_add(&state, 2, 3);
	before = state;
	series_add(&state, 4, 4);
	series_add(&state, NAN, 4);
	series_remove(&state, 4, 4);
	series_remove(&state, NAN, 4);
	ok(state.n == before.n && state.hits == before.hits && state.nans == before.nans, name);
}

/* Numbers whose squares no double holds. */
static void
test_range(void)
{
	static const double scales[] = {1e300, 1e-300};
	bool		agree = true;

	for (int s = 0; s < 2; s++)
	{
		SeriesState state;

		series_init(&state, SERIES_EUCLIDEAN);
		series_add(&state, 3 * scales[s], 0);
		series_add(&state, 0, 4 * scales[s]);
		agree = agree && finishes_with(&state, 5 * scales[s]);
	}
	ok(agree, "distances of the largest and smallest numbers");
}

int
main(void)
{
	numbers = random_stream(42, 0, 0);
	test_measure(SERIES_PEARSON, "pearson");
	test_measure(SERIES_COSINE, "cosine");
	test_measure(SERIES_MSD, "msd");
	test_measure(SERIES_JACCARD, "jaccard");
	test_measure(SERIES_EUCLIDEAN, "euclidean");
	test_measure(SERIES_MANHATTAN, "manhattan");
	test_measure(SERIES_HAMMING, "hamming");
	test_remove(SERIES_JACCARD, "pairs taken out of jaccard");
	test_remove(SERIES_HAMMING, "pairs taken out of hamming");
	test_range();
	return failures > 0;
}
