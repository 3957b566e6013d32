/*
 * form.h
 *		The forms of model: what serving can ask of one, whatever made it.
 *
 * A form is a way to turn stored parts into scores.  Many algorithms share a
 * form; serving knows forms, not algorithms.
 */
#ifndef RECSYS_MODEL_FORM_H
#define RECSYS_MODEL_FORM_H

#include "postgres.h"

#include <math.h>

#include "model/model.h"

/* How two vectors are compared, where a form has vectors. */
typedef enum VectorMetric
{
	METRIC_COSINE,
	METRIC_DOT,
	METRIC_EUCLIDEAN,
	METRIC_MANHATTAN
} VectorMetric;

/*
 * Users and items are dense indexes; -1 stands for one that the model does
 * not know, where that is allowed.
 *
 * NaN means that there is no score.  A score that could not be computed,
 * because numbers of the model are too large, is an error: finite_score.  That
 * can only be in single precision, as what the header says is bounded too
 * (LARGEST_NUMBER); what "predict" returns goes through model_clip.
 */
struct ModelForm
{
	const char *name;

	/*
	 * Check the parts of the model and make what the functions below need, in
	 * the current memory context, which is the model's.
	 */
	void	   *(*load) (Model *model);

	/*
	 * Are predictions for one item after another cheaper than for one user
	 * after another?  Of a model it is asked by model_is_item_by_item.
	 */
	bool		item_by_item;

	/* The rating or preference; user or item or both may be -1. */
	double		(*predict) (Model *model, int32 user, int32 item);

	/* Scores of all items for a user, NaN for those that have none. */
	void		(*score_items) (Model *model, int32 user, double *scores);

	/*
	 * The same for some users at once: scores [count x items].  NULL: there is
	 * no faster way than one after the other.
	 */
	void		(*score_users) (Model *model, const int32 *user, int count,
								float *scores);

	/*
	 * Scores of all items for somebody who was not in training, from the items
	 * that he has rated, in the order of their indexes.  NULL: the form cannot.
	 */
	void		(*score_profile) (Model *model, const int32 *item, const float *value,
								  int32 count, double *scores);

	/* Does it know items that nobody has rated, by something else than ratings? */
	bool		knows_unrated;

	/* Are the scores the same for everybody?  See model_is_impersonal. */
	bool		impersonal;

	/*
	 * Similarities, or distances, of row "row" to all rows of its side, NaN
	 * where there is none.
	 */
	void		(*compare) (Model *model, bool items, int32 row,
							VectorMetric metric, double *scores);
};

extern const ModelForm blend_form;
extern const ModelForm cluster_form;
extern const ModelForm content_form;
extern const ModelForm deviation_form;
extern const ModelForm factor_form;
extern const ModelForm popularity_form;
extern const ModelForm random_form;
extern const ModelForm item_neighbor_form;
extern const ModelForm item_weights_form;
extern const ModelForm user_neighbor_form;

extern const ModelForm *form_lookup(const char *name);
extern bool model_is_item_by_item(const Model *model);
extern bool model_is_impersonal(const Model *model);
extern void compare_nothing(Model *model, bool items, int32 row, VectorMetric metric,
							double *scores);

/* A score, or an error if it is not finite. */
static inline double
finite_score(const Model *model, double score)
{
	if (unlikely(!isfinite(score)))
		report_overflow(model);
	return score;
}

/* Keep a predicted rating within the range of the ratings, if that is asked. */
static inline double
model_clip(const Model *model, double rating)
{
	if (!model->header.clip || isnan(rating))
		return finite_score(model, rating);
	return Min(Max(rating, model->header.minimum), model->header.maximum);
}

#endif							/* RECSYS_MODEL_FORM_H */
