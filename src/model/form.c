/*
 * form.c
 *		The list of the forms of model, and what they share.
 */
#include "postgres.h"

#include "utils/lsyscache.h"

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
	&content_form
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
