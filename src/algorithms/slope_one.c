/*
 * slope_one.c
 *		Algorithm "slope_one": what a user has given to other items, shifted by
 *		how items differ.
 *
 * Lemire and Maclachlan, "Slope One Predictors for Online Rating-Based
 * Collaborative Filtering" (SDM 2005).  Training only keeps the ratings; the
 * form of the model (forms/slope_one.c) computes the differences of an item to
 * the others when they are asked for.
 */
#include "postgres.h"
#include "compat.h"

#include "algorithms/lists.h"
#include "algorithms/registry.h"
#include "model/json.h"

typedef struct SlopeOneOptions
{
	CommonOptions common;
	bool		weighted;
} SlopeOneOptions;

static const OptionSpec options[] = {
	BOOL_OPTION("weighted", SlopeOneOptions, weighted, false,
				"weighted slope one: an item counts by the number of users that it has in common with the item to predict")
};

/* Nothing beside the ratings. */
static Size
slope_one_memory(const MatrixShape *shape, const void *options)
{
	return 0;
}

/* How the form is to average; it has the ratings. */
static void
slope_one_train(TrainContext *context)
{
	json_add_bool(&context->draft->params, "weighted",
				  ((const SlopeOneOptions *) context->options)->weighted);
}

const Algorithm slope_one_algorithm = {
	.name = "slope_one",
	.family = "nearest neighbors",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &slope_one_form,
	.description = "the user's mean, plus the mean difference between the item's ratings and those of the user's items",
	.options = OPTION_TABLE(SlopeOneOptions, options),
	LISTS_BY_IALS,
	.needs_stored_ratings = true,
	.memory = slope_one_memory,
	.train = slope_one_train
};
