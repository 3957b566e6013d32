/*
 * series.h
 *		Measures of how alike two series of numbers are, one pair at a time.
 *
 * Plain C: nothing of PostgreSQL is needed to use or to test it.  Pairs are
 * added to a state, states of parts of the data can be combined, and the
 * measure is read off at the end.  A state is plain memory that the caller
 * owns; it holds no pointers and may be copied by assignment.
 */
#ifndef RECSYS_MEASURES_SERIES_H
#define RECSYS_MEASURES_SERIES_H

#include <stdbool.h>
#include <stdint.h>

typedef enum SeriesMeasure
{
	SERIES_PEARSON,
	SERIES_COSINE,
	SERIES_MSD,
	SERIES_JACCARD,
	SERIES_EUCLIDEAN,
	SERIES_MANHATTAN,
	SERIES_HAMMING
} SeriesMeasure;

typedef enum SeriesResult
{
	SERIES_VALUE,				/* there is a value, NaN maybe */
	SERIES_UNDEFINED,			/* no pairs, no variance, no norm */
	SERIES_OVERFLOW				/* finite numbers, but not their distance */
} SeriesResult;

/*
 * Sums over the numbers of one series, or over the differences of two.  All
 * but the band are of numbers multiplied by scale: see series.c.
 */
typedef struct SeriesSums
{
	int32_t		band;			/* which power of two the scale is */
	double		scale;			/* follows from band */
	double		origin;			/* what was subtracted first; or 0 */
	double		sum;			/* of the numbers less the origin */
	double		squares;		/* of the numbers, or about their mean */
} SeriesSums;

/* Each measure uses the fields it needs; the others stay 0. */
typedef struct SeriesState
{
	SeriesMeasure measure;
	int64_t		n;				/* pairs (jaccard: present on a side) */
	int64_t		hits;			/* jaccard: on both; hamming: differing */
	int64_t		nans;			/* pairs with a NaN (jaccard, hamming) */
	SeriesSums	x;				/* of x, or of the differences */
	SeriesSums	y;
	double		products;		/* of x and y, scaled as both are */
} SeriesState;

extern void series_init(SeriesState *state, SeriesMeasure measure);
extern void series_add(SeriesState *state, double x, double y);
extern void series_remove(SeriesState *state, double x, double y);
extern void series_combine(SeriesState *state, const SeriesState *other);
extern SeriesResult series_finish(const SeriesState *state, double *value);
extern bool series_restore(SeriesState *state);

#endif							/* RECSYS_MEASURES_SERIES_H */
