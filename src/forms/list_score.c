/*
 * list_score.c
 *		The scores that lists go by.
 *
 * Of most models they are those of the form.  A model that predicts ratings
 * damps them in its lists, where its header says so: with r the predicted
 * rating, e how likely the user is to choose the item, and the ratings from low
 * to high, the score is
 *
 *		e (2 + (r - low) / (high - low)) / 3
 *
 * that is 1 for an item that is sure to be chosen and given the highest rating,
 * two thirds if it is sure to be given the lowest one, and 0 if nobody would
 * choose it.  The likelihood e is the score of a component that has learned who
 * has rated what, near 1 for what was rated and near 0 for most else; where that
 * says next to nothing, of somebody with nothing but rare items, what is popular
 * is likely.  Or e is the item's number of ratings by that of the most popular
 * one.  There is no term that would hide small differences in single precision.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "forms/list_score.h"
#include "forms/registry.h"
#include "model/json.h"
#include "resources/budget.h"

/* What the most popular item has before anything is known of the user. */
#define PRIOR .001

struct ListScores
{
	Model	   *model;
	Model	   *chooser;		/* the component that says what is chosen; NULL: none */
	double	   *share;			/* [items] number of ratings by the most popular item's;
								 * NULL: predictions are not damped */
	double	   *likely;			/* [items] work space of the chooser */
	double		low;
	double		range;
};

/* The items' numbers of ratings by that of the most popular one, palloc'd. */
static double *
share_of_ratings(Model *model)
{
	int32		item_count = model->header.items;
	double	   *share = allocate_array(item_count, sizeof(double));
	double		most = 1;

	for (int32 item = 0; item < item_count; item++)
	{
		share[item] = Max(*model_row(model, PART_ITEM_COUNTS, item), 0);
		most = Max(most, share[item]);
	}
	for (int32 item = 0; item < item_count; item++)
		share[item] /= most;
	return share;
}

/*
 * The component that says what is chosen; NULL: the items' numbers of ratings
 * do.  Error: there is none that could.
 */
static Model *
find_chooser(const Model *model, const char *damped_by)
{
	if (strcmp(damped_by, DAMPED_BY_COUNTS) == 0)
		return NULL;
	if (strcmp(damped_by, DAMPED_BY_COMPONENT) != 0 || model->components == 0 ||
		model->component[0]->form->score_profile == NULL || model->form == &blend_form ||
		model->component[0]->form == &blend_form)
		report_corruption(model->relid, model->version, "header",
						  "it does not have the component that damps its lists");
	return model->component[0];
}

/*
 * What the lists of a model go by, with its work space, in the current memory
 * context.  Error: the model is corrupt.
 */
ListScores *
list_scores_create(Model *model)
{
	const ModelHeader *header = &model->header;
	const char *damped_by = json_get_string(header->params, PARAM_DAMPED_BY);
	ListScores *lists = palloc0(sizeof(ListScores));

	lists->model = model;
	if (damped_by == NULL)
		return lists;
	lists->low = header->minimum;
	/* Where all ratings are equal, they are, and the likelihood decides. */
	lists->range = header->maximum > header->minimum ? header->maximum - header->minimum : 1;
	lists->share = share_of_ratings(model);
	lists->chooser = find_chooser(model, damped_by);
	if (lists->chooser != NULL)
		lists->likely = allocate_array(header->items, sizeof(double));
	return lists;
}

/* Can the scores of some users be made together, faster than one after the other? */
bool
list_scores_can_be_together(const Model *model)
{
	const char *damped_by = json_get_string(model->header.params, PARAM_DAMPED_BY);
	const Model *chooser = damped_by == NULL ? NULL : find_chooser(model, damped_by);

	return model->form->score_users != NULL &&
		(chooser == NULL || chooser->form->score_users != NULL);
}

/* A predicted rating of an item, damped by how likely the chooser says it is. */
static inline double
damp(const ListScores *lists, int32 item, double rating, double chosen)
{
	double		likely = lists->chooser == NULL ? lists->share[item] :
		chosen + PRIOR * lists->share[item];

	return likely * Max(2 + (rating - lists->low) / lists->range, 0) / 3;
}

/* Damp the predictions for a user, of whom the chooser has spoken. */
static void
damp_all(const ListScores *lists, double *scores)
{
	for (int32 item = 0; item < lists->model->header.items; item++)
		if (!isnan(scores[item]))
			scores[item] = finite_score(lists->model,
										damp(lists, item, scores[item],
											 lists->chooser == NULL ? 0 : lists->likely[item]));
}

/* The scores of all items for a user of the model, NaN for those that have none. */
void
list_scores_of_user(ListScores *lists, int32 user, double *scores)
{
	lists->model->form->score_items(lists->model, user, scores);
	if (lists->share == NULL)
		return;
	if (lists->chooser != NULL)
		lists->chooser->form->score_items(lists->chooser, user, lists->likely);
	damp_all(lists, scores);
}

/* What the chooser says of a profile, of which it knows no ratings. */
static void
choose_for_profile(ListScores *lists, const UserProfile *profile)
{
	UserProfile chosen = *profile;
	float	   *ones = allocate_array(profile->count, sizeof(float));

	for (int32 i = 0; i < profile->count; i++)
		ones[i] = 1;
	chosen.value = ones;
	lists->chooser->form->score_profile(lists->chooser, &chosen, lists->likely);
	pfree(ones);
}

/* The same of somebody who was not in training. */
void
list_scores_of_profile(ListScores *lists, const UserProfile *profile, double *scores)
{
	lists->model->form->score_profile(lists->model, profile, scores);
	if (lists->share == NULL)
		return;
	if (lists->chooser != NULL)
		choose_for_profile(lists, profile);
	damp_all(lists, scores);
}

/* Damp the predictions for some users; chosen is NULL without a chooser. */
static void
damp_rows(const ListScores *lists, int count, const float *chosen, float *scores)
{
	int32		item_count = lists->model->header.items;

	for (int u = 0; u < count; u++)
	{
		Size		start = (Size) u * item_count;

		CHECK_FOR_INTERRUPTS();
		for (int32 item = 0; item < item_count; item++)
			scores[start + item] = finite_score(lists->model,
												(float) damp(lists, item, scores[start + item],
															 chosen == NULL ? 0 : chosen[start + item]));
	}
}

/*
 * The scores of all items for some users of the model: [count x items].  Only
 * where they can be made together.
 */
void
list_scores_of_users(ListScores *lists, const int32 *user, int count, float *scores)
{
	float	   *chosen = NULL;

	lists->model->form->score_users(lists->model, user, count, scores);
	if (lists->share == NULL)
		return;
	if (lists->chooser != NULL)
	{
		chosen = allocate_array((Size) count * lists->model->header.items, sizeof(float));
		lists->chooser->form->score_users(lists->chooser, user, count, chosen);
	}
	damp_rows(lists, count, chosen, scores);
	if (chosen != NULL)
		pfree(chosen);
}
