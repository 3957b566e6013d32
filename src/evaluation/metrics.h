/*
 * metrics.h
 *		What is measured of a model.
 */
#ifndef RECSYS_EVALUATION_METRICS_H
#define RECSYS_EVALUATION_METRICS_H

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

extern const char *const metric_names[];

/* What came of it; NaN: not measured, or undefined. */
typedef struct Quality
{
	double		value[METRIC_COUNT];
} Quality;

#endif							/* RECSYS_EVALUATION_METRICS_H */
