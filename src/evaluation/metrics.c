/*
 * metrics.c
 *		What is measured of a model: the names, and which are wanted.
 */
#include "postgres.h"
#include "compat.h"

#include "evaluation/metrics.h"

/* By Metric. */
const char *const metric_names[] = {
	"rmse", "mae", "precision", "recall", "hit_rate", "ndcg", "map", "mrr", "auc",
	"coverage", "novelty", "gini", "diversity", "popularity", "users", NULL
};

StaticAssertDecl(lengthof(metric_names) == METRIC_COUNT + 1,
				 "metrics and their names differ in number");

/* Is any of some metrics to be measured? */
bool
metrics_wanted(const MeasureOptions *wanted, MetricSet metrics)
{
	MetricSet	possible = (wanted->errors ? METRICS_OF_ERRORS : 0) |
		(wanted->ranking ? ~METRICS_OF_ERRORS : 0);

	if (wanted->metrics != 0)
		possible &= wanted->metrics;
	return (possible & metrics) != 0;
}
