/*
 * train_parts.c
 *		A training run but for what every model has: that of a whole model, and
 *		of each of its components.
 *
 * A run that diverges starts again with smaller steps, some times.  What the
 * steps were is then among the options of the model.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"

#include "engine/divergence.h"
#include "engine/run.h"
#include "engine/scale.h"
#include "engine/suit.h"
#include "engine/train_parts.h"
#include "engine/validation.h"

/* Divergence shows early, so that trying again costs little. */
#define MOST_RETRIES 6
#define SMALLER_STEPS .25

/* Train, in the current memory context.  False: it has diverged. */
static bool
try_to_train(TrainContext *context)
{
	context->divergence = NULL;
	if (validation_is_wanted(context->algorithm, context->options))
		validation_search(context, interactions_are_shared(context->ratings));
	if (context->divergence != NULL)
		return false;
	train_once(context);
	return !training_has_diverged(context);
}

/*
 * Lower the learning rate in the options, which are the run's own.  False: there
 * is none.  Notice: what it was and is.
 */
static bool
take_smaller_steps(TrainContext *context)
{
	const Algorithm *algorithm = context->algorithm;
	double	   *rate = (double *) ((char *) context->options + algorithm->learning_rate);

	if (algorithm->learning_rate == 0)
		return false;
	if (!((const CommonOptions *) context->options)->quiet)
		ereport(NOTICE,
				(errmsg("%s: training diverged with the learning_rate %g, and starts again with %g",
						algorithm->name, *rate, *rate * SMALLER_STEPS)));
	*rate *= SMALLER_STEPS;
	return true;
}

/* Train until it does not diverge.  Error: it always does. */
static void
train_until_convergence(TrainContext *context)
{
	for (int retries = 0;; retries++)
	{
		MemoryContext attempt = AllocSetContextCreate(CurrentMemoryContext, "recsys attempt",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(attempt);
		bool		converged = try_to_train(context);

		MemoryContextSwitchTo(old);
		/* What it has made stays as long as the run. */
		if (converged)
			return;
		if (retries == MOST_RETRIES || !take_smaller_steps(context))
			report_divergence(context);
		train_end(context);
		context->team = NULL;
		MemoryContextDelete(attempt);
	}
}

/* What the defaults may depend on.  Who ranks beside a model sees no ratings. */
static DataTraits
traits_of_run(const TrainContext *context)
{
	DataTraits	traits = traits_of_ratings(context->ratings);

	if (((const CommonOptions *) context->options)->ranks_beside)
	{
		traits.mean = traits.minimum = traits.maximum = 1;
		traits.stddev = 0;
	}
	return traits;
}

/*
 * A training run but for the parts that every model has: what a component's run
 * is.  Makes context->draft and context->model_ratings, as train_run does.
 */
void
train_parts(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	DataTraits	traits;

	if (context->algorithm->choose != NULL)
		context->algorithm->choose(context);
	context->ratings = scale_begin(context);
	traits = traits_of_run(context);
	context->options = options_suited(context->algorithm, context->options, &traits);
	if (context->algorithm->feedback == FEEDBACK_IMPLICIT &&
		!((const CommonOptions *) context->options)->binarize)
		require_weights(context->algorithm, context->ratings);
	train_until_convergence(context);
	if (!((const CommonOptions *) context->options)->quiet &&
		!((const CommonOptions *) context->options)->ranks_beside)
		report_collapse(context);
	scale_end(context, ratings);
}
