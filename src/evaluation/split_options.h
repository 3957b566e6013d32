/*
 * split_options.h
 *		How a split is asked for.
 */
#ifndef RECSYS_EVALUATION_SPLIT_OPTIONS_H
#define RECSYS_EVALUATION_SPLIT_OPTIONS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "evaluation/metrics.h"
#include "math/list_quality.h"

/* Positions in the list of their names. */
typedef enum SplitMethod
{
	SPLIT_RANDOM,
	SPLIT_PER_USER,
	SPLIT_LEAVE_ONE_OUT,
	SPLIT_TEMPORAL,
	SPLIT_USERS,
	SPLIT_GIVEN
} SplitMethod;

/* What a split is asked to be. */
typedef struct SplitOptions
{
	SplitMethod method;
	double		share;			/* of rows or users that are held out */
	double		known;			/* of the rows of users who are held out */
	int			seed;
	char	   *time_col;		/* NULL: chance decides */
	char	   *after;			/* a time as text; NULL: the share decides */
	Oid			test;			/* relation with what is held out */
	Oid			negatives;		/* relation with what is ranked beside it, or invalid */
	int			sampled_negatives;
	double		relevant_from;
	ListGain	gain;			/* of what is relevant, by its rating */
	bool		include_seen;	/* may lists have what users have in training? */
	MetricSet	metrics;		/* what is to be measured; 0: all */
} SplitOptions;

extern const char *const split_methods[];

extern SplitOptions split_parse(const Jsonb *given, char *time_col);

#endif							/* RECSYS_EVALUATION_SPLIT_OPTIONS_H */
