/*
 * run.c
 *		One training: an algorithm, alone or with workers, fills a draft.
 *
 * This is the innermost part of a training run.  A search for the number of
 * iterations (validation.c) does it once more on a part of the ratings, and a
 * model of several algorithms (component.c) does it for each of them.
 */
#include "postgres.h"
#include "compat.h"

#include "engine/dense.h"
#include "engine/run.h"
#include "engine/team.h"
#include "math/denormals.h"

/* Let the algorithm fill the draft; no number may be so small that it is slow. */
static void
train_without_denormals(TrainContext *context)
{
	uint64		before = denormals_flush();

	PG_TRY();
	{
		context->algorithm->train(context);
	}
	PG_FINALLY();
	{
		denormals_restore(before);
	}
	PG_END_TRY();
}

/*
 * Train on context->ratings.  This fills context->draft with what the algorithm
 * leaves, in the current memory context and in the shared memory of the run,
 * and sets context->model_ratings.  Until train_end both may be used.
 */
void
train_once(TrainContext *context)
{
	const Algorithm *algorithm = context->algorithm;
	const Interactions *ratings = context->ratings;
	int			workers = 0;

	/* Components have a team each. */
	if (interactions_are_shared(ratings) && algorithm->components == NULL)
		workers = team_workers(algorithm, context->options, sparse_entries(&ratings->by_user));
	dense_require_for(algorithm, context->options);
	context->draft = draft_create();
	context->draft->scale = context->scale;
	context->model_ratings = ratings;
	if (workers > 0)
		context->team = team_create(workers);
	if (algorithm->attach != NULL)
		context->state = algorithm->attach(context);
	if (context->team != NULL)
		team_launch(context);
	train_without_denormals(context);
	if (context->team != NULL)
		team_dismiss(context);
}

/* Give back the shared memory of a run, whose draft is then of no use. */
void
train_end(TrainContext *context)
{
	for (int c = 0; c < context->components; c++)
		train_end(context->component[c]);
	if (context->team != NULL)
		team_release(context->team);
}
