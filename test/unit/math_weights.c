/*
 * math_weights.c
 *		Unit tests of weights that span orders of magnitude: what looks like counts,
 *		and what is made of them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/weights.h"

#include "tap.h"

#define N 20000

/* How n numbers are spread. */
static WeightSpread
spread_of(const float *value, int n)
{
	static WeightHistogram histogram;

	memset(&histogram, 0, sizeof(histogram));
	weights_count(value, n / 2, &histogram);
	weights_count(value + n / 2, n - n / 2, &histogram);
	return weights_spread(&histogram);
}

/* Numbers of several kinds, each a function of something spread evenly in (0, 1). */
static float
stars(double u)
{
	return 1 + floor(5 * u * u);
}

static float
percent(double u)
{
	return floor(101 * u);
}

static float
events(double u)
{
	return ceil(log(u) / log(.5));
}

static float
plays(double u)
{
	return ceil(exp(2 + 6 * u * u * u));
}

static float
hours(double u)
{
	return .1 * pow(u, -1.2);
}

/* Do numbers of a kind look like counts, in any unit? */
static bool
look_like_counts(float (*kind) (double u), double unit)
{
	static float value[N];

	for (int i = 0; i < N; i++)
		value[i] = unit * kind((i + .5) / N);
	return spread_of(value, N).counts;
}

/* Spread: kinds of numbers, flags, what is left out, few numbers. */
static void
test_spread(void)
{
	float		few[] = {1, 1, 1, 1, 5, NAN, 5, 1, 1, 1};
	float		flags[] = {0, 3, 0, 3};
	float		thirds[] = {0, 3, 0, 2};
	float		negative[] = {-1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1000};
	float		hundred[100];

	ok(!look_like_counts(stars, 1) && !look_like_counts(stars, .5), "stars are no counts");
	ok(!look_like_counts(percent, 1), "nor are numbers to 100");
	ok(!look_like_counts(events, 1), "nor is what happens once or twice");
	ok(look_like_counts(plays, 1) && look_like_counts(plays, 1e-6), "plays are");
	ok(look_like_counts(hours, 1) && look_like_counts(hours, 3600), "hours, or seconds, are");
	ok(!spread_of(few, 10).counts && near(spread_of(few, 10).top, 5 / (17 / 9.), 1e-6),
		  "few stars are none; what is left out does not count");
	ok(spread_of(flags, 4).flags && !spread_of(flags, 4).counts, "0 and 3 are flags");
	ok(!spread_of(thirds, 4).flags && !spread_of(few, 10).flags, "0, 2 and 3 are not, nor 1 and 5");
	ok(!spread_of(negative, 12).counts && spread_of(negative + 1, 11).counts,
		  "what can be negative is no count");
	ok(spread_of(few, 0).unit == 1 && spread_of(few, 0).top == 0, "nothing is no count");
	for (int i = 0; i < 100; i++)
		hundred[i] = 7 + i;
	ok(spread_of(hundred, 100).unit >= 15 && spread_of(hundred, 100).unit <= 17,
		  "the unit is what a tenth does not exceed, roughly");
}

/* Does a rule make of 1, 3, 3, 100 and 1023 these numbers? */
static bool
makes(WeightTransform transform, double unit, const double *wanted)
{
	float		value[] = {1, 3, 3, 100, 1023};
	float		space[5];
	WeightRule	rule = {transform, unit};
	bool		right = true;

	weights_transform(&rule, 5, value, space);
	for (int i = 0; i < 5; i++)
		right = right && near(value[i], wanted[i], 1e-5);
	return right;
}

/* What each rule makes of weights. */
static void
test_transform(void)
{
	ok(makes(TRANSFORM_NONE, 1, (double[]) {1, 3, 3, 100, 1023}), "nothing");
	ok(makes(TRANSFORM_LOG, 1, (double[]) {1, 2, 2, 6.658211, 10}), "logarithms");
	ok(makes(TRANSFORM_LOG, 33, (double[]) {.043062, .125531, .125531, 2.010883, 5}),
		  "of another unit");
	ok(makes(TRANSFORM_SQRT, 4, (double[]) {.5, .866025, .866025, 5, 15.992186}), "roots");
	ok(makes(TRANSFORM_RANK, 1, (double[]) {.6, .8, .8, .9, 1}), "ranks");
	ok(makes(TRANSFORM_BINARY, 1, (double[]) {1, 1, 1, 1, 1}), "ones");
}

int
main(void)
{
	test_spread();
	test_transform();
	return failures > 0;
}
