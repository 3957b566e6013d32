/*
 * blend_scale.h
 *		The scores of different algorithms on one scale.
 */
#ifndef RECSYS_FORMS_BLEND_SCALE_H
#define RECSYS_FORMS_BLEND_SCALE_H

#include "postgres.h"

#include <math.h>

/* The scores of a row that count, as far as their scale needs it. */
typedef struct Spread
{
	int32		count;
	double		mean;
	double		stddev;
	double		lowest;
} Spread;

/* Is there a score? */
static inline bool
has_score(double score)
{
	return isfinite(score);
}

extern Spread measure_spread(const double *score, const bool *seen, int32 rows);
extern void standardize_row(double *score, int32 rows, double missing, const Spread *spread);
extern void rank_row(double *score, int32 rows, double missing, const bool *seen,
					 double *sorted);

#endif							/* RECSYS_FORMS_BLEND_SCALE_H */
