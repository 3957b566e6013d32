/*
 * knn.c
 *		Algorithms "item_knn" and "user_knn": k nearest neighbours.
 *
 * With the option neighbors = 0 training only keeps the ratings (and baselines,
 * where they are needed); the row of similarities that a request needs is
 * computed then, and exact.  With neighbors = K the K most similar of every
 * row are found now and kept: each row of the matrix of similarities is
 * computed, used and forgotten.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "algorithms/baseline.h"
#include "algorithms/registry.h"
#include "math/topk.h"
#include "model/neighbour.h"
#include "ratings/budget.h"

typedef struct KnnOptions
{
	CommonOptions common;
	int			similarity;		/* SimilarityKind */
	int			score;			/* ScoreKind */
	int			k;
	int			min_k;
	int			min_support;
	double		shrinkage;
	int			neighbors;
	BaselineOptions baseline;
} KnnOptions;

static const OptionSpec options[] = {
	ENUM_OPTION("similarity", KnnOptions, similarity, OPTION_AUTO, similarity_names,
				"default msd for ratings, cosine for weights"),
	ENUM_OPTION("score", KnnOptions, score, OPTION_AUTO, score_names,
				"how neighbours' ratings make a score; default weighted_mean for ratings, sum for weights"),
	INT_OPTION("k", KnnOptions, k, 40, 1, 1000000,
			   "nearest neighbours used for a score, of those that have the rating"),
	INT_OPTION("min_k", KnnOptions, min_k, 1, 0, 1000000,
			   "with fewer neighbours there is no score of theirs"),
	INT_OPTION("min_support", KnnOptions, min_support, 1, 1, 1000000000,
			   "with fewer common ratings two rows are not similar"),
	REAL_OPTION("shrinkage", KnnOptions, shrinkage, OPTION_AUTO, 0, 1e9,
				"h: similarities of n common ratings are multiplied by n / (n + h); default 0, for pearson_baseline 100"),
	INT_OPTION("neighbors", KnnOptions, neighbors, OPTION_AUTO, 0, 100000,
			   "most similar rows to keep of each; 0: compute them when needed; default 0 for ratings, 100 for weights"),
	INT_OPTION("baseline_iterations", KnnOptions, baseline.iterations,
			   BASELINE_ITERATIONS, 1, 10000,
			   "iterations of baseline_als, where baselines are needed"),
	REAL_OPTION("reg_i", KnnOptions, baseline.reg_i, BASELINE_REG_I, 0, 1e9,
				"regularisation of its item biases"),
	REAL_OPTION("reg_u", KnnOptions, baseline.reg_u, BASELINE_REG_U, 0, 1e9,
				"regularisation of its user biases")
};

static bool
is_rating_score(int score)
{
	return score != SCORE_SUM && score != SCORE_AVERAGE;
}

/* Fill in the defaults that depend on the data or on each other. */
static void
knn_prepare(void *options, bool has_values)
{
	KnnOptions *opts = options;

	if (opts->similarity < 0)
		opts->similarity = has_values ? SIMILARITY_MSD : SIMILARITY_COSINE;
	if (opts->score < 0)
		opts->score = has_values ? SCORE_WEIGHTED_MEAN : SCORE_SUM;
	if (opts->neighbors < 0)
		opts->neighbors = is_rating_score(opts->score) ? 0 : 100;
	if (isnan(opts->shrinkage))
		opts->shrinkage = opts->similarity == SIMILARITY_PEARSON_BASELINE ? 100 : 0;
	if (!is_rating_score(opts->score))
		opts->common.clip = false;
	if (!opts->common.store_ratings)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a neighbour model cannot do without its ratings"),
				 errhint("Leave out the option \"store_ratings\".")));
}

static NeighbourParams
knn_params(const KnnOptions *opts, bool items)
{
	NeighbourParams params = {
		.items = items,
		.measure = {
			.kind = opts->similarity,
			.min_support = opts->min_support,
			.shrinkage = opts->shrinkage
		},
		.score = opts->score,
		.k = opts->k,
		.min_k = opts->min_k
	};

	return params;
}

/* Either side may be the longer: the bound holds for both. */
static Size
knn_memory(const MatrixShape *shape, const void *options)
{
	const KnnOptions *opts = options;
	Size		rows = Max(shape->users, shape->items);
	Size		both = (Size) shape->users + shape->items;
	Size		kept = Min(opts->neighbors, rows);
	Size		lists = budget_array(rows, kept * (sizeof(int32) + sizeof(float)));

	return add_size(lists,
					budget_array(both, sizeof(RowStats) + sizeof(float) +
								 sizeof(PairSums) + 2 * sizeof(double)));
}

static int
compare_indexes(const void *a, const void *b)
{
	int32		x = ((const Scored *) a)->index;
	int32		y = ((const Scored *) b)->index;

	return (x > y) - (x < y);
}

/* The nearest of the current row of "similarity", in the order of indexes. */
static void
nearest_of_row(const RowSimilarity *similarity, int32 row, bool negative_too,
			   TopK *nearest, int capacity, Scored *heap)
{
	int32		support;

	topk_init(nearest, capacity, heap);
	for (int32 t = 0; t < similarity->touched_count; t++)
	{
		int32		other = similarity->touched[t];
		double		value;

		if (other == row)
			continue;
		value = row_similarity_get(similarity, row, other, &support);
		if (value > 0 || (negative_too && !isnan(value)))
			topk_push(nearest, value, other);
	}
	qsort(heap, nearest->count, sizeof(Scored), compare_indexes);
}

/* Append a row to the lists, whose arrays have room for it. */
static void
append_row(SparseRows *lists, int32 row, const TopK *nearest)
{
	int64		to = lists->start[row];

	for (int i = 0; i < nearest->count; i++, to++)
	{
		lists->index[to] = nearest->heap[i].index;
		lists->value[to] = nearest->heap[i].score;
	}
	lists->start[row + 1] = to;
}

/* The K most similar rows of every row. */
static SparseRows *
find_lists(TrainContext *context, Neighbourhood *hood, int capacity)
{
	RowSimilarity *similarity = neighbourhood_similarity(hood, hood->params.items);
	int32		rows = similarity->rows->rows;
	SparseRows *lists = palloc(sizeof(SparseRows));
	Scored	   *heap;
	TopK		nearest;

	capacity = Min(capacity, Max(rows - 1, 1));
	heap = palloc(sizeof(Scored) * capacity);
	sparse_allocate(lists, rows, rows, (int64) rows * capacity);
	for (int32 row = 0; row < rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		row_similarity_start(similarity, row);
		nearest_of_row(similarity, row, hood->params.score == SCORE_AVERAGE,
					   &nearest, capacity, heap);
		row_similarity_end(similarity);
		append_row(lists, row, &nearest);
		progress_step(context->progress, "rows of similarities", row + 1, rows);
	}
	return lists;
}

static void
fit_baseline(TrainContext *context, Neighbourhood *hood)
{
	const KnnOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	Baseline	baseline = baseline_fit(ratings, &opts->baseline);

	hood->user_bias = baseline.user_bias;
	hood->item_bias = baseline.item_bias;
	draft_add_floats(context->draft, PART_USER_BIAS, baseline.user_bias,
					 ratings->users.count, 1, 1);
	draft_add_floats(context->draft, PART_ITEM_BIAS, baseline.item_bias,
					 ratings->items.count, 1, 1);
}

static void
knn_train(TrainContext *context, bool items)
{
	const KnnOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	NeighbourParams params = knn_params(opts, items);
	Neighbourhood *hood = neighbourhood_create(&params);

	neighbour_params_write(&params, context->draft);
	if (params_need_baseline(&params))
		fit_baseline(context, hood);
	if (opts->neighbors == 0)
		return;
	neighbourhood_set_ratings(hood, &ratings->by_user, &ratings->by_item,
							  ratings->mean, ratings->deviation);
	draft_add_sparse(context->draft, PART_NEIGHBOURS,
					 find_lists(context, hood, opts->neighbors));
}

static void
item_knn_train(TrainContext *context)
{
	knn_train(context, true);
}

static void
user_knn_train(TrainContext *context)
{
	knn_train(context, false);
}

const Algorithm item_knn_algorithm = {
	.name = "item_knn",
	.family = "nearest neighbours",
	.feedback = FEEDBACK_BOTH,
	.form = "item_neighbour",
	.description = "the ratings a user gave to the most similar items",
	.options_size = sizeof(KnnOptions),
	.options = options,
	.option_count = lengthof(options),
	.prepare = knn_prepare,
	.memory = knn_memory,
	.train = item_knn_train
};

const Algorithm user_knn_algorithm = {
	.name = "user_knn",
	.family = "nearest neighbours",
	.feedback = FEEDBACK_BOTH,
	.form = "user_neighbour",
	.description = "the ratings an item got from the most similar users",
	.options_size = sizeof(KnnOptions),
	.options = options,
	.option_count = lengthof(options),
	.prepare = knn_prepare,
	.memory = knn_memory,
	.train = user_knn_train
};
