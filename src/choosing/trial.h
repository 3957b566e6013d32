/*
 * trial.h
 *		A setting that was tried, and what came of it.
 */
#ifndef RECSYS_CHOOSING_TRIAL_H
#define RECSYS_CHOOSING_TRIAL_H

#include "postgres.h"

#include "funcapi.h"
#include "utils/jsonb.h"

#include "evaluation/metrics.h"

typedef struct Trial
{
	int			number;			/* from 1 on, in the order of trying */
	const char *algorithm;
	Jsonb	   *options;
	double		value;			/* of the metric; NaN: it is not known */
	double		popular;		/* the same of the popular list, or of item means */
	double		seconds;		/* all its training and measuring */
	int			rung;			/* the last that it was measured on; -1: on none */
	bool		kept;			/* was it measured on the last rung? */
} Trial;

/* Some trials, the best first. */
typedef struct Trials
{
	const char *metric;			/* as given */
	Trial	   *trial;
	int			count;
} Trials;

extern int	trial_compare(const Trial *a, const Trial *b, Metric metric);
extern Jsonb *trials_encode(const Trials *trials, const Jsonb *asked);
extern bool trials_decode(const Jsonb *choice, Trials *trials);
extern void trials_put(ReturnSetInfo *result, const Trials *trials);

#endif							/* RECSYS_CHOOSING_TRIAL_H */
