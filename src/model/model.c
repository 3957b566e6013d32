/*
 * model.c
 *		A trained model, as serving sees it: its form, and what may be wrong
 *		with it.
 *
 * A model is opened by open.c, which fills in what its header says; parts.c
 * reads its blocks when they are needed; cache.c keeps it for the next query.
 * What a model makes of its parts is for its form to say: the functions here ask
 * the form, where there is more to it than calling it.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "model/model.h"

/* Report a model whose stored bytes are not valid. */
void
report_corruption(Oid relid, int32 version, const char *part, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("model \"%s\" is damaged", get_rel_name(relid)),
			 errdetail("Version %d, part \"%s\": %s.", version, part, problem),
			 errhint("Train it again with recsys_train, or restore its table.")));
}

/*
 * Report a score that is not finite although all numbers of the model are:
 * they are too large.  Training leaves no such model (engine/divergence.c).
 */
void
report_overflow(const Model *model)
{
	if (model_is_in_memory(model))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("training diverged"),
				 errdetail("The numbers of the model are so large that its scores are not finite."),
				 errhint("Scale the ratings, for example to 1 to 5, or raise the regularization.")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("model \"%s\" is damaged", get_rel_name(model->relid)),
			 errdetail("Version %d: its numbers are so large that a score is not finite.",
					   model->version),
			 errhint("Train it again with recsys_train, or restore its table.")));
}

/*
 * The state of the model's form, which is made at the first call and stays the
 * model's.
 */
void *
model_state(Model *model)
{
	if (model->state == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(model->context);

		model->loading = true;
		model->state = model->form->load(model);
		model->loading = false;
		MemoryContextSwitchTo(old);
	}
	return model->state;
}

/*
 * Are predictions for one item after another cheaper than for one user after
 * another?
 */
bool
model_prefers_item_order(const Model *model)
{
	return model->form->prefers_item_order != NULL && model->form->prefers_item_order(model);
}

/* Are the scores of a model the same for all users? */
bool
model_is_non_personalized(const Model *model)
{
	bool		result = model->components > 0;

	for (int c = 0; c < model->components; c++)
		result = result && model->component[c]->form->non_personalized;
	return result || model->form->non_personalized;
}

/* Does a model have similarities of users or items? */
bool
model_can_compare(const Model *model)
{
	return model->form->compare != NULL &&
		(model->form->can_compare == NULL || model->form->can_compare(model));
}

/*
 * Similarities, or distances, of a user or an item to all others: see
 * ModelForm.  Error: the model has none.
 */
void
model_compare(Model *model, Side side, int32 row, VectorMetric metric, double *scores)
{
	if (!model_can_compare(model))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" (algorithm \"%s\") does not support similarity queries",
						get_rel_name(model->relid), model->header.algorithm),
				 errhint("Train a factorization, such as als or svd, or a neighbor model.")));
	model->form->compare(model, side, row, metric, scores);
}
