/*
 * neighbor.c
 *		The neighbor forms: the ratings of a model, and how the k nearest
 *		items or users make a score of them.
 *
 * Item and user neighbors are two forms with the same parts: the ratings, the
 * nearest of each row where they were kept, and the biases where a similarity
 * or score is relative to the baseline.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "forms/neighbor.h"
#include "forms/neighborhood_score.h"
#include "forms/registry.h"
#include "model/json.h"

/* Write the parameters of the form into a draft. */
void
neighbor_params_write(const NeighborParams *params, ModelDraft *draft)
{
	json_add_string(&draft->params, "similarity", similarity_names[params->measure.kind]);
	json_add_integer(&draft->params, "min_support", params->measure.min_support);
	draft_add_number(draft, "shrinkage", params->measure.shrinkage);
	draft_add_number(draft, "asymmetry", params->measure.asymmetry);
	json_add_string(&draft->params, "weighting", weighting_names[params->weighting.kind]);
	draft_add_number(draft, "bm25_k1", params->weighting.k1);
	draft_add_number(draft, "bm25_b", params->weighting.b);
	json_add_string(&draft->params, "score", score_names[params->score]);
	json_add_integer(&draft->params, "k", params->k);
	json_add_integer(&draft->params, "min_k", params->min_k);
}

/* The place of a name in a list of names, or -1. */
static int
position_of_name(const char *name, const char *const *names)
{
	for (int i = 0; name != NULL && names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* A parameter that is a count; -1: it is not one. */
static int
count_param(const Model *model, const char *name)
{
	double		value = json_get_number(model->header.params, name);

	return value >= 0 && value <= PG_INT32_MAX ? (int) value : -1;
}

/*
 * The parameters that models had from the beginning are all there; those of
 * similarities of weights may not be, and are then what they were.
 */
static void
read_weight_params(const Model *model, NeighborParams *params)
{
	const Jsonb *json = model->header.params;
	JsonbValue	value;

	params->measure.asymmetry = .5;
	params->weighting = (Weighting) {.kind = WEIGHTING_NONE};
	if (!json_get(json, "weighting", &value))
		return;
	params->measure.asymmetry = json_get_number(json, "asymmetry");
	params->weighting.kind = position_of_name(json_get_string(json, "weighting"), weighting_names);
	params->weighting.k1 = json_get_number(json, "bm25_k1");
	params->weighting.b = json_get_number(json, "bm25_b");
	if ((int) params->weighting.kind < 0 ||
		!(params->measure.asymmetry >= 0 && params->measure.asymmetry <= 1) ||
		!(params->weighting.k1 >= 0 && params->weighting.k1 <= LARGEST_NUMBER) ||
		!(params->weighting.b >= 0 && params->weighting.b <= 1))
		report_corruption(model->relid, model->version, "header",
						  "its parameters are out of range");
}

/* Read the parameters of the form.  Error: one of them is absurd. */
NeighborParams
neighbor_params_read(const Model *model)
{
	const Jsonb *json = model->header.params;
	int			kind = position_of_name(json_get_string(json, "similarity"), similarity_names);
	int			score = position_of_name(json_get_string(json, "score"), score_names);
	NeighborParams params = {
		.side = model->form->neighbor_side,
		.measure = {
			.kind = kind,
			.min_support = count_param(model, "min_support"),
			.shrinkage = json_get_number(json, "shrinkage")
		},
		.score = score,
		.k = count_param(model, "k"),
		.min_k = count_param(model, "min_k")
	};

	if (kind < 0 || score < 0 || params.measure.min_support < 0 ||
		!(params.measure.shrinkage >= 0 && params.measure.shrinkage <= LARGEST_NUMBER) ||
		params.k < 1 || params.min_k < 0)
		report_corruption(model->relid, model->version, "header",
						  "its parameters are out of range");
	read_weight_params(model, &params);
	return params;
}

/* Load the biases of users and items, if they are needed.  Error: there are none. */
static void
load_biases(Model *model, Neighborhood *hood)
{
	const ModelHeader *header = &model->header;

	if (!params_need_baseline(&hood->params))
		return;
	if (!model_has_part(model, PART_USER_BIAS))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the model was trained without baselines"),
				 errhint("Train it with similarity pearson_baseline or score baseline.")));
	model_require_part(model, PART_USER_BIAS, BLOCK_FLOAT4, header->users, 1);
	model_require_part(model, PART_ITEM_BIAS, BLOCK_FLOAT4, header->items, 1);
	hood->user_bias = model_load_floats(model, PART_USER_BIAS, 1);
	hood->item_bias = model_load_floats(model, PART_ITEM_BIAS, 1);
}

/*
 * The neighborhood of a model under the given parameters, which may differ
 * from its own, in the current memory context.
 */
Neighborhood *
model_neighborhood(Model *model, const NeighborParams *params)
{
	const ModelHeader *header = &model->header;
	Neighborhood *hood = neighborhood_create(params);
	int32		rows = model_side_count(model, params->side);
	SparseRows	by_user;
	SparseRows	by_item;
	SparseRows	lists;

	hood->cache_bytes = model->row_cache_bytes;
	model_load_ratings(model, &by_user, &by_item);
	neighborhood_set_ratings(hood, &by_user, &by_item, header->mean, header->stddev);
	load_biases(model, hood);
	if (model_has_part(model, PART_NEIGHBORS))
	{
		model_require_part(model, PART_NEIGHBORS, BLOCK_SPARSE, rows, rows);
		model_load_sparse(model, PART_NEIGHBORS, &lists);
		neighborhood_set_lists(hood, &lists);
	}
	return hood;
}

/* See ModelForm. */
static void *
neighbor_load(Model *model)
{
	NeighborParams params = neighbor_params_read(model);

	return model_neighborhood(model, &params);
}

/* See ModelForm. */
static double
neighbor_predict(Model *model, int32 user, int32 item)
{
	return neighborhood_predict(model_state(model), user, item);
}

/* See ModelForm. */
static double
neighbor_fallback(Model *model, int32 user, int32 item)
{
	return neighborhood_fallback(model_state(model), user, item);
}

/* See ModelForm. */
static void
neighbor_score_items(Model *model, int32 user, double *scores)
{
	neighborhood_score(model_state(model), user, scores);
}

/* See ModelForm. */
static void
neighbor_score_profile(Model *model, const UserProfile *profile, double *scores)
{
	neighborhood_score_profile(model_state(model), profile, scores);
}

/* See ModelForm. */
static void
neighbor_compare(Model *model, Side side, int32 row, VectorMetric metric,
				 double *scores)
{
	if (metric != VECTOR_COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("neighbor models compare only by the similarity that they were trained with"),
				 errhint("Leave out the metric, or train with another similarity.")));
	neighborhood_compare(model_state(model), side, row, scores, NULL);
}

/* What is kept are rows of items. */
static bool
items_are_rows(const Model *model)
{
	return true;
}

const ModelForm item_neighbor_form = {
	.name = "item_neighbor",
	.load = neighbor_load,
	.has_neighbors = true,
	.neighbor_side = SIDE_ITEMS,
	.prefers_item_order = items_are_rows,
	.predict = neighbor_predict,
	.fallback = neighbor_fallback,
	.score_items = neighbor_score_items,
	.score_profile = neighbor_score_profile,
	.compare = neighbor_compare
};

const ModelForm user_neighbor_form = {
	.name = "user_neighbor",
	.load = neighbor_load,
	.has_neighbors = true,
	.neighbor_side = SIDE_USERS,
	.predict = neighbor_predict,
	.fallback = neighbor_fallback,
	.score_items = neighbor_score_items,
	.compare = neighbor_compare
};
