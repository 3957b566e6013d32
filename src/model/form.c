/*
 * form.c
 *		The list of the forms of model, and what they share.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/lsyscache.h"

#include "model/blend.h"
#include "model/form.h"

static const ModelForm *const forms[] = {
	&factor_form,
	&random_form,
	&item_neighbor_form,
	&user_neighbor_form,
	&item_weights_form,
	&deviation_form,
	&cluster_form,
	&popularity_form,
	&content_form,
	&blend_form
};

/* The form of a given name, or NULL. */
const ModelForm *
form_lookup(const char *name)
{
	for (int i = 0; i < lengthof(forms); i++)
		if (strcmp(forms[i]->name, name) == 0)
			return forms[i];
	return NULL;
}

/*
 * Are predictions for one item after another cheaper than for one user after
 * another?
 */
bool
model_is_item_by_item(const Model *model)
{
	return model->form == &blend_form ? blend_is_item_by_item(model) :
		model->form->item_by_item;
}

/* Are the scores of a model the same for everybody? */
bool
model_is_impersonal(const Model *model)
{
	bool		result = model->components > 0;

	for (int c = 0; c < model->components; c++)
		result = result && model->component[c]->form->impersonal;
	return result || model->form->impersonal;
}

/* The "compare" of forms that have nothing to compare: an error. */
void
compare_nothing(Model *model, bool items, int32 row, VectorMetric metric, double *scores)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("model \"%s\" of algorithm \"%s\" knows no similarities",
					get_rel_name(model->relid), model->header.algorithm),
			 errhint("Train a factorization, such as als or svd, or a neighbor model.")));
}
