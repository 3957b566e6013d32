/*
 * space.h
 *		Settings of an algorithm to be tried.
 */
#ifndef RECSYS_CHOOSING_SPACE_H
#define RECSYS_CHOOSING_SPACE_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "math/random.h"

/* One option that is varied. */
typedef struct Axis
{
	const OptionSpec *spec;
	double		min;			/* of a number */
	double		max;
	bool		log;			/* do its ratios count? */
	bool		absolute;		/* are places counted from min, not from the default? */
	List	   *values;			/* of char *, JSON; NIL: it is a number */
} Axis;

typedef struct Space
{
	const Algorithm *algorithm;
	const Jsonb *fixed;			/* options that every setting has */
	Axis	   *axis;
	int			axes;
} Space;

/*
 * A setting is a place on each axis: of values the position in the list, of
 * numbers the distance from the default, or from the least, in lengths of the
 * axis; NaN leaves the option at its default.
 */

extern Space *space_create(const Algorithm *algorithm, const Jsonb *given);
extern double *space_default(const Space *space);
extern double *space_draw(const Space *space, RandomStream *stream);
extern double *space_draw_near(const Space *space, const double *place, RandomStream *stream);
extern Jsonb *space_options(const Space *space, const double *place, const CommonOptions *common,
							bool has_values, const DataTraits *traits);

#endif							/* RECSYS_CHOOSING_SPACE_H */
