/*
 * metrics.c
 *		What is measured of a model: the names as users give them, and which are
 *		wanted.
 */
#include "postgres.h"
#include "compat.h"

#include "engine/names.h"
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

/* Is this an error of predictions, of which the least is best? */
bool
metric_is_error(Metric metric)
{
	return metric == METRIC_RMSE || metric == METRIC_MAE;
}

/*
 * A metric, perhaps with the length of the lists, as "ndcg@20"; *n becomes that
 * or 10.  Errors: there is no such metric, or it has no lists of that length.
 */
Metric
metric_parse(const char *given, int *n)
{
	char	   *name = pstrdup(given);
	char	   *at = strchr(name, '@');
	Metric		metric;

	*n = 10;
	if (at != NULL)
	{
		char	   *end;
		long		length;

		*at = '\0';
		errno = 0;
		length = strtol(at + 1, &end, 10);
		if (errno != 0 || end == at + 1 || *end != '\0' || length < 1 || length > PG_INT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid length of the lists in metric \"%s\"", given),
					 errhint("For example 'ndcg@20'.")));
		*n = (int) length;
	}
	metric = enum_parse("metric", name, metric_names);
	if (at != NULL && metric_is_error(metric))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("metric \"%s\" is not a ranking metric", name)));
	return metric;
}
