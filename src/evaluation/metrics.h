/*
 * metrics.h
 *		What is measured of a model.
 */
#ifndef RECSYS_EVALUATION_METRICS_H
#define RECSYS_EVALUATION_METRICS_H

#include "postgres.h"

/* What is measured, in the order in which it is shown. */
typedef enum Metric
{
	METRIC_RMSE,
	METRIC_MAE,
	METRIC_PRECISION,
	METRIC_RECALL,
	METRIC_HIT_RATE,
	METRIC_NDCG,
	METRIC_MAP,
	METRIC_MRR,
	METRIC_AUC,
	METRIC_COVERAGE,
	METRIC_NOVELTY,
	METRIC_GINI,
	METRIC_DIVERSITY,
	METRIC_POPULARITY,
	METRIC_USERS
} Metric;

#define METRIC_COUNT (METRIC_USERS + 1)

/* Some metrics, as bits. */
typedef uint32 MetricSet;

#define METRIC_BIT(metric) ((MetricSet) 1 << (metric))
#define METRICS_OF_ERRORS (METRIC_BIT(METRIC_RMSE) | METRIC_BIT(METRIC_MAE))
/* For which lists have to be made: all but the errors and the number of users. */
#define METRICS_OF_LISTS (METRIC_BIT(METRIC_USERS) - 1 - METRICS_OF_ERRORS)

/* What to measure. */
typedef struct MeasureOptions
{
	bool		errors;			/* rmse and mae */
	bool		ranking;		/* all others */
	MetricSet	metrics;		/* and of those only these; 0: all */
	bool		popular;		/* of the popularity list and item means, too */
	int			n;				/* length of the lists */
} MeasureOptions;

extern const char *const metric_names[];

extern bool metric_is_error(Metric metric);
extern Metric metric_parse(const char *given, int *n);

/* What came of it; NaN: not measured, or undefined. */
typedef struct Quality
{
	double		value[METRIC_COUNT];
} Quality;

extern bool metrics_wanted(const MeasureOptions *wanted, MetricSet metrics);

#endif							/* RECSYS_EVALUATION_METRICS_H */
