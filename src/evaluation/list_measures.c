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
	double		auc;
	int64		aucs;			/* users for whom it is defined */
	double		information;
	double		raters;
	int64		recommended;	/* entries of all lists */
	double		diversity;
	int64		diversities;	/* lists of two or more */
} ListSums;

typedef struct Lists
{
	const Batch *batch;
	int			k;				/* entries that a list should have, if there are so many */
	const int64 *relevant;		/* [users] items that are to be found */
	const Training *training;
	int32		items;
	int64	   *times;			/* [items] how often each was recommended */
	int32	   *wanted_by;		/* [items] 1 + the last user it was relevant for */
	double	   *norm;			/* [items] of its ratings */
	double	   *sum;			/* [users of the training] all zero between lists */
	bool	   *hit;			/* [n] */
} Lists;

/* Load the ratings of a model, in the current memory context. */
void
training_load(Model *model, Training *training)
{
	model_load_ratings(model, &training->by_user, &training->by_item);
}

/* The mean rating of an item; NaN if it has none. */
double
training_mean(const Training *training, int32 item)
{
	const SparseRows *rows = &training->by_item;
	double		sum = 0;

	for (int64 e = rows->start[item]; e < rows->start[item + 1]; e++)
		sum += rows->value[e];
	return sum / sparse_row_length(rows, item);
}

/* Bytes of measuring lists of a model of ratings of a given shape. */
Size
lists_bytes(const MatrixShape *part)
{
	return budget_array(part->items, sizeof(int64) + sizeof(int32) + sizeof(double)) +
		budget_array(part->users, sizeof(double));
}

/* The norms of the ratings of all items. */
static void
find_norms(Lists *lists)
{
	const SparseRows *rows = &lists->training->by_item;

	lists->norm = allocate_array_zero(lists->items, sizeof(double));
	for (int32 item = 0; item < lists->items; item++)
	{
		double		squares = 0;

		CHECK_FOR_INTERRUPTS();
		for (int64 e = rows->start[item]; e < rows->start[item + 1]; e++)
			squares += (double) rows->value[e] * rows->value[e];
		lists->norm[item] = sqrt(squares);
	}
}

/* Which entries of a user's list are relevant. */
static void
find_hits(Lists *lists, int32 u, int length)
{
	const Batch *batch = lists->batch;
	const int32 *item = batch->item + (Size) u * batch->shape.n;

	for (int64 e = batch->relevant.start[u]; e < batch->relevant.start[u + 1]; e++)
		lists->wanted_by[batch->relevant.item[e]] = u + 1;
	for (int i = 0; i < length; i++)
		lists->hit[i] = lists->wanted_by[item[i]] == u + 1;
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

/*
 * One minus the mean cosine of the pairs of a list.  With s the sum of the
 * items' ratings, each scaled to length 1, all pairs together have |s|^2 minus
 * the number of items: that takes one pass over the columns instead of one for
 * each pair.  An item without ratings is like no other.
 */
static double
list_diversity(Lists *lists, const int32 *item, int length)
{
	const SparseRows *rows = &lists->training->by_item;
	double		squares = 0;
	int			rated = 0;

	for (int i = 0; i < length; i++)
	{
		double		norm = lists->norm[item[i]];

		rated += norm > 0;
		for (int64 e = rows->start[item[i]]; norm > 0 && e < rows->start[item[i] + 1]; e++)
			lists->sum[rows->index[e]] += rows->value[e] / norm;
	}
	for (int i = 0; i < length; i++)
		for (int64 e = rows->start[item[i]]; e < rows->start[item[i] + 1]; e++)
		{
			double	   *sum = &lists->sum[rows->index[e]];

			squares += *sum * *sum;
			*sum = 0;
		}
	return 1 - (squares - rated) / ((double) length * (length - 1));
}

/* Minus the logarithm of the share of the users who have rated an item. */
static double
self_information(const Lists *lists, int32 item)
{
	double		raters = sparse_row_length(&lists->training->by_item, item);

	return log2(lists->training->by_user.rows / Max(raters, 1));
}

/* Add what is measured of a user's list. */
static void
add_list(Lists *lists, int32 u, ListSums *sums)
{
	const Batch *batch = lists->batch;
	const int32 *item = batch->item + (Size) u * batch->shape.n;
	ListHits	list = {
		.hit = lists->hit,
		.length = listed_items(batch, u),
		.relevant = lists->relevant[u],
		.k = lists->k
	};

	find_hits(lists, u, list.length);
	for (int i = 0; i < lengthof(measures); i++)
		sums->measure[i] += measures[i].measure(&list);
	for (int i = 0; i < list.length; i++)
	{
		lists->times[item[i]]++;
		sums->raters += sparse_row_length(&lists->training->by_item, item[i]);
		sums->information += self_information(lists, item[i]);
	}
	sums->recommended += list.length;
	if (list.length < 2)
		return;
	sums->diversity += list_diversity(lists, item, list.length);
	sums->diversities++;
}

/* Relevant items that the model does not know are behind all others. */
static void
add_auc(const Lists *lists, int32 u, ListSums *sums)
{
	const Batch *batch = lists->batch;
	int64		known = batch->relevant.start[u + 1] - batch->relevant.start[u];
	double		auc = known == 0 ? 0 : batch->auc[u];

	if (isnan(auc))
		return;
	sums->auc += auc * known / lists->relevant[u];
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

/* What the lists say of the catalogue; uses up the counts. */
static void
measure_catalogue(Lists *lists, Quality *quality)
{
	int32		recommended = 0;

	for (int32 item = 0; item < lists->items; item++)
		recommended += lists->times[item] > 0;
	quality->value[METRIC_COVERAGE] = (double) recommended / lists->items;
	quality->value[METRIC_GINI] = gini_coefficient(lists->times, lists->items);
}

/*
 * Measure the lists of a batch that was run, which are of k items where there
 * are so many.  relevant: [users] how many items are relevant, with those that
 * the model does not know.
 */
void
lists_measure(const Batch *batch, int k, const int64 *relevant, const Training *training,
			  Quality *quality)
{
	ListSums	sums = {0};
	Lists		lists = {
		.batch = batch,
		.k = k,
		.relevant = relevant,
		.training = training,
		.items = training->by_item.rows
	};

	lists.times = allocate_array_zero(lists.items, sizeof(int64));
	lists.wanted_by = allocate_array_zero(lists.items, sizeof(int32));
	lists.sum = allocate_array_zero(training->by_user.rows, sizeof(double));
	lists.hit = allocate_array_zero(batch->shape.n, sizeof(bool));
	find_norms(&lists);
	for (int32 u = 0; u < batch->shape.users; u++)
	{
		CHECK_FOR_INTERRUPTS();
		add_list(&lists, u, &sums);
		add_auc(&lists, u, &sums);
	}
	for (int i = 0; i < lengthof(measures); i++)
		quality->value[measures[i].metric] = sums.measure[i] / batch->shape.users;
	quality->value[METRIC_AUC] = mean(sums.auc, sums.aucs);
	quality->value[METRIC_NOVELTY] = mean(sums.information, sums.recommended);
	quality->value[METRIC_DIVERSITY] = mean(sums.diversity, sums.diversities);
	quality->value[METRIC_POPULARITY] = mean(sums.raters, sums.recommended);
	measure_catalogue(&lists, quality);
	pfree(lists.times);
	pfree(lists.wanted_by);
	pfree(lists.norm);
	pfree(lists.sum);
	pfree(lists.hit);
}
