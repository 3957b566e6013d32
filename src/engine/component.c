/*
 * component.c
 *		Training a component of a model that is made of several.
 *
 * A component is a training run of its own within the run of the whole: on the
 * same ratings, one component after another.  An algorithm that learns from
 * something besides ratings may add items that nobody has rated.  These are
 * items of the whole model then: components that were trained before get them
 * afterwards, and so do those that come after, which are trained without them.
 */
#include "postgres.h"
#include "compat.h"

#include "engine/component.h"
#include "engine/train_parts.h"

/* Give the model of a component, made of some ratings, the items of others. */
static void
extend_component(TrainContext *run, const Interactions *from, const Interactions *to)
{
	int32	   *index = ids_places(&from->items, &to->items);

	draft_add_items(run->draft, run->algorithm->form->neighbor_side, index,
					to->items.count);
	pfree(index);
}

/* See that a new component has the items of the whole, and the whole those of it. */
static void
unite_items(TrainContext *whole, TrainContext *run)
{
	if (run->model_ratings != run->ratings)
	{
		for (int c = 0; c < whole->components; c++)
			extend_component(whole->component[c], whole->model_ratings, run->model_ratings);
		whole->model_ratings = run->model_ratings;
	}
	else if (run->ratings != whole->model_ratings)
		extend_component(run, run->ratings, whole->model_ratings);
}

/*
 * Train the next component of a run, on the same ratings, and add what it
 * leaves to the run's draft.  Returns the component's own run, which lives as
 * long as the whole.
 *
 * Only an algorithm that learns from something besides ratings is trained on
 * the items that one before it has added.
 */
TrainContext *
train_component(TrainContext *whole, const Component *component)
{
	TrainContext *run = palloc0(sizeof(TrainContext));

	run->algorithm = component->algorithm;
	run->options = component->options;
	run->source = whole->source;
	run->ratings = component->algorithm->ratings_optional ? whole->model_ratings : whole->ratings;
	run->progress = progress_of_component(whole->progress, component->algorithm->name);
	train_parts(run);
	whole->progress->last_notice = run->progress->last_notice;
	unite_items(whole, run);
	if (OidIsValid(run->item_type))
		whole->item_type = run->item_type;
	whole->component[whole->components++] = run;
	draft_add_component(whole->draft, run->draft);
	return run;
}
