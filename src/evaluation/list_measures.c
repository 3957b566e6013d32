/*
 * list_measures.c
 *		How good the lists of many users are, each and all together.
 *
 * Means over users of the measures of one list, and what can only be said of
 * all lists: how much of the catalogue they cover and how unevenly, and how
 * popular, how surprising and how different from each other their items are.
 * Everything is summed in the order of the users.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "evaluation/diversity.h"
#include "evaluation/list_measures.h"
#include "math/list_quality.h"
#include "resources/budget.h"

/* The measures of one list. */
static const struct
{
	Metric		metric;
	ListMeasure measure;
}			measures[] = {
	{METRIC_PRECISION, list_precision},
	{METRIC_RECALL, list_recall},
	{METRIC_HIT_RATE, list_hit},
	{METRIC_NDCG, list_ndcg},
	{METRIC_MAP, list_average_precision},
	{METRIC_MRR, list_reciprocal_rank}
};

/* What is summed over the lists. */
typedef struct ListSums
{
	double		measure[lengthof(measures)];
	int64		measured[lengthof(measures)];	/* users for whom it is defined */
	double		auc;
	int64		aucs;			/* users for whom it is defined */
	double		information;
	double		raters;
	int64		recommended;	/* entries of all lists */
} ListSums;

typedef struct Lists
{
	const TestBatch *test;
	const Batch *batch;			/* of the test */
	const MeasureOptions *wanted;
	const Training *training;
	int			seed;
	int32		items;
	int64	   *times;			/* [items] how often each was recommended */
	int32	   *wanted_by;		/* [items] 1 + the last user it was relevant for */
	double	   *worth;			/* [items] its gain for that user, if there are gains */
	bool	   *hit;			/* [n] */
	double	   *gain;			/* [n] of the hits; NULL: 1 */
} Lists;

/* Is a metric to be measured? */
static bool
is_wanted(const Lists *lists, Metric metric)
{
	return metrics_wanted(lists->wanted, METRIC_BIT(metric));
}

/* Bytes of measuring lists of a batch by a model of ratings of given shapes. */
Size
lists_bytes(const MatrixShape *part, const BatchShape *shape, const MeasureOptions *wanted)
{
	Size		bytes = budget_array(part->items, sizeof(int64) + sizeof(int32) + sizeof(double));

	if (metrics_wanted(wanted, METRIC_BIT(METRIC_DIVERSITY)))
		bytes = add_size(bytes, diversity_bytes(part, shape));
	return bytes;
}

/* Mark what is relevant for a user. */
static void
mark_relevant(Lists *lists, int32 u)
{
	const BatchItems *relevant = &lists->batch->relevant;

	for (int64 e = relevant->start[u]; e < relevant->start[u + 1]; e++)
	{
		lists->wanted_by[relevant->item[e]] = u + 1;
		if (lists->gain != NULL)
			lists->worth[relevant->item[e]] = lists->test->gain[e];
	}
}

/* Which entries of a user's list are relevant, and what that is worth. */
static void
find_hits(Lists *lists, int32 u, int length)
{
	const int32 *item = lists->batch->item + (Size) u * lists->batch->shape.n;

	mark_relevant(lists, u);
	for (int i = 0; i < length; i++)
		lists->hit[i] = lists->wanted_by[item[i]] == u + 1;
	for (int i = 0; i < length && lists->gain != NULL; i++)
		lists->gain[i] = lists->hit[i] ? lists->worth[item[i]] : 0;
}

/* The length of a user's list. */
static int
listed_items(const Batch *batch, int32 u)
{
	const int32 *item = batch->item + (Size) u * batch->shape.n;
	int			length = 0;

	while (length < batch->shape.n && item[length] >= 0)
		length++;
	return length;
}

/* Minus the logarithm of the share of the users who have rated an item. */
static double
self_information(const Lists *lists, int32 item)
{
	double		raters = sparse_row_length(&lists->training->by_item, item);

	return log2(lists->training->by_user.rows / Max(raters, 1));
}

/* Add what is found of what is relevant for a user. */
static void
add_hits(Lists *lists, int32 u, int length, ListSums *sums)
{
	ListHits	list = {
		.hit = lists->hit,
		.gain = lists->gain,
		.ideal = lists->gain == NULL ? 0 : lists->test->ideal[u],
		.length = length,
		.relevant = lists->test->relevant[u],
		.k = lists->wanted->n
	};

	find_hits(lists, u, length);
	for (int i = 0; i < lengthof(measures); i++)
	{
		double		value = is_wanted(lists, measures[i].metric) ? measures[i].measure(&list) : NAN;

		if (isnan(value))
			continue;
		sums->measure[i] += value;
		sums->measured[i]++;
	}
}

/* Add what is measured of a user's list. */
static void
add_list(Lists *lists, int32 u, ListSums *sums)
{
	const Batch *batch = lists->batch;
	const int32 *item = batch->item + (Size) u * batch->shape.n;
	int			length = listed_items(batch, u);

	add_hits(lists, u, length, sums);
	for (int i = 0; i < length; i++)
	{
		lists->times[item[i]]++;
		sums->raters += sparse_row_length(&lists->training->by_item, item[i]);
		if (is_wanted(lists, METRIC_NOVELTY))
			sums->information += self_information(lists, item[i]);
	}
	sums->recommended += length;
}

/* Relevant items that the model does not know are behind all others. */
static void
add_auc(const Lists *lists, int32 u, ListSums *sums)
{
	const Batch *batch = lists->batch;
	int64		known = batch->relevant.start[u + 1] - batch->relevant.start[u];
	double		auc;

	if (!batch->shape.auc)
		return;
	auc = known == 0 ? 0 : batch->auc[u];
	if (isnan(auc))
		return;
	sums->auc += auc * known / lists->test->relevant[u];
	sums->aucs++;
}

/* For sorting, the smallest first. */
static int
compare_counts(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* The Gini coefficient of some counts, which are put in order. */
static double
gini_coefficient(int64 *count, int32 n)
{
	double		weighted = 0;
	double		sum = 0;

	qsort(count, n, sizeof(int64), compare_counts);
	for (int32 i = 0; i < n; i++)
	{
		weighted += (2.0 * (i + 1) - n - 1) * count[i];
		sum += count[i];
	}
	return sum > 0 ? weighted / (n * sum) : get_float8_nan();
}

/* A mean, NaN if it is of nothing. */
static double
mean(double sum, int64 count)
{
	return count > 0 ? sum / count : get_float8_nan();
}

/* The share of the items that are recommended to anybody. */
static double
catalogue_coverage(const Lists *lists)
{
	int32		recommended = 0;

	for (int32 item = 0; item < lists->items; item++)
		recommended += lists->times[item] > 0;
	return (double) recommended / lists->items;
}

/* Put a number among what was measured, if it is wanted. */
static void
put(const Lists *lists, Metric metric, double value, Quality *quality)
{
	if (is_wanted(lists, metric))
		quality->value[metric] = value;
}

/* The means of what was summed, and what is of the catalogue; uses up the counts. */
static void
put_means(Lists *lists, const ListSums *sums, Quality *quality)
{
	for (int i = 0; i < lengthof(measures); i++)
		put(lists, measures[i].metric, mean(sums->measure[i], sums->measured[i]), quality);
	put(lists, METRIC_AUC, mean(sums->auc, sums->aucs), quality);
	put(lists, METRIC_NOVELTY, mean(sums->information, sums->recommended), quality);
	put(lists, METRIC_POPULARITY, mean(sums->raters, sums->recommended), quality);
	put(lists, METRIC_COVERAGE, catalogue_coverage(lists), quality);
	if (is_wanted(lists, METRIC_DIVERSITY))
		quality->value[METRIC_DIVERSITY] = mean_diversity(lists->batch, &lists->training->by_item,
														  lists->seed);
	if (is_wanted(lists, METRIC_GINI))
		quality->value[METRIC_GINI] = gini_coefficient(lists->times, lists->items);
}

/* Make the arrays that lists are measured with. */
static void
lists_allocate(Lists *lists)
{
	int			n = lists->batch->shape.n;

	lists->times = allocate_array_zero(lists->items, sizeof(int64));
	lists->wanted_by = allocate_array_zero(lists->items, sizeof(int32));
	lists->hit = allocate_array_zero(n, sizeof(bool));
	if (lists->test->gain != NULL)
	{
		lists->worth = allocate_array(lists->items, sizeof(double));
		lists->gain = allocate_array(n, sizeof(double));
	}
}

/*
 * Measure what is wanted of the lists of a test whose batch was run; the seed is
 * for a sample of lists.
 */
void
lists_measure(const TestBatch *test, const MeasureOptions *wanted, const Training *training,
			  int seed, Quality *quality)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys lists",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	ListSums	sums = {0};
	Lists		lists = {
		.test = test,
		.batch = test->batch,
		.wanted = wanted,
		.training = training,
		.seed = seed,
		.items = training->by_item.rows
	};

	lists_allocate(&lists);
	for (int32 u = 0; u < lists.batch->shape.users; u++)
	{
		CHECK_FOR_INTERRUPTS();
		add_list(&lists, u, &sums);
		add_auc(&lists, u, &sums);
	}
	put_means(&lists, &sums, quality);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
