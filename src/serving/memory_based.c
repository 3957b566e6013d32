/*
 * memory_based.c
 *		item_knn_recommend, user_knn_recommend, similar_items, similar_users:
 *		nearest neighbors straight from a live table of ratings, or from the
 *		ratings of a trained neighbor model.
 *
 * With a model as the source, an argument that is left at its default means
 * what the model was trained with.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "engine/names.h"
#include "forms/neighbor.h"
#include "forms/neighborhood_score.h"
#include "model/model.h"
#include "model/table.h"
#include "resources/budget.h"
#include "serving/arguments.h"
#include "serving/live.h"
#include "serving/request.h"
#include "serving/result.h"

/* The defaults of the SQL functions. */
static const NeighborParams default_params = {
	.measure = {.kind = SIMILARITY_COSINE, .min_support = 1, .shrinkage = 0},
	.score = SCORE_WEIGHTED_MEAN,
	.k = 40,
	.min_k = 1
};

/* Error if an argument is less than it may be, or not finite. */
static void
require_at_least(const char *argument, double value, double least)
{
	if (!(value >= least) || isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is out of range: %g", argument, value),
				 errdetail("It must be at least %g.", least)));
}

/* The measure, whose parts are the given arguments. */
static SimilarityMeasure
measure_arguments(FunctionCallInfo fcinfo, int similarity, int min_support, int shrinkage)
{
	SimilarityMeasure measure;

	require_not_null(fcinfo, similarity, "similarity");
	require_not_null(fcinfo, min_support, "min_support");
	require_not_null(fcinfo, shrinkage, "shrinkage");
	measure.kind = enum_parse("similarity", text_to_cstring(PG_GETARG_TEXT_PP(similarity)),
							  similarity_names);
	measure.min_support = PG_GETARG_INT32(min_support);
	measure.shrinkage = PG_GETARG_FLOAT8(shrinkage);
	require_at_least("min_support", measure.min_support, 0);
	require_at_least("shrinkage", measure.shrinkage, 0);
	return measure;
}

/* The arguments of the recommending functions. */
static NeighborParams
recommend_arguments(FunctionCallInfo fcinfo, Side side)
{
	NeighborParams params = {.side = side};

	require_not_null(fcinfo, 4, "k");
	require_not_null(fcinfo, 5, "min_k");
	require_not_null(fcinfo, 8, "score");
	params.measure = measure_arguments(fcinfo, 3, 6, 7);
	params.k = PG_GETARG_INT32(4);
	params.min_k = PG_GETARG_INT32(5);
	params.score = enum_parse("score", text_to_cstring(PG_GETARG_TEXT_PP(8)), score_names);
	require_at_least("k", params.k, 1);
	require_at_least("min_k", params.min_k, 0);
	return params;
}

/* Error: the measure needs a number that only training is given. */
static void
require_live_measure(const SimilarityMeasure *measure)
{
	if (measure->kind == SIMILARITY_ASYMMETRIC_COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("similarity \"%s\" needs a model", similarity_names[measure->kind]),
				 errdetail("Its exponent is the training option \"asymmetry\"."),
				 errhint("Train a model with item_knn or user_knn, or use the similarity \"cosine\".")));
}

/* The relation of ratings, with its columns from an argument on. */
static RatingsSource *
source_argument(FunctionCallInfo fcinfo, int first_column)
{
	ColumnNames columns = columns_argument(fcinfo, first_column);

	return source_resolve(PG_GETARG_OID(0), &columns, NULL);
}

/* A parameter as given, or if that is the default, as trained. */
#define GIVEN_OR_TRAINED(member) \
	if (given->member != default_params.member) \
		params.member = given->member

/* The parameters of training but for those that are given. */
static NeighborParams
merge_params(const NeighborParams *given, const NeighborParams *trained)
{
	NeighborParams params = *trained;

	GIVEN_OR_TRAINED(measure.kind);
	GIVEN_OR_TRAINED(measure.min_support);
	GIVEN_OR_TRAINED(measure.shrinkage);
	GIVEN_OR_TRAINED(score);
	GIVEN_OR_TRAINED(k);
	GIVEN_OR_TRAINED(min_k);
	return params;
}

/* Have both the same similarities? */
static bool
same_measure(const SimilarityMeasure *a, const SimilarityMeasure *b)
{
	return a->kind == b->kind && a->min_support == b->min_support &&
		a->shrinkage == b->shrinkage;
}

/*
 * The model, or, where the arguments ask for something else, the model as if it
 * had been trained with that, made for this call.
 */
static Model *
model_with_params(Model *model, const NeighborParams *given)
{
	NeighborParams trained = neighbor_params_read(model);
	NeighborParams params = merge_params(given, &trained);
	Neighborhood *hood;
	Model	   *other;

	if (same_measure(&params.measure, &trained.measure) && params.score == trained.score &&
		params.k == trained.k && params.min_k == trained.min_k)
		return model;
	hood = model_neighborhood(model, &params);
	/* Kept lists are of no use for another measure; the ratings are. */
	hood->has_lists = hood->has_lists && same_measure(&params.measure, &trained.measure);
	other = palloc(sizeof(Model));
	*other = *model;
	other->state = hood;
	return other;
}

/* The model that is the source.  Error: it is not one of neighbors. */
static Model *
neighbor_model(FunctionCallInfo fcinfo)
{
	Model	   *model = model_argument(fcinfo, 0);

	if (!model->form->has_neighbors)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" is not a neighbor model", get_rel_name(model->relid)),
				 errdetail("It was trained with algorithm \"%s\".", model->header.algorithm),
				 errhint("For any model there are recsys_recommend, recsys_similar_items and recsys_similar_users.")));
	return model;
}

/* Error unless a neighbor model has those of that side. */
static void
require_side(const Model *model, Side side)
{
	if (model->form->neighbor_side != side)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" is not %s neighbor model", get_rel_name(model->relid),
						side == SIDE_ITEMS ? "an item" : "a user"),
				 errdetail("It was trained with algorithm \"%s\".", model->header.algorithm),
				 errhint("Use %s, or recsys_recommend.",
						 side == SIDE_ITEMS ? "user_knn_recommend" : "item_knn_recommend")));
}

/* The id of an item or user of a table; "source" is an Ids. */
static Id
live_id(void *source, int32 index)
{
	return ids_get(source, index);
}

/* The id of a popular item of a table; "source" is a PopularItems. */
static Id
popular_id(void *source, int32 index)
{
	return ((PopularItems *) source)->id[index];
}

/* A user of a table. */
typedef struct LiveUser
{
	int32		index;			/* in what was read; -1: the table does not have them */
	const LiveRatings *live;	/* NULL: nothing was read */
	bool		exclude_seen;	/* is what they have rated to be left out? */
} LiveUser;

/* What is to be left out of a list for a user. */
static UserProfile
seen_items(const LiveUser *user)
{
	if (user->index < 0 || !user->exclude_seen)
		return (UserProfile) {0};
	return profile_of_row(&user->live->hood->by_user, user->index);
}

/*
 * The best items of the neighborhood of a table for a user, as rows.  False, and
 * no rows: there are none.
 */
static bool
put_personal(FunctionCallInfo fcinfo, const LiveUser *user, int n)
{
	const LiveRatings *live = user->live;
	UserProfile seen = seen_items(user);
	int32		count;
	double	   *scores;
	TopK		top;

	if (user->index < 0)
		return false;
	count = live->hood->by_item.rows;
	scores = allocate_array(count, sizeof(double));
	neighborhood_score(live->hood, user->index, scores);
	leave_out(scores, (ItemList) {seen.count, seen.item});
	top = rank_scores(scores, count, n);
	if (top.count > 0)
		put_rows(fcinfo, &top, false, live_id, &live->ratings->items,
				 basis_name(BASIS_PERSONALIZED), NULL);
	return top.count > 0;
}

/* Has a user rated an item? */
static bool
has_rated(const LiveUser *user, Id id)
{
	int32		item = ids_find(&user->live->ratings->items, id);

	return item >= 0 && sparse_find(&user->live->hood->by_user, user->index, item) >= 0;
}

/* The n items of a table with the most ratings, but for those seen, as rows. */
static void
put_popular(FunctionCallInfo fcinfo, const RatingsSource *source, const LiveUser *user, int n)
{
	int32		seen = seen_items(user).count;
	PopularItems popular = live_popular(source, (int64) n + seen);
	TopK		top;

	for (int i = 0; i < popular.count; i++)
		if (seen > 0 && has_rated(user, popular.id[i]))
			popular.ratings[i] = get_float8_nan();
	top = rank_scores(popular.ratings, popular.count, n);
	put_rows(fcinfo, &top, false, popular_id, &popular, basis_name(BASIS_POPULAR), NULL);
}

/* Recommend from a neighbor model. */
static void
recommend_from_model(FunctionCallInfo fcinfo, const NeighborParams *given)
{
	Model	   *model = neighbor_model(fcinfo);
	Request		request = {
		.exclude_seen = true_unless_said(fcinfo, 9),
		.n = count_argument(fcinfo, 2),
		/* As from a table: the score is what the argument of that name says. */
		.by_prediction = true
	};
	Answer		answer;

	require_side(model, given->side);
	request_set_user(&request, model, id_argument(fcinfo, 1, SIDE_USERS));
	if (request.user >= 0)
		model = model_with_params(model, given);
	answer = request_answer_once(model, &request);
	put_answer(fcinfo, model, &answer);
}

/* Recommend from a table of ratings. */
static void
recommend_from_table(FunctionCallInfo fcinfo, const NeighborParams *params)
{
	RatingsSource *source;
	Id			id = id_argument(fcinfo, 1, SIDE_USERS);
	char		space[ID_TEXT_BYTES];
	int			n = count_argument(fcinfo, 2);
	LiveUser	user = {.index = -1, .exclude_seen = true_unless_said(fcinfo, 9)};
	LiveRatings live;

	require_live_measure(&params->measure);
	source = source_argument(fcinfo, 10);
	/* Where ids are integers, a text that is not one is no user's id. */
	if (id_convert(&id, source->user.integer, space))
	{
		live = live_read(source, params, SIDE_USERS, id);
		user.index = ids_find(&live.ratings->users, id);
		user.live = &live;
	}
	if (!put_personal(fcinfo, &user, n))
		put_popular(fcinfo, source, &user, n);
}

/* Both recommending functions. */
static Datum
recommend(FunctionCallInfo fcinfo, Side side)
{
	NeighborParams params;

	require_not_null(fcinfo, 0, "source");
	require_not_null(fcinfo, 1, "user_id");
	params = recommend_arguments(fcinfo, side);
	if (model_table_is_model(PG_GETARG_OID(0), model_type(fcinfo)))
		recommend_from_model(fcinfo, &params);
	else
	{
		/* Without ratings every weighted mean is 1: what counts is the sum. */
		if (PG_ARGISNULL(12) && params.score == SCORE_WEIGHTED_MEAN)
			params.score = SCORE_SUM;
		recommend_from_table(fcinfo, &params);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(item_knn_recommend);

/* The best items for a user, by items like those that they have rated. */
Datum
item_knn_recommend(PG_FUNCTION_ARGS)
{
	return recommend(fcinfo, SIDE_ITEMS);
}

PG_FUNCTION_INFO_V1(user_knn_recommend);

/* The best items for a user, by users like them. */
Datum
user_knn_recommend(PG_FUNCTION_ARGS)
{
	return recommend(fcinfo, SIDE_USERS);
}

/* The rows of a neighborhood most similar to one, with their support. */
static void
put_similar(FunctionCallInfo fcinfo, Neighborhood *hood, Side side, int32 row,
			IdSource id_source, void *source)
{
	int32		count = hood_by(hood, side)->rows;
	double	   *scores = allocate_array(count, sizeof(double));
	int32	   *support = allocate_array(count, sizeof(int32));
	TopK		top;

	neighborhood_compare(hood, side, row, scores, support);
	top = rank_scores(scores, count, count_argument(fcinfo, 2));
	put_rows(fcinfo, &top, false, id_source, source, NULL, support);
}

/* What is similar in a neighbor model. */
static void
similar_in_model(FunctionCallInfo fcinfo, Side side, const NeighborParams *given)
{
	Model	   *model = neighbor_model(fcinfo);
	Id			id = id_argument(fcinfo, 1, side);
	int32		row = side == SIDE_ITEMS ? find_item(model, id) : find_user(model, id);

	if (row < 0)
		put_nothing(fcinfo);
	else
		put_similar(fcinfo, model_state(model_with_params(model, given)), side, row,
					side == SIDE_ITEMS ? model_item_id : model_user_id, model);
}

/* What is similar in a table of ratings. */
static void
similar_in_table(FunctionCallInfo fcinfo, Side side, const NeighborParams *params)
{
	RatingsSource *source;
	Id			id = id_argument(fcinfo, 1, side);
	char		space[ID_TEXT_BYTES];
	LiveRatings live;
	Ids		   *ids = NULL;
	int32		row = -1;

	require_live_measure(&params->measure);
	source = source_argument(fcinfo, 6);
	if (id_convert(&id, side == SIDE_ITEMS ? source->item.integer : source->user.integer, space))
	{
		live = live_read(source, params, side, id);
		ids = side == SIDE_ITEMS ? &live.ratings->items : &live.ratings->users;
		row = ids_find(ids, id);
	}
	if (row < 0)
		put_nothing(fcinfo);
	else
		put_similar(fcinfo, live.hood, side, row, live_id, ids);
}

/* Both functions for similar rows. */
static Datum
similar(FunctionCallInfo fcinfo, Side side)
{
	NeighborParams params = default_params;

	require_not_null(fcinfo, 0, "source");
	require_not_null(fcinfo, 1, side == SIDE_ITEMS ? "item_id" : "user_id");
	params.side = side;
	params.measure = measure_arguments(fcinfo, 3, 4, 5);
	if (model_table_is_model(PG_GETARG_OID(0), model_type(fcinfo)))
		similar_in_model(fcinfo, side, &params);
	else
		similar_in_table(fcinfo, side, &params);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(similar_items);

/* The items most like one, by who has rated them. */
Datum
similar_items(PG_FUNCTION_ARGS)
{
	return similar(fcinfo, SIDE_ITEMS);
}

PG_FUNCTION_INFO_V1(similar_users);

/* The users most like one, by what they have rated. */
Datum
similar_users(PG_FUNCTION_ARGS)
{
	return similar(fcinfo, SIDE_USERS);
}
