/*
 * space.h
 *		The space in which the options of an algorithm are searched.
 *
 * An algorithm declares it beside its options: for each option that is worth
 * trying, the range or the values in which good settings have been found.  The
 * search starts from the defaults, which suit the data, and draws numbers around
 * them (choosing/space.c).
 */
#ifndef RECSYS_ENGINE_SPACE_H
#define RECSYS_ENGINE_SPACE_H

#include "postgres.h"

typedef struct SearchAxis
{
	const char *option;			/* its name */
	double		min;			/* of a number */
	double		max;
	bool		log;			/* do its ratios count, not its differences? */
	const char *const *values;	/* JSON, ends with NULL; NULL: it is a number */
} SearchAxis;

/* A number whose differences count, one whose ratios do, and a few values. */
#define LINEAR_AXIS(name, least, most) {.option = name, .min = least, .max = most}
#define LOG_AXIS(name, least, most) {.option = name, .min = least, .max = most, .log = true}
#define VALUES_AXIS(name, list) {.option = name, .values = list}

/* The space of an algorithm: an array of axes. */
typedef struct SearchSpace
{
	const SearchAxis *axis;
	int			axes;			/* 0: it is not searched */
} SearchSpace;

#define SEARCH_SPACE(list) {.axis = list, .axes = lengthof(list)}

#endif							/* RECSYS_ENGINE_SPACE_H */
