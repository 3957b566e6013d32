/*
 * knn.c
 *		Algorithms "item_knn" and "user_knn": k nearest neighbors.
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

#include "algorithms/baseline.h"
#include "algorithms/registry.h"
#include "engine/team.h"
#include "math/topk.h"
#include "model/neighbor.h"
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
	int			baseline_iterations;
	BaselineOptions baseline;
} KnnOptions;

static const OptionSpec options[] = {
	ENUM_OPTION("similarity", KnnOptions, similarity, OPTION_AUTO, similarity_names,
				"default msd for ratings, cosine for weights"),
	ENUM_OPTION("score", KnnOptions, score, OPTION_AUTO, score_names,
				"how neighbors' ratings make a score; default weighted_mean for ratings, sum for weights"),
	INT_OPTION("k", KnnOptions, k, 40, 1, 1000000,
			   "nearest neighbors used for a score, of those that have the rating"),
	INT_OPTION("min_k", KnnOptions, min_k, 1, 0, 1000000,
			   "with fewer neighbors there is no score of theirs"),
	INT_OPTION("min_support", KnnOptions, min_support, 1, 1, 1000000000,
			   "with fewer common ratings two rows are not similar"),
	REAL_OPTION("shrinkage", KnnOptions, shrinkage, OPTION_AUTO, 0, 1e9,
				"h: similarities of n common ratings are multiplied by n / (n + h); default 0, for pearson_baseline 100"),
	INT_OPTION("neighbors", KnnOptions, neighbors, OPTION_AUTO, 0, 100000,
			   "most similar rows to keep of each; 0: compute them when needed; default 0 for ratings, 100 for weights"),
	INT_OPTION("baseline_iterations", KnnOptions, baseline_iterations,
			   BASELINE_ITERATIONS, 1, 10000,
			   "iterations of baseline_als, where baselines are needed"),
	REAL_OPTION("reg_i", KnnOptions, baseline.reg_i, BASELINE_REG_I, 0, 1e9,
				"regularization of its item biases"),
	REAL_OPTION("reg_u", KnnOptions, baseline.reg_u, BASELINE_REG_U, 0, 1e9,
				"regularization of its user biases")
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
	require_stored_ratings(&opts->common);
}

static bool
knn_predicts_ratings(const void *options)
{
	return is_rating_score(((const KnnOptions *) options)->score);
}

static NeighborParams
knn_params(const KnnOptions *opts, bool items)
{
	NeighborParams params = {
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
	Size		kept = Min(opts->neighbors, rows);
	Size		biases = (Size) shape->users + shape->items;

	return add_size(budget_array(rows, kept * (sizeof(int32) + sizeof(float))),
					budget_array(biases, sizeof(float)));
}

static Size
knn_scratch(const MatrixShape *shape, const void *options)
{
	Size		rows = (Size) shape->users + shape->items;

	return budget_array(rows, sizeof(RowStats) + sizeof(PairSums) + 2 * sizeof(double));
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

/*
 * Shared arrays: the lists, with room for "capacity" entries in every row, how
 * many there are, and the biases.
 */
enum
{
	KNN_INDEX,
	KNN_VALUE,
	KNN_COUNT,
	KNN_USER_BIAS,
	KNN_ITEM_BIAS
};

/* Phases of the work. */
enum
{
	KNN_ROWS					/* the nearest of each row; units of rows */
};

typedef struct Knn
{
	Neighborhood *hood;
	int			capacity;		/* of a list */
	int32	   *index;			/* [rows x capacity] */
	float	   *value;			/* [rows x capacity] */
	int32	   *count;			/* [rows] */
	Baseline	baseline;
	Scored	   *heap;			/* [capacity] */
} Knn;

static bool
knn_has_work(const void *options)
{
	return ((const KnnOptions *) options)->neighbors > 0;
}

static void *
knn_attach(TrainContext *context)
{
	const KnnOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	NeighborParams params = knn_params(opts, context->algorithm == &item_knn_algorithm);
	const SparseRows *rows = params.items ? &ratings->by_item : &ratings->by_user;
	Knn		   *knn = palloc0(sizeof(Knn));

	knn->hood = neighborhood_create(&params);
	if (params_need_baseline(&params))
	{
		knn->baseline.user_bias = team_vectors(context, KNN_USER_BIAS, ratings->by_user.rows, 1);
		knn->baseline.item_bias = team_vectors(context, KNN_ITEM_BIAS, ratings->by_item.rows, 1);
	}
	if (opts->neighbors == 0)
		return knn;
	knn->capacity = Min(opts->neighbors, Max(rows->rows - 1, 1));
	knn->index = team_array(context, KNN_INDEX, budget_array(rows->rows, knn->capacity * sizeof(int32)));
	knn->value = team_array(context, KNN_VALUE, budget_array(rows->rows, knn->capacity * sizeof(float)));
	knn->count = team_array(context, KNN_COUNT, budget_array(rows->rows, sizeof(int32)));
	knn->heap = palloc(sizeof(Scored) * knn->capacity);
	return knn;
}

/* The nearest of one row into its list. */
static void
find_list(Knn *knn, RowSimilarity *similarity, int32 row)
{
	Size		to = (Size) row * knn->capacity;
	TopK		nearest;

	accumulate_row(similarity, row);
	nearest_of_row(similarity, row, knn->hood->params.score == SCORE_AVERAGE,
				   &nearest, knn->capacity, knn->heap);
	row_similarity_end(similarity);
	knn->count[row] = nearest.count;
	for (int i = 0; i < nearest.count; i++, to++)
	{
		knn->index[to] = nearest.heap[i].index;
		knn->value[to] = nearest.heap[i].score;
	}
}

/* The ratings, when all is there that their statistics depend on. */
static RowSimilarity *
similarity_of_run(TrainContext *context, Knn *knn)
{
	const Interactions *ratings = context->ratings;

	if (knn->hood->user_stats == NULL)
	{
		knn->hood->user_bias = knn->baseline.user_bias;
		knn->hood->item_bias = knn->baseline.item_bias;
		neighborhood_set_ratings(knn->hood, &ratings->by_user, &ratings->by_item,
								  ratings->mean, ratings->deviation);
	}
	return neighborhood_similarity(knn->hood, knn->hood->params.items);
}

static double
knn_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Knn		   *knn = context->state;
	RowSimilarity *similarity = similarity_of_run(context, knn);
	int			units = team_row_units(similarity->rows);
	int32		end = sparse_row_bound(similarity->rows, unit + 1, units);

	for (int32 row = sparse_row_bound(similarity->rows, unit, units); row < end; row++)
	{
		CHECK_FOR_INTERRUPTS();
		find_list(knn, similarity, row);
	}
	return 0;
}

/* The lists as a sparse matrix, whose rows are moved together in place. */
static SparseRows *
close_lists(Knn *knn, int32 rows)
{
	SparseRows *lists = palloc(sizeof(SparseRows));

	lists->rows = rows;
	lists->cols = rows;
	lists->index = knn->index;
	lists->value = knn->value;
	lists->start = palloc_extended(sizeof(int64) * ((Size) rows + 1), MCXT_ALLOC_HUGE);
	lists->start[0] = 0;
	for (int32 row = 0; row < rows; row++)
	{
		Size		from = (Size) row * knn->capacity;
		int64		to = lists->start[row];

		CHECK_FOR_INTERRUPTS();
		memmove(knn->index + to, knn->index + from, sizeof(int32) * knn->count[row]);
		memmove(knn->value + to, knn->value + from, sizeof(float) * knn->count[row]);
		lists->start[row + 1] = to + knn->count[row];
	}
	return lists;
}

static void
fit_baseline(TrainContext *context, Knn *knn)
{
	const KnnOptions *opts = context->options;
	const Interactions *ratings = context->ratings;

	baseline_fit(ratings, &opts->baseline, opts->baseline_iterations, &knn->baseline);
	draft_add_biases(context->draft, knn->baseline.user_bias, ratings->by_user.rows,
					 knn->baseline.item_bias, ratings->by_item.rows, 1);
}

static void
knn_train(TrainContext *context)
{
	const KnnOptions *opts = context->options;
	Knn		   *knn = context->state;
	const SparseRows *rows = knn->hood->params.items ? &context->ratings->by_item :
		&context->ratings->by_user;

	neighbor_params_write(&knn->hood->params, context->draft);
	if (params_need_baseline(&knn->hood->params))
		fit_baseline(context, knn);
	if (opts->neighbors == 0)
		return;
	progress_plan(context->progress, 0);
	team_run(context, KNN_ROWS, 0, team_row_units(rows), "parts of the similarities");
	draft_add_sparse(context->draft, PART_NEIGHBORS, close_lists(knn, rows->rows));
}

const Algorithm item_knn_algorithm = {
	.name = "item_knn",
	.family = "nearest neighbors",
	.feedback = FEEDBACK_BOTH,
	.form = "item_neighbor",
	.description = "the ratings a user gave to the most similar items",
	.options_size = sizeof(KnnOptions),
	.options = options,
	.option_count = lengthof(options),
	.prepare = knn_prepare,
	.predicts_ratings = knn_predicts_ratings,
	.memory = knn_memory,
	.scratch = knn_scratch,
	.attach = knn_attach,
	.work = knn_work,
	.has_work = knn_has_work,
	.train = knn_train
};

const Algorithm user_knn_algorithm = {
	.name = "user_knn",
	.family = "nearest neighbors",
	.feedback = FEEDBACK_BOTH,
	.form = "user_neighbor",
	.description = "the ratings an item got from the most similar users",
	.options_size = sizeof(KnnOptions),
	.options = options,
	.option_count = lengthof(options),
	.prepare = knn_prepare,
	.predicts_ratings = knn_predicts_ratings,
	.memory = knn_memory,
	.scratch = knn_scratch,
	.attach = knn_attach,
	.work = knn_work,
	.has_work = knn_has_work,
	.train = knn_train
};
