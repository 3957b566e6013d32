/*
 * train.c
 *		A training run, from ratings to draft.
 *
 * A run is made of steps, each in a file of its own, so that evaluation can
 * train on a part of what was read:
 *
 *		settle.c		the options and the policy of reading
 *		train_read.c	the ratings, if the run fits into memory
 *		validation.c	how many iterations are best, if that is asked for
 *		run.c			the training itself
 *		component.c		the same for each component of a model of several
 *		list_model.c	what ranks beside a model that predicts ratings
 *		train_header.c	what the model's header says of the run
 *
 * Nothing here writes to the database.
 */
#include "postgres.h"
#include "compat.h"

#include "engine/list_model.h"
#include "engine/train.h"
#include "engine/train_parts.h"
#include "ratings/left_out.h"
#include "resources/budget.h"

/* The number of ratings of each item, as stored. */
static float *
item_counts(const Interactions *ratings)
{
	float	   *counts = allocate_array(ratings->items.count, sizeof(float));

	for (int32 item = 0; item < ratings->items.count; item++)
		counts[item] = sparse_row_length(&ratings->by_item, item);
	return counts;
}

/* Add what users have seen and training has not used. */
static void
add_seen(ModelDraft *draft, const Interactions *ratings)
{
	SeenPairs	seen = left_out_place(ratings->left_out, &ratings->users, &ratings->items);

	if (seen.pairs != NULL)
		draft_add_sparse(draft, PART_SEEN, seen.pairs);
	if (seen.cold_pairs == NULL)
		return;
	draft_add_ids(draft, PART_COLD_USER_IDS, seen.cold_users);
	draft_add_sparse(draft, PART_COLD_SEEN, seen.cold_pairs);
}

/* Add to the draft what every model has: ids, counts and, if wanted, ratings. */
static void
add_common_parts(TrainContext *context)
{
	const Interactions *ratings = context->model_ratings;
	ModelDraft *draft = context->draft;

	draft_add_ids(draft, PART_USER_IDS, &ratings->users);
	draft_add_ids(draft, PART_ITEM_IDS, &ratings->items);
	draft_add_floats(draft, PART_ITEM_COUNTS, item_counts(ratings),
					 ratings->items.count, 1, 1);
	if (!((const CommonOptions *) context->options)->store_ratings)
		return;
	draft_add_sparse(draft, PART_RATINGS, &ratings->by_user);
	add_seen(draft, ratings);
}

/*
 * A whole training run.  The caller has set the algorithm, the options, the
 * source, the ratings and the progress; the run makes the draft and the
 * ratings of the model.  These live in the current memory context and in the
 * shared memory of the run, until train_end.
 */
void
train_run(TrainContext *context)
{
	train_parts(context);
	list_model_train(context);
	add_common_parts(context);
}

/*
 * What a run of several components would have made of runs that were made by
 * themselves, whole, on ratings like those of the first; they must live as long,
 * and are ended by themselves.  The caller has set all that a run needs.
 */
void
train_join(TrainContext *whole, TrainContext *const *part, int parts)
{
	whole->draft = draft_create();
	whole->model_ratings = whole->ratings;
	for (int c = 0; c < parts; c++)
	{
		TrainContext *component = palloc(sizeof(TrainContext));

		*component = *part[c];
		component->draft = draft_as_component(part[c]->draft);
		draft_add_component(whole->draft, component->draft);
		whole->component[whole->components++] = component;
	}
	add_common_parts(whole);
}
