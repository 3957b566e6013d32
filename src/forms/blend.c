/*
 * blend.c
 *		The blend form: a weighted sum of the scores of components.
 *
 * Scores of different algorithms have nothing in common but their order.  So
 * those of each component are put on one scale for each user before they are
 * added: less their mean and divided by their deviation, or replaced by the
 * share of the items that are worse; mean, deviation and ranks are those over
 * the items that the user has not rated, as far as the model knows that.  With
 * the scale "none" they are added as they are; if all of them are ratings that
 * is a stacked regression (Breiman, "Stacked regressions", Machine Learning 24,
 * 1996), mean + sum of w_c (score_c - mean).
 *
 * An item that some component has no score for gets the lowest that this
 * component gives the user: an item that is near nothing they like is no better
 * than the rest.  Where the scores are ratings it may well be, and gets their
 * mean, or, with the scale "none", what the component predicts.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "forms/blend.h"
#include "forms/blend_scale.h"
#include "forms/registry.h"
#include "forms/row_cache.h"
#include "model/json.h"

typedef struct BlendState
{
	BlendParams params;
	double		base;			/* what weights are relative to */
	int32		user;			/* whose preferences are in "total"; -1: nobody's */
	double	   *total;			/* [rows] the sum, for what has no score too */
	double	   *part;			/* [rows] the scores of a component */
	bool	   *known;			/* [rows] which any component has a score for */
	bool	   *seen;			/* [rows] which do not count for mean and ranks */
	bool	   *rated;			/* [items] which anybody has rated; NULL: all of them */
	double	   *sorted;			/* [rows] work space for ranks; NULL: not needed */
} BlendState;

/*
 * Is the blend better asked for one item after another?  Scores that are scaled
 * are those of a user; others go by the components that care.
 */
static bool
blend_prefers_item_order(const Model *model)
{
	const char *scale = json_get_string(model->header.params, "normalize");

	if (scale == NULL || strcmp(scale, scale_names[SCALE_NONE]) != 0)
		return false;
	for (int c = 0; c < model->components; c++)
		if (model_prefers_item_order(model->component[c]))
			return true;
	return false;
}

/* Are all scores ratings, and so the sum too? */
static bool
sum_is_rating(const BlendParams *params)
{
	bool		all = params->scale == SCALE_NONE;

	for (int c = 0; c < params->components; c++)
		all = all && params->ratings[c];
	return all;
}

/*
 * Load the components.  One that would rather predict the other way round than
 * the whole does keeps rows that are asked for again and again.
 */
static void
load_components(Model *model)
{
	bool		by_item = blend_prefers_item_order(model);

	for (int c = 0; c < model->components; c++)
	{
		Model	   *component = model->component[c];

		component->row_cache_bytes = model_prefers_item_order(component) != by_item ?
			ROW_CACHE_BYTES : model->row_cache_bytes;
		model_state(component);
	}
}

/* Zeroed memory for so many rows, in the current context. */
static void *
allocate_rows(int32 rows, Size element)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, (Size) rows * element,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* Which items have been rated, NULL if all. */
static bool *
find_rated(Model *model)
{
	bool	   *rated = allocate_rows(model->header.items, sizeof(bool));
	bool		all = true;

	for (int32 item = 0; item < model->header.items; item++)
	{
		rated[item] = *model_row(model, PART_ITEM_COUNTS, item) > 0;
		all = all && rated[item];
	}
	if (all)
		pfree(rated);
	return all ? NULL : rated;
}

/* See ModelForm. */
static void *
blend_load(Model *model)
{
	BlendState *state = palloc0(sizeof(BlendState));
	int32		rows = Max(model->header.items, model->header.users);

	for (int c = 0; c < model->components; c++)
		if (model->component[c]->form == &blend_form)
			report_corruption(model->relid, model->version, "header", "it is made of another blend");
	if (!blend_params_read(model, &state->params))
		report_corruption(model->relid, model->version, "header",
						  "its parameters are out of range");
	load_components(model);
	state->base = sum_is_rating(&state->params) ? model->header.mean : 0;
	state->user = -1;
	state->rated = find_rated(model);
	state->total = allocate_rows(rows, sizeof(double));
	state->part = allocate_rows(rows, sizeof(double));
	state->known = allocate_rows(rows, sizeof(bool));
	state->seen = allocate_rows(rows, sizeof(bool));
	if (state->params.scale == SCALE_RANK)
		state->sorted = allocate_rows(rows, sizeof(double));
	return state;
}

/* A component has nothing to say of items that nobody has rated, unless it knows them. */
static void
forget_unrated(const BlendState *state, const Model *component, double *score)
{
	if (state->rated == NULL || component->form->scores_cold_items)
		return;
	for (int32 item = 0; item < component->header.items; item++)
		if (!state->rated[item])
			score[item] = get_float8_nan();
}

/* Note which rows have a score, of this component or of one before. */
static void
note_known(BlendState *state, const double *score, int32 rows)
{
	for (int32 r = 0; r < rows; r++)
		state->known[r] = state->known[r] || has_score(score[r]);
}

/*
 * Put the scores of a component, NaN where there is none, on the scale of the
 * blend, without gaps.
 */
static void
scale_row(BlendState *state, bool ratings, double *score, int32 rows)
{
	Spread		spread = measure_spread(score, state->seen, rows);
	double		missing = spread.lowest;

	if (ratings)
		missing = spread.count > 0 ? spread.mean : state->base;
	switch (state->params.scale)
	{
		case SCALE_STANDARD:
			standardize_row(score, rows, missing, &spread);
			break;
		case SCALE_RANK:
			rank_row(score, rows, missing, state->seen, state->sorted);
			break;
		case SCALE_NONE:
			for (int32 r = 0; r < rows; r++)
				score[r] = has_score(score[r]) ? score[r] : missing;
	}
	CHECK_FOR_INTERRUPTS();
}

/* Begin a sum over rows, of which some have been seen. */
static void
start_sum(BlendState *state, int32 rows, const UserProfile *seen)
{
	state->user = -1;
	memset(state->known, 0, rows * sizeof(bool));
	memset(state->seen, 0, rows * sizeof(bool));
	for (int32 i = 0; i < seen->count; i++)
		state->seen[seen->item[i]] = true;
	for (int32 r = 0; r < rows; r++)
		state->total[r] = state->base;
}

/* Begin a sum over items for a user: what they have rated has been seen. */
static void
start_user(Model *model, BlendState *state, int32 user)
{
	UserProfile profile = model_profile(model, user);

	start_sum(state, model->header.items, &profile);
}

/* Give a user's items that have no rating by a component what it predicts for them. */
static void
predict_gaps(BlendState *state, Model *component, int32 user, double *score)
{
	const ModelForm *form = component->form;

	for (int32 item = 0; item < component->header.items; item++)
		if (!has_score(score[item]))
			score[item] = form->fallback != NULL ? form->fallback(component, user, item) :
				form->predict(component, user, item);
}

/*
 * Put the scores of all items by a component on the scale of the blend.  The
 * user is -1 if the model does not know them.
 */
static void
scale_items(Model *model, BlendState *state, int c, int32 user, double *score)
{
	forget_unrated(state, model->component[c], score);
	note_known(state, score, model->header.items);
	if (user >= 0 && state->params.scale == SCALE_NONE && state->params.ratings[c])
		predict_gaps(state, model->component[c], user, score);
	scale_row(state, state->params.ratings[c], score, model->header.items);
}

/* Add the scores of all items by a component, in state->part, to the sum. */
static void
add_part(Model *model, BlendState *state, int c, int32 user)
{
	double		weight = state->params.weight[c];

	scale_items(model, state, c, user, state->part);
	for (int32 item = 0; item < model->header.items; item++)
		state->total[item] += weight * (state->part[item] - state->base);
}

/* The sum, where any component had a score. */
static void
end_sum(const Model *model, const BlendState *state, int32 rows, double *scores)
{
	for (int32 r = 0; r < rows; r++)
		scores[r] = state->known[r] ? finite_score(model, state->total[r]) : get_float8_nan();
}

/* Sum up the components' scores of all items for a user, in state->total. */
static void
sum_for_user(Model *model, BlendState *state, int32 user)
{
	start_user(model, state, user);
	for (int c = 0; c < model->components; c++)
	{
		Model	   *component = model->component[c];

		if (state->params.weight[c] == 0)
			continue;
		component->form->score_items(component, user, state->part);
		add_part(model, state, c, user);
	}
	state->user = user;
}

/* See ModelForm. */
static void
blend_score_items(Model *model, int32 user, double *scores)
{
	BlendState *state = model_state(model);

	sum_for_user(model, state, user);
	end_sum(model, state, model->header.items, scores);
}

/*
 * The scores of all items for a user by one component, from 0 on, on the scale
 * of the blend and without gaps.
 */
void
blend_component_scores(Model *model, int component, int32 user, double *scores)
{
	BlendState *state = model_state(model);
	Model	   *part = model->component[component];

	start_user(model, state, user);
	part->form->score_items(part, user, scores);
	scale_items(model, state, component, user, scores);
}

/* The scores of a component for some users at once. */
static void
score_block(Model *component, const int32 *user, int count, double *row, float *scores)
{
	int32		item_count = component->header.items;

	if (component->form->score_users != NULL)
	{
		component->form->score_users(component, user, count, scores);
		return;
	}
	for (int u = 0; u < count; u++)
	{
		component->form->score_items(component, user[u], row);
		for (int32 item = 0; item < item_count; item++)
			scores[(Size) u * item_count + item] = row[item];
	}
}

/* Add the scores of a component for a user to a row of sums, and see what is known. */
static void
add_to_row(Model *model, int c, int32 user, const float *part, float *sum, bool *known)
{
	BlendState *state = model_state(model);
	int32		item_count = model->header.items;

	start_user(model, state, user);
	for (int32 item = 0; item < item_count; item++)
		state->part[item] = part[item];
	scale_items(model, state, c, user, state->part);
	for (int32 item = 0; item < item_count; item++)
	{
		sum[item] += state->params.weight[c] * (state->part[item] - state->base);
		known[item] = known[item] || state->known[item];
	}
}

/* See ModelForm. */
static void
blend_score_users(Model *model, const int32 *user, int count, float *scores)
{
	BlendState *state = model_state(model);
	Size		items = model->header.items;
	float	   *part = allocate_rows(count, items * sizeof(float));
	bool	   *known = allocate_rows(count, items * sizeof(bool));

	for (Size i = 0; i < count * items; i++)
		scores[i] = state->base;
	for (int c = 0; c < model->components; c++)
	{
		if (state->params.weight[c] == 0)
			continue;
		score_block(model->component[c], user, count, state->part, part);
		for (int u = 0; u < count; u++)
			add_to_row(model, c, user[u], part + u * items, scores + u * items,
					   known + u * items);
	}
	for (Size i = 0; i < count * items; i++)
		scores[i] = known[i] ? finite_score(model, scores[i]) : get_float4_nan();
	pfree(part);
	pfree(known);
}

/* By those components that can score somebody who was not in training. */
static void
blend_score_profile(Model *model, const UserProfile *profile, double *scores)
{
	BlendState *state = model_state(model);

	start_sum(state, model->header.items, profile);
	for (int c = 0; c < model->components; c++)
	{
		Model	   *component = model->component[c];

		if (state->params.weight[c] == 0 || component->form->score_profile == NULL)
			continue;
		component->form->score_profile(component, profile, state->part);
		add_part(model, state, c, -1);
	}
	end_sum(model, state, model->header.items, scores);
}

/*
 * Scores that are not scaled are summed for the one item; others need those of
 * all items, which are kept for the next item of the same user.  For a user whom
 * the model does not know all items have the same score.
 */
static double
blend_predict(Model *model, int32 user, int32 item)
{
	BlendState *state = model_state(model);
	double		sum = state->base;

	if (state->params.scale == SCALE_NONE)
	{
		for (int c = 0; c < model->components; c++)
			if (state->params.weight[c] != 0)
				sum += state->params.weight[c] *
					(model->component[c]->form->predict(model->component[c], user, item) -
					 state->base);
		return sum;
	}
	if (user < 0 || item < 0)
		return 0;
	if (state->user != user)
		sum_for_user(model, state, user);
	return state->total[item];
}

/* Has a component with a weight something to compare? */
static bool
blend_can_compare(const Model *model)
{
	BlendParams params;

	/* What is absurd is found when the model is loaded. */
	if (!blend_params_read(model, &params))
		return true;
	for (int c = 0; c < model->components; c++)
		if (params.weight[c] != 0 && model_can_compare(model->component[c]))
			return true;
	return false;
}

/* The similarities of those components that have some, blended as scores are. */
static void
blend_compare(Model *model, Side side, int32 row, VectorMetric metric, double *scores)
{
	BlendState *state = model_state(model);
	int32		rows = model_side_count(model, side);
	UserProfile self = {.count = 1, .item = &row};
	double		weights = 0;

	if (metric != VECTOR_COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of several algorithms compare only by the similarities of their components"),
				 errhint("Leave out the metric.")));
	start_sum(state, rows, &self);
	memset(state->total, 0, rows * sizeof(double));
	for (int c = 0; c < model->components; c++)
	{
		Model	   *component = model->component[c];
		double		weight = state->params.weight[c];

		if (weight == 0 || !model_can_compare(component))
			continue;
		component->form->compare(component, side, row, metric, state->part);
		if (side == SIDE_ITEMS)
			forget_unrated(state, component, state->part);
		note_known(state, state->part, rows);
		scale_row(state, false, state->part, rows);
		for (int32 r = 0; r < rows; r++)
			state->total[r] += weight * state->part[r];
		weights += weight;
	}
	for (int32 r = 0; r < rows; r++)
		state->total[r] /= weights;
	end_sum(model, state, rows, scores);
}

const ModelForm blend_form = {
	.name = "blend",
	.load = blend_load,
	.predict = blend_predict,
	.score_items = blend_score_items,
	.score_users = blend_score_users,
	.score_profile = blend_score_profile,
	.compare = blend_compare,
	.can_compare = blend_can_compare,
	.prefers_item_order = blend_prefers_item_order
};
