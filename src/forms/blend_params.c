/*
 * blend_params.c
 *		The parameters of a blend, as the header of a model has them.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "forms/blend_params.h"
#include "model/json.h"

/* By BlendScale. */
const char *const scale_names[] = {"standard", "rank", "none", NULL};

/* Write the parameters of the form into a draft. */
void
blend_params_write(const BlendParams *params, ModelDraft *draft)
{
	StringInfoData weights;
	StringInfoData ratings;

	initStringInfo(&weights);
	initStringInfo(&ratings);
	for (int c = 0; c < params->components; c++)
	{
		appendStringInfoString(&weights, c > 0 ? ", " : "[");
		json_append_number(&weights, params->weight[c]);
		draft->diverged = draft->diverged || !isfinite(params->weight[c]);
		appendStringInfo(&ratings, "%s%s", c > 0 ? ", " : "[",
						 params->ratings[c] ? "true" : "false");
	}
	appendStringInfoChar(&weights, ']');
	appendStringInfoChar(&ratings, ']');
	json_add_string(&draft->params, "normalize", scale_names[params->scale]);
	json_add_raw(&draft->params, "weights", weights.data);
	json_add_raw(&draft->params, "ratings", ratings.data);
}

/* Is this an array with an element for every component? */
static bool
has_all(const Model *model, const Jsonb *array)
{
	return array != NULL && JB_ROOT_IS_ARRAY(array) &&
		JB_ROOT_COUNT(array) == model->components;
}

/* The weight of a component and whether its scores are ratings; false: absurd. */
static bool
read_component(const Jsonb *weights, const Jsonb *ratings, int c, BlendParams *params)
{
	JsonbValue *weight = getIthJsonbValueFromContainer((JsonbContainer *) &weights->root, c);
	JsonbValue *is_rating = getIthJsonbValueFromContainer((JsonbContainer *) &ratings->root, c);

	if (weight->type != jbvNumeric || is_rating->type != jbvBool)
		return false;
	params->weight[c] = json_value_number(weight);
	params->ratings[c] = is_rating->val.boolean;
	return params->weight[c] >= 0 && params->weight[c] <= LARGEST_NUMBER;
}

/* Read the parameters of the form; false if one of them is absurd. */
bool
blend_params_read(const Model *model, BlendParams *params)
{
	const Jsonb *json = model->header.params;
	const char *scale = json_get_string(json, "normalize");
	Jsonb	   *weights = json_get_container(json, "weights");
	Jsonb	   *ratings = json_get_container(json, "ratings");

	if (scale == NULL || model->components == 0 || !has_all(model, weights) ||
		!has_all(model, ratings))
		return false;
	params->components = model->components;
	params->scale = SCALE_STANDARD;
	while (scale_names[params->scale] != NULL && strcmp(scale_names[params->scale], scale) != 0)
		params->scale++;
	if (scale_names[params->scale] == NULL)
		return false;
	for (int c = 0; c < params->components; c++)
		if (!read_component(weights, ratings, c, params))
			return false;
	return true;
}
