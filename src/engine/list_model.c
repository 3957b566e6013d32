/*
 * list_model.c
 *		What ranks beside a model that predicts ratings.
 *
 * A rating says how much somebody who has chosen an item likes it, and nothing
 * of whether they would choose it.  So the items with the highest predictions
 * are obscure ones with a few perfect votes, and a list of them is worse than
 * the popular list.  With the option list_score "damped" such a model gets, as
 * a component, a second one that learns who has rated what, and not how; its
 * preference damps the predictions in lists (forms/list_score.c).  The others
 * that predict ratings are damped by the items' numbers of ratings.
 */
#include "postgres.h"
#include "compat.h"

#include "engine/component.h"
#include "engine/divergence.h"
#include "engine/list_model.h"
#include "model/json.h"

/*
 * Train what ranks beside the model of a run, and note in its draft how lists
 * go.  Where it has learned nothing, because users choose at random or there are
 * too few, the numbers of ratings are all there is to go by.
 */
void
list_model_train(TrainContext *context)
{
	const Algorithm *algorithm = context->algorithm;
	const CommonOptions *common = context->options;
	Component	component = {algorithm->list_algorithm, common->list_options};
	bool		by_counts = algorithm->list_by_counts && lists_are_damped(algorithm, common);

	if (component.options != NULL)
		by_counts = factors_have_collapsed(train_component(context, &component)->draft);
	if (component.options != NULL || by_counts)
		json_add_string(&context->draft->params, PARAM_DAMPED_BY,
						by_counts ? DAMPED_BY_COUNTS : DAMPED_BY_COMPONENT);
}
