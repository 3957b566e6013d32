/*
 * metrics.c
 *		What is measured of a model: the names.
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
