/*
 * popularity.c
 *		The popularity form: a score for each item, the same for everybody.
 *
 * What an item has that the model does not know is a parameter: the mean of
 * all ratings where scores are ratings, else nothing.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "forms/registry.h"
#include "model/json.h"

typedef struct PopularityState
{
	float	   *score;			/* [items] */
	double		unknown;		/* of any other item */
} PopularityState;

/* See ModelForm. */
static void *
popularity_load(Model *model)
{
	PopularityState *state = palloc0(sizeof(PopularityState));

	state->unknown = json_get_number(model->header.params, "unknown");
	if (!(fabs(state->unknown) <= LARGEST_NUMBER))
		report_corruption(model->relid, model->version, "header",
						  "it does not say what an unknown item has");
	model_require_part(model, PART_ITEM_BIAS, BLOCK_FLOAT4, model->header.items, 1);
	state->score = model_load_floats(model, PART_ITEM_BIAS, 1);
	return state;
}

/* See ModelForm. */
static double
popularity_predict(Model *model, int32 user, int32 item)
{
	const PopularityState *state = model_state(model);

	return item < 0 ? state->unknown : state->score[item];
}

/* See ModelForm. */
static void
popularity_score_items(Model *model, int32 user, double *scores)
{
	const PopularityState *state = model_state(model);

	for (int32 item = 0; item < model->header.items; item++)
		scores[item] = state->score[item];
}

/* See ModelForm. */
static void
popularity_score_users(Model *model, const int32 *user, int count, float *scores)
{
	const PopularityState *state = model_state(model);
	Size		bytes = sizeof(float) * (Size) model->header.items;

	for (int i = 0; i < count; i++)
		memcpy(scores + (Size) i * model->header.items, state->score, bytes);
}

/* See ModelForm. */
static void
popularity_score_profile(Model *model, const UserProfile *profile, double *scores)
{
	popularity_score_items(model, -1, scores);
}

const ModelForm popularity_form = {
	.name = "popularity",
	.load = popularity_load,
	.predict = popularity_predict,
	.score_items = popularity_score_items,
	.score_users = popularity_score_users,
	.score_profile = popularity_score_profile,
	.non_personalized = true
};
