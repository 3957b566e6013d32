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
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/lists.h"
#include "algorithms/registry.h"
#include "algorithms/row_lists.h"
#include "engine/cost.h"
#include "engine/team.h"
#include "engine/traits.h"
#include "forms/neighbor.h"
#include "math/weights.h"
#include "ratings/baseline.h"
#include "resources/budget.h"

/*
 * As good as no bound on the neighbors of a score.  A sum of weights is over all
 * that were kept: what is cut off would have told users with much from others,
 * and takes time to find.
 */
#define ALL_NEIGHBORS 1000000

/*
 * Defaults for lists.  With fewer common ratings than so many a similarity of
 * items is less than half of what it seems.
 */
#define SUITED_SHRINKAGE 10
#define FEWEST_NEIGHBORS 100
#define MOST_NEIGHBORS 200
#define NEIGHBORS_RATINGS 2000

typedef struct KnnOptions
{
	CommonOptions common;
	int			similarity;		/* SimilarityKind */
	int			score;			/* ScoreKind */
	int			k;
	int			min_k;
	int			min_support;
	double		shrinkage;
	double		asymmetry;
	int			weighting;		/* WeightingKind */
	double		bm25_k1;
	double		bm25_b;
	int			neighbors;
	int			baseline_iterations;
	BaselineOptions baseline;
} KnnOptions;

static const OptionSpec options[] = {
	ENUM_OPTION("similarity", KnnOptions, similarity, OPTION_AUTO, similarity_names,
				"similarity of two rows; default msd, for values that are counts, without a rating column or with a weighting cosine, dot with the weighting bm25"),
	ENUM_OPTION("score", KnnOptions, score, OPTION_AUTO, score_names,
				"how the ratings of neighbors become a score; default weighted_mean, for values that are counts, without a rating column or with a weighting sum"),
	INT_OPTION("k", KnnOptions, k, OPTION_AUTO, 1, ALL_NEIGHBORS,
			   "number of neighbors that count for a score, the nearest of those that have the rating; default 40, with the scores sum and average all"),
	INT_OPTION("min_k", KnnOptions, min_k, 1, 0, 1000000,
			   "with fewer neighbors an item has no score in lists, and predictions fall back to a mean or baseline"),
	INT_OPTION("min_support", KnnOptions, min_support, 1, 1, 1000000000,
			   "number of common ratings that two rows need to be similar"),
	REAL_OPTION("shrinkage", KnnOptions, shrinkage, OPTION_AUTO, 0, 1e9,
				"multiply a similarity of n common ratings by n / (n + shrinkage); default 0, for item_knn 10 where the weighting is left to its default tfidf; for pearson_baseline the default is 100 and the factor (n - 1) / (n - 1 + shrinkage)"),
	REAL_OPTION("asymmetry", KnnOptions, asymmetry, .5, 0, 1,
				"similarity asymmetric_cosine: exponent a; in recommendations a smaller one prefers popular items"),
	ENUM_OPTION("weighting", KnnOptions, weighting, OPTION_AUTO, weighting_names,
				"what similarities are computed from: the values as they are, or weighted by how rare the user, or item, is; default none, for values that are counts or without a rating column, and with the default similarity tfidf for item_knn and bm25 for user_knn"),
	REAL_OPTION("bm25_k1", KnnOptions, bm25_k1, 1.2, 0, 1e9,
				"weighting bm25: where large values stop counting for more"),
	REAL_OPTION("bm25_b", KnnOptions, bm25_b, .75, 0, 1,
				"weighting bm25: how much the values of long rows are lowered"),
	INT_OPTION("neighbors", KnnOptions, neighbors, OPTION_AUTO, 0, 100000,
			   "number of neighbors to keep of each row, the most similar; 0: compute similarities when they are needed, exactly; default 0, with the scores sum and average 100, for user_knn 2000 / n, with n the ratings of the mean user, from 100 to 200"),
	INT_OPTION("baseline_iterations", KnnOptions, baseline_iterations,
			   BASELINE_ITERATIONS, 1, 10000,
			   "iterations for the baselines, where the similarity or the score needs them"),
	REAL_OPTION("item_regularization", KnnOptions, baseline.item_regularization,
				BASELINE_ITEM_REGULARIZATION, 0, 1e9,
				"penalty on the item biases of the baselines, in ratings",
				.old_name = "reg_i"),
	REAL_OPTION("user_regularization", KnnOptions, baseline.user_regularization,
				BASELINE_USER_REGULARIZATION, 0, 1e9,
				"penalty on the user biases of the baselines, in ratings",
				.old_name = "reg_u")
};

/* What is searched. */
static const char *const weightings[] = {"\"none\"", "\"tfidf\"", "\"bm25\"", NULL};

static const SearchAxis space[] = {
	VALUES_AXIS("weighting", weightings),
	LOG_AXIS("shrinkage", 1, 300),
	LOG_AXIS("k", 10, 300)
};

/* Is a score of this kind a rating? */
static bool
is_rating_score(int score)
{
	return score != SCORE_SUM && score != SCORE_AVERAGE;
}

/* Does a measure compare how ratings differ? */
static bool
is_rating_similarity(int similarity)
{
	return similarity == SIMILARITY_COSINE_COMMON || similarity == SIMILARITY_ADJUSTED_COSINE ||
		similarity == SIMILARITY_PEARSON || similarity == SIMILARITY_PEARSON_BASELINE ||
		similarity == SIMILARITY_MSD;
}

/*
 * What values are, if there are any: ratings for a score or a similarity of
 * ratings, weights for both of weights.  Else they decide it themselves.
 */
static ValueKind
kind_of_values(const KnnOptions *opts)
{
	if (opts->weighting > WEIGHTING_NONE ||
		(opts->score >= 0 && !is_rating_score(opts->score) &&
		 opts->similarity >= 0 && !is_rating_similarity(opts->similarity)))
		return VALUES_WEIGHTS;
	if (opts->common.weight_transform == TRANSFORM_NONE ||
		(opts->score >= 0 && is_rating_score(opts->score)) ||
		is_rating_similarity(opts->similarity))
		return VALUES_RATINGS;
	return VALUES_OPEN;
}

/*
 * Fill in the defaults that depend on the data or on each other.  Where rows
 * only say who has what, similarities are of rows weighted by "weighting" and
 * shrunk by "shrinkage", unless another similarity is asked for.
 */
static void
knn_prepare(KnnOptions *opts, bool has_values, WeightingKind weighting, double shrinkage)
{
	bool		is_default = opts->weighting < 0 && opts->similarity < 0 && !has_values;
	bool		weights;

	if (has_values)
		opts->common.values = kind_of_values(opts);
	if (opts->weighting < 0)
		opts->weighting = is_default ? weighting : WEIGHTING_NONE;
	weights = !has_values || opts->weighting != WEIGHTING_NONE;
	if (opts->similarity < 0)
		opts->similarity = !weights ? SIMILARITY_MSD :
			opts->weighting == WEIGHTING_BM25 ? SIMILARITY_DOT : SIMILARITY_COSINE;
	if (opts->score < 0)
		opts->score = weights ? SCORE_SUM : SCORE_WEIGHTED_MEAN;
	if (opts->weighting != WEIGHTING_NONE && !similarity_takes_weights(opts->similarity))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("similarity \"%s\" does not support option \"weighting\"",
						similarity_names[opts->similarity]),
				 errhint("Use cosine, asymmetric_cosine or dot.")));
	if (opts->neighbors < 0 && is_rating_score(opts->score))
		opts->neighbors = 0;
	if (opts->k < 0)
		opts->k = is_rating_score(opts->score) ? 40 : ALL_NEIGHBORS;
	if (isnan(opts->shrinkage))
		opts->shrinkage = opts->similarity == SIMILARITY_PEARSON_BASELINE ? 100 :
			is_default ? shrinkage : 0;
	if (!is_rating_score(opts->score))
		opts->common.clip = false;
}

/* The defaults of item_knn. */
static void
item_knn_prepare(void *options, bool has_values)
{
	knn_prepare(options, has_values, WEIGHTING_TFIDF, SUITED_SHRINKAGE);
}

/* The defaults of user_knn. */
static void
user_knn_prepare(void *options, bool has_values)
{
	knn_prepare(options, has_values, WEIGHTING_BM25, 0);
}

/* Decide how many neighbors an item has. */
static void
item_knn_suit(void *options, const DataTraits *traits)
{
	KnnOptions *opts = options;

	if (opts->neighbors < 0)
		opts->neighbors = FEWEST_NEIGHBORS;
}

/* Decide how many neighbors a user has: the less each of them has the more. */
static void
user_knn_suit(void *options, const DataTraits *traits)
{
	KnnOptions *opts = options;
	double		wanted = NEIGHBORS_RATINGS / user_ratings_mean(traits);

	if (opts->neighbors < 0)
		opts->neighbors = (int) rint(Max(FEWEST_NEIGHBORS, Min(MOST_NEIGHBORS, wanted)));
}

/* Are the scores ratings, under these options? */
static bool
knn_predicts_ratings(const void *options)
{
	return is_rating_score(((const KnnOptions *) options)->score);
}

/* What the model has to know of the options. */
static NeighborParams
knn_params(const KnnOptions *opts, Side side)
{
	NeighborParams params = {
		.side = side,
		.measure = {
			.kind = opts->similarity,
			.min_support = opts->min_support,
			.shrinkage = opts->shrinkage,
			.asymmetry = opts->asymmetry
		},
		.weighting = {opts->weighting, opts->bm25_k1, opts->bm25_b},
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
	Size		biases = (Size) shape->users + shape->items;
	Size		bytes = add_size(row_lists_bytes(Max(shape->users, shape->items), opts->neighbors),
								 budget_array(biases, sizeof(float)));

	if (opts->weighting != WEIGHTING_NONE)
		bytes = add_size(bytes, budget_array(shape->ratings, 2 * sizeof(float)));
	return bytes;
}

/* What a row of similarities is accumulated in, in each process. */
static Size
knn_scratch(const MatrixShape *shape, const void *options)
{
	const KnnOptions *opts = options;
	Size		rows = (Size) shape->users + shape->items;
	Size		bytes = sizeof(RowStats);

	bytes += similarity_uses_cooccurrence(opts->similarity) ? sizeof(CooccurrenceSums) :
		sizeof(PairSums) + 2 * sizeof(double);
	if (opts->weighting != WEIGHTING_NONE)
		bytes += sizeof(RowStats);
	return budget_array(rows, bytes);
}

/* Each row meets the rows that share a column with it, once for each that they share. */
static double
knn_cost(const DataTraits *traits, const KnnOptions *opts, Side side)
{
	if (opts->neighbors == 0)
		return 0;
	return side == SIDE_ITEMS ? cost_of_pairs(traits->user_pairs, traits->shape.items) :
		cost_of_pairs(traits->item_pairs, traits->shape.users);
}

/* Of item_knn. */
static double
item_knn_cost(const DataTraits *traits, const void *options)
{
	return knn_cost(traits, options, SIDE_ITEMS);
}

/* Of user_knn. */
static double
user_knn_cost(const DataTraits *traits, const void *options)
{
	return knn_cost(traits, options, SIDE_USERS);
}

/* The nearest of the current row of "similarity". */
static void
nearest_of_row(const RowSimilarity *similarity, int32 row, bool negative_too,
			   TopK *nearest)
{
	int32		support;

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
}

/* Shared arrays. */
enum
{
	KNN_LISTS,
	KNN_USER_BIAS = KNN_LISTS + ROW_LISTS_ARRAYS,
	KNN_ITEM_BIAS,
	KNN_ROW_VALUES,				/* weighted, if they are */
	KNN_COLUMN_VALUES
};

/* Phases of the work. */
enum
{
	KNN_ROWS					/* the nearest of each row; units of rows */
};

typedef struct Knn
{
	Neighborhood *hood;
	RowLists	lists;
	Baseline	baseline;
} Knn;

/* Are there lists to be found now?  There will be where their length is open. */
static bool
knn_has_work(const void *options)
{
	return ((const KnnOptions *) options)->neighbors != 0;
}

/*
 * The neighborhood, and the shared arrays of its baselines, weighted values
 * and lists.
 */
static void *
knn_attach(TrainContext *context)
{
	const KnnOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	NeighborParams params = knn_params(opts, context->algorithm == &item_knn_algorithm ?
									   SIDE_ITEMS : SIDE_USERS);
	const SparseRows *rows = interactions_by(ratings, params.side);
	Knn		   *knn = palloc0(sizeof(Knn));

	knn->hood = neighborhood_create(&params);
	if (params_need_baseline(&params))
	{
		knn->baseline.user_bias = team_vectors(context, KNN_USER_BIAS, ratings->by_user.rows, 1);
		knn->baseline.item_bias = team_vectors(context, KNN_ITEM_BIAS, ratings->by_item.rows, 1);
	}
	if (opts->neighbors == 0)
		return knn;
	if (params_weigh(&params))
	{
		Size		bytes = budget_array(sparse_entries(rows), sizeof(float));

		knn->hood->weighted_rows = team_array(context, KNN_ROW_VALUES, bytes);
		knn->hood->weighted_columns = team_array(context, KNN_COLUMN_VALUES, bytes);
	}
	knn->lists = row_lists_attach(context, KNN_LISTS, rows->rows, opts->neighbors);
	return knn;
}

/* The nearest of one row into its list. */
static void
find_list(Knn *knn, RowSimilarity *similarity, int32 row)
{
	TopK		nearest;

	topk_init(&nearest, knn->lists.capacity, knn->lists.heap);
	accumulate_row(similarity, row);
	nearest_of_row(similarity, row, knn->hood->params.score == SCORE_AVERAGE, &nearest);
	row_similarity_end(similarity);
	row_lists_put(&knn->lists, row, &nearest);
}

/* Give the neighborhood its ratings, when all is there that they depend on. */
static void
set_ratings(TrainContext *context, Knn *knn)
{
	const Interactions *ratings = context->ratings;

	if (knn->hood->user_stats != NULL)
		return;
	knn->hood->user_bias = knn->baseline.user_bias;
	knn->hood->item_bias = knn->baseline.item_bias;
	neighborhood_set_ratings(knn->hood, &ratings->by_user, &ratings->by_item,
							 ratings->mean, ratings->stddev);
}

/* The measure, ready for rows, in this process. */
static RowSimilarity *
similarity_of_run(TrainContext *context, Knn *knn)
{
	set_ratings(context, knn);
	return neighborhood_similarity(knn->hood, knn->hood->params.side);
}

/* A unit: the lists of some rows. */
static double
knn_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Knn		   *knn = context->state;
	RowSimilarity *similarity = similarity_of_run(context, knn);
	RowRange	range = team_unit_rows(similarity->rows, unit);

	for (int32 row = range.from; row < range.to; row++)
	{
		CHECK_FOR_INTERRUPTS();
		find_list(knn, similarity, row);
	}
	return 0;
}

/* Fit the baselines that the model keeps. */
static void
fit_baseline(TrainContext *context, Knn *knn)
{
	const KnnOptions *opts = context->options;
	const Interactions *ratings = context->ratings;

	baseline_fit(ratings, &opts->baseline, opts->baseline_iterations, &knn->baseline);
	draft_add_biases(context->draft, knn->baseline.user_bias, ratings->by_user.rows,
					 knn->baseline.item_bias, ratings->by_item.rows, 1);
}

/*
 * Baselines and weighted values, where they are needed, and the lists, if any
 * are kept.
 */
static void
knn_train(TrainContext *context)
{
	const KnnOptions *opts = context->options;
	Knn		   *knn = context->state;
	const SparseRows *rows = interactions_by(context->ratings, knn->hood->params.side);

	if (opts->weighting != WEIGHTING_NONE)
		require_weights(context->algorithm, context->ratings);
	neighbor_params_write(&knn->hood->params, context->draft);
	if (params_need_baseline(&knn->hood->params))
		fit_baseline(context, knn);
	if (opts->neighbors == 0)
		return;
	if (knn->hood->weighted_rows != NULL)
	{
		set_ratings(context, knn);
		neighborhood_weigh(knn->hood, knn->hood->params.side, knn->hood->weighted_rows,
						   knn->hood->weighted_columns);
	}
	progress_plan(context->progress, 0);
	team_run_rows(context, KNN_ROWS, 0, rows, "parts of the similarities");
	draft_add_sparse(context->draft, PART_NEIGHBORS, row_lists_close(&knn->lists));
}

const Algorithm item_knn_algorithm = {
	.name = "item_knn",
	.family = "nearest neighbors",
	.feedback = FEEDBACK_BOTH,
	.form = &item_neighbor_form,
	.description = "the ratings a user gave to the most similar items",
	.options = OPTION_TABLE(KnnOptions, options),
	.space = SEARCH_SPACE(space),
	LISTS_BY_IALS,
	.needs_stored_ratings = true,
	.prepare = item_knn_prepare,
	.suit = item_knn_suit,
	.predicts_ratings = knn_predicts_ratings,
	.memory = knn_memory,
	.scratch = knn_scratch,
	.cost = item_knn_cost,
	.long_run_hint = TRY_FEWER_PAIRS,
	.attach = knn_attach,
	.work = knn_work,
	.has_work = knn_has_work,
	.train = knn_train
};

const Algorithm user_knn_algorithm = {
	.name = "user_knn",
	.family = "nearest neighbors",
	.feedback = FEEDBACK_BOTH,
	.form = &user_neighbor_form,
	.description = "the ratings an item got from the most similar users",
	.options = OPTION_TABLE(KnnOptions, options),
	.space = SEARCH_SPACE(space),
	LISTS_BY_IALS,
	.needs_stored_ratings = true,
	.prepare = user_knn_prepare,
	.suit = user_knn_suit,
	.predicts_ratings = knn_predicts_ratings,
	.memory = knn_memory,
	.scratch = knn_scratch,
	.cost = user_knn_cost,
	.long_run_hint = "The time grows with the squares of the numbers of ratings of each item.  Try item_knn, ials or bpr.",
	.attach = knn_attach,
	.work = knn_work,
	.has_work = knn_has_work,
	.train = knn_train
};
