/*
 * series.c
 *		Measures of how alike two series of numbers are, one pair at a time.
 *
 * There are three families.  Moments (pearson, cosine) keep sums of squares
 * and products, gaps (msd, euclidean, manhattan) sums over x - y, and counts
 * (jaccard, hamming) integers.
 *
 * Squares would leave the range of a double long before the numbers do.  So
 * each sum is of numbers multiplied by a power of two, the scale.  It depends
 * on the band of the largest number met: band 0 has scale 1 and reaches up to
 * 2^100, each further band 2^200 more, and below there are as many.  A state
 * starts in the lowest band and only moves up.  Multiplying by a power of two does
 * not round, and what is lost when a state moves up is far below the last digit
 * of the larger number that caused it.  In any band the largest
 * number lies between 2^-100 and 2^100 once scaled, and two different ones
 * that large are 2^-153 apart or more.  So squares, their sums over any number of
 * rows, and products of two such sums neither overflow nor vanish.
 *
 * Pearson subtracts the first number of a series from all the others, so that a
 * large common offset costs no digits and a constant series has a variance of
 * exactly 0.  On top of that come the updates of Youngs and Cramer (1971, Some
 * results relevant to choice of sum and sum-of-product algorithms), and for
 * two parts the formula of Chan, Golub and LeVeque (1979, Updating formulae
 * and a pairwise algorithm for computing sample variances).
 *
 * The other sums have no negative terms or, in cosine, are divided by sums that
 * have none: plain addition is accurate, and compensation would not pay.
 */
#include <math.h>

#include "measures/series.h"

#define BAND_BITS	200
#define BAND_LIMIT	0x1p100
#define BAND_MAX	5			/* up to 2^1100; the lowest is -BAND_MAX */

/* No table has so many rows; sums of counts below this cannot overflow. */
#define COUNT_LIMIT (INT64_C(1) << 53)

/* How a measure is computed. */
typedef struct MeasureMethods
{
	void		(*add) (SeriesState *state, double x, double y);
	void		(*combine) (SeriesState *state, const SeriesState *other);
	SeriesResult (*finish) (const SeriesState *state, double *value);
} MeasureMethods;

/* The scale of a band: 2^(-200 band). */
static double
band_scale(int band)
{
	return ldexp(1.0, -BAND_BITS * band);
}

/* The lowest band, not below that of the sums, that holds a finite number. */
static int
band_for(const SeriesSums *sums, double number)
{
	int			band = sums->band;

	while (band < BAND_MAX &&
		   fabs(ldexp(number, -BAND_BITS * band)) > BAND_LIMIT)
		band++;
	return band;
}

/* Change the sums of a series to another band. */
static void
enter_band(SeriesState *state, SeriesSums *sums, int band)
{
	int			bits = BAND_BITS * (sums->band - band);

	sums->band = band;
	sums->scale = band_scale(band);
	sums->origin = ldexp(sums->origin, bits);
	sums->sum = ldexp(sums->sum, bits);
	sums->squares = ldexp(sums->squares, 2 * bits);
	state->products = ldexp(state->products, bits);
}

/* Bring the sums of two states to the higher one of their bands. */
static void
share_band(SeriesState *a, SeriesSums *sums_a,
		   SeriesState *b, SeriesSums *sums_b)
{
	if (sums_a->band < sums_b->band)
		enter_band(a, sums_a, sums_b->band);
	else if (sums_b->band < sums_a->band)
		enter_band(b, sums_b, sums_a->band);
}

/*
 * The number multiplied by the scale of its series, which enters a higher band
 * if it must.  Infinity becomes NaN: a correlation with it is not defined.
 */
static double
scaled(SeriesState *state, SeriesSums *sums, double number)
{
	if (!(fabs(number * sums->scale) <= BAND_LIMIT))
	{
		if (!isfinite(number))
			return NAN;
		enter_band(state, sums, band_for(sums, number));
	}
	return number * sums->scale;
}

/* Add a pair to the moments about the mean. */
static void
pearson_add(SeriesState *state, double x, double y)
{
	double		n = (double) ++state->n;
	double		weight;

	x = scaled(state, &state->x, x);
	y = scaled(state, &state->y, y);
	if (state->n == 1)
	{
		state->x.origin = x;
		state->y.origin = y;
	}
	x -= state->x.origin;
	y -= state->y.origin;
	state->x.sum += x;
	state->y.sum += y;

	/* The first pair is added too, with weight 0: a NaN in it makes the sums NaN. */
	weight = state->n == 1 ? 0 : 1 / (n * (n - 1));
	x = n * x - state->x.sum;
	y = n * y - state->y.sum;
	state->x.squares += x * x * weight;
	state->y.squares += y * y * weight;
	state->products += x * y * weight;
}

/* Add a pair to the plain moments. */
static void
cosine_add(SeriesState *state, double x, double y)
{
	x = scaled(state, &state->x, x);
	y = scaled(state, &state->y, y);
	state->n++;
	state->x.squares += x * x;
	state->y.squares += y * y;
	state->products += x * y;
}

/* How far the mean of b lies from that of a; both are in the same band. */
static double
distance_of_means(const SeriesSums *a, double n_a,
				  const SeriesSums *b, double n_b)
{
	return (b->origin - a->origin) + (b->sum / n_b - a->sum / n_a);
}

/*
 * Add the moments of another state.  With origin and sum 0, as cosine leaves
 * them, this is plain addition.
 */
static void
moments_combine(SeriesState *state, const SeriesState *other)
{
	SeriesState o = *other;
	double		n_s = (double) state->n;
	double		n_o = (double) o.n;
	double		weight;
	double		dx;
	double		dy;

	if (o.n == 0)
		return;
	if (state->n == 0)
	{
		*state = o;
		return;
	}
	share_band(state, &state->x, &o, &o.x);
	share_band(state, &state->y, &o, &o.y);
	dx = distance_of_means(&state->x, n_s, &o.x, n_o);
	dy = distance_of_means(&state->y, n_s, &o.y, n_o);
	weight = n_s * (n_o / (n_s + n_o));

	state->n += o.n;
	state->x.sum += o.x.sum + n_o * (o.x.origin - state->x.origin);
	state->y.sum += o.y.sum + n_o * (o.y.origin - state->y.origin);
	state->x.squares += o.x.squares + dx * dx * weight;
	state->y.squares += o.y.squares + dy * dy * weight;
	state->products += o.products + dx * dy * weight;
}

/* The correlation, or cosine: undefined without variance, or norm. */
static SeriesResult
moments_finish(const SeriesState *state, double *value)
{
	double		cosine;

	if (state->x.squares == 0 || state->y.squares == 0)
		return SERIES_UNDEFINED;
	/* The bands keep the product in range; rounding may still pass 1. */
	cosine = state->products / sqrt(state->x.squares * state->y.squares);
	if (cosine > 1)
		cosine = 1;
	else if (cosine < -1)
		cosine = -1;
	*value = cosine;
	return SERIES_VALUE;
}

/* x - y, scaled.  An infinite difference stays infinite; inf - inf is NaN. */
static double
scaled_gap(SeriesState *state, double x, double y)
{
	SeriesSums *gaps = &state->x;
	double		larger = fmax(fabs(x), fabs(y));

	state->n++;
	if (isinf(larger))
		return x - y;
	if (larger * gaps->scale > BAND_LIMIT)
		enter_band(state, gaps, band_for(gaps, larger));
	return x * gaps->scale - y * gaps->scale;
}

/* Add a pair to the squared differences. */
static void
square_gap_add(SeriesState *state, double x, double y)
{
	double		gap = scaled_gap(state, x, y);

	state->x.squares += gap * gap;
}

/* Add a pair to the absolute differences. */
static void
manhattan_add(SeriesState *state, double x, double y)
{
	double		gap = scaled_gap(state, x, y);

	state->x.sum += fabs(gap);
}

/* Add the differences of another state. */
static void
gaps_combine(SeriesState *state, const SeriesState *other)
{
	SeriesState o = *other;

	share_band(state, &state->x, &o, &o.x);
	state->n += o.n;
	state->x.sum += o.x.sum;
	state->x.squares += o.x.squares;
}

/* 1 / (1 + mean squared difference); undefined without pairs. */
static SeriesResult
msd_finish(const SeriesState *state, double *value)
{
	double		mean;

	if (state->n == 0)
		return SERIES_UNDEFINED;
	mean = state->x.squares / (double) state->n;
	/* A mean too large for a double makes the right 0 here. */
	*value = 1 / (1 + ldexp(mean, 2 * BAND_BITS * state->x.band));
	return SERIES_VALUE;
}

/*
 * A scaled distance as the result; overflow if only the unscaled one is not
 * finite.
 */
static SeriesResult
distance_finish(const SeriesState *state, double distance, double *value)
{
	if (state->n == 0)
		return SERIES_UNDEFINED;
	*value = ldexp(distance, BAND_BITS * state->x.band);
	if (isinf(*value) && !isinf(distance))
		return SERIES_OVERFLOW;
	return SERIES_VALUE;
}

/* The root of the sum of squared differences. */
static SeriesResult
euclidean_finish(const SeriesState *state, double *value)
{
	return distance_finish(state, sqrt(state->x.squares), value);
}

/* The sum of absolute differences. */
static SeriesResult
manhattan_finish(const SeriesState *state, double *value)
{
	return distance_finish(state, state->x.sum, value);
}

/* Put a pair into the counts (step 1) or take it out of them (step -1). */
static void
count(SeriesState *state, double x, double y, int step)
{
	bool		jaccard = state->measure == SERIES_JACCARD;

	if (isnan(x) || isnan(y))
		state->nans += step;
	else if (jaccard ? x != 0 || y != 0 : true)
	{
		state->n += step;
		if (jaccard ? x != 0 && y != 0 : x != y)
			state->hits += step;
	}
}

/* Add a pair to the counts. */
static void
counts_add(SeriesState *state, double x, double y)
{
	count(state, x, y, 1);
}

/* Add the counts of another state. */
static void
counts_combine(SeriesState *state, const SeriesState *other)
{
	state->n += other->n;
	state->hits += other->hits;
	state->nans += other->nans;
}

/*
 * Jaccard's share, undefined without pairs, or Hamming's number; NaN if there
 * were NaNs.
 */
static SeriesResult
counts_finish(const SeriesState *state, double *value)
{
	if (state->nans > 0)
		*value = NAN;
	else if (state->n == 0)
		return SERIES_UNDEFINED;
	else if (state->measure == SERIES_JACCARD)
		*value = (double) state->hits / (double) state->n;
	else
		*value = (double) state->hits;
	return SERIES_VALUE;
}

static const MeasureMethods methods[] = {
	[SERIES_PEARSON] = {pearson_add, moments_combine, moments_finish},
	[SERIES_COSINE] = {cosine_add, moments_combine, moments_finish},
	[SERIES_MSD] = {square_gap_add, gaps_combine, msd_finish},
	[SERIES_JACCARD] = {counts_add, counts_combine, counts_finish},
	[SERIES_EUCLIDEAN] = {square_gap_add, gaps_combine, euclidean_finish},
	[SERIES_MANHATTAN] = {manhattan_add, gaps_combine, manhattan_finish},
	[SERIES_HAMMING] = {counts_add, counts_combine, counts_finish}
};

/* Make the state of no pairs. */
void
series_init(SeriesState *state, SeriesMeasure measure)
{
	const SeriesSums none = {
		.band = -BAND_MAX,
		.scale = band_scale(-BAND_MAX)
	};

	*state = (SeriesState) {
		.measure = measure,
		.x = none,
		.y = none
	};
}

/* Add a pair of any two numbers, NaN and infinities included. */
void
series_add(SeriesState *state, double x, double y)
{
	methods[state->measure].add(state, x, y);
}

/*
 * Undo the addition of a pair; for jaccard and hamming only.  Counts can be
 * undone exactly, but removing a large number from a rounded sum would leave
 * little more than its rounding error.
 */
void
series_remove(SeriesState *state, double x, double y)
{
	count(state, x, y, -1);
}

/* Add all pairs of another state, which is of the same measure. */
void
series_combine(SeriesState *state, const SeriesState *other)
{
	methods[state->measure].combine(state, other);
}

/* Compute the measure. *value is set if and only if there is a value. */
SeriesResult
series_finish(const SeriesState *state, double *value)
{
	return methods[state->measure].finish(state, value);
}

/* Fill in what follows from the band.  False: there is no such band. */
static bool
restore_sums(SeriesSums *sums)
{
	if (sums->band < -BAND_MAX || sums->band > BAND_MAX)
		return false;
	sums->scale = band_scale(sums->band);
	return true;
}

/*
 * Make a state that came from outside usable: fill in what follows from the
 * rest.  False: adding pairs could not have made it.  Any sums are accepted:
 * all they can spoil is the result.
 */
bool
series_restore(SeriesState *state)
{
	if ((unsigned int) state->measure > SERIES_HAMMING)
		return false;
	if (state->n < 0 || state->n > COUNT_LIMIT ||
		state->hits < 0 || state->hits > state->n ||
		state->nans < 0 || state->nans > COUNT_LIMIT)
		return false;
	return restore_sums(&state->x) && restore_sums(&state->y);
}
