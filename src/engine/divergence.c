/*
 * divergence.c
 *		Has training diverged?
 *
 * A model with a number that is not finite cannot be read again, and one with
 * numbers near the end of single precision has scores that are not finite.
 * Training that ends like that has diverged.  It is an error, so that the
 * version before goes on to be served.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "engine/divergence.h"
#include "model/memory_model.h"
#include "model/model.h"
#include "resources/budget.h"

/*
 * Scores are sums of products of two numbers of a model.  Where no number is
 * larger than this, no sum is too large for single precision, however long.
 */
#define ALWAYS_SAFE 1e14

/* Where no product of two vectors is larger than this, they say nothing. */
#define COLLAPSED 1e-4

/*
 * Note that training has diverged, if the squared error of an iteration is not a
 * number.  Returns whether it has: then the algorithm is to end.
 */
bool
squares_have_diverged(TrainContext *context, double sse)
{
	if (isfinite(sse))
		return false;
	context->divergence = "The error on the training ratings is no longer finite.";
	context->divergence_hint = "Lower the learning_rate, or scale the ratings down.  If they are counts, use an algorithm for implicit feedback, such as ials.";
	return true;
}

/* The same for the loss of an iteration; the hint says which options to change. */
bool
loss_has_diverged(TrainContext *context, double loss, const char *hint)
{
	if (isfinite(loss))
		return false;
	context->divergence = "The loss is no longer finite.";
	context->divergence_hint = hint;
	return true;
}

/* The larger of a number and the absolute value of another; infinite for NaN. */
static inline double
larger(double largest, float value)
{
	if (fabsf(value) <= largest)
		return largest;
	return isnan(value) ? get_float8_infinity() : fabsf(value);
}

/* The largest absolute value in a part. */
static double
largest_of_part(const DraftPart *part)
{
	double		largest = 0;

	for (int32 row = 0; part->floats != NULL && row < part->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int32 col = 0; col < part->cols; col++)
			largest = larger(largest, part->floats[(Size) row * part->stride + col]);
	}
	for (int32 row = 0; part->sparse != NULL && row < part->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 e = part->sparse->start[row]; e < part->sparse->start[row + 1]; e++)
			largest = larger(largest, part->sparse->value[e]);
	}
	return largest;
}

/* The same of a draft and its components; infinite if it has diverged. */
static double
largest_of_draft(const ModelDraft *draft)
{
	double		largest = draft->diverged ? get_float8_infinity() : 0;

	for (int part = 0; part < PART_COUNT; part++)
		if (draft->part[part].present)
			largest = Max(largest, largest_of_part(&draft->part[part]));
	for (int c = 0; c < draft->components; c++)
		largest = Max(largest, largest_of_draft(draft->component[c]));
	return largest;
}

/* Has a run diverged, as it has noted, or as a number of its model shows? */
bool
training_has_diverged(TrainContext *context)
{
	if (context->divergence == NULL && !isfinite(largest_of_draft(context->draft)))
	{
		context->divergence = "The model has numbers that are no longer finite.";
		context->divergence_hint = "Scale the ratings, for example to 1 to 5, or raise the regularization.";
	}
	return context->divergence != NULL;
}

/* Error: training has diverged. */
void
report_divergence(const TrainContext *context)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("training diverged"),
			 errdetail("%s", context->divergence),
			 errhint("%s", context->divergence_hint)));
}

/*
 * Have the vectors of users and items vanished?  Then no score differs from
 * another, but by biases, by what anybody would call a difference: preferences
 * are from 0 to 1, and ratings are trained on as if they were stars.
 */
bool
factors_have_collapsed(const ModelDraft *draft)
{
	const DraftPart *users = &draft->part[PART_USER_FACTORS];
	const DraftPart *items = &draft->part[PART_ITEM_FACTORS];

	return users->present && items->present &&
		largest_of_part(users) * largest_of_part(items) * items->cols < COLLAPSED;
}

/* Say that the vectors of a run have vanished, and that lists are of no use. */
void
report_collapse(const TrainContext *context)
{
	bool		biased = context->draft->part[PART_ITEM_BIAS].present;

	if (!factors_have_collapsed(context->draft))
		return;
	ereport(biased ? NOTICE : WARNING,
			(errmsg("%s: the factors have collapsed to nearly 0", context->algorithm->name),
			 errdetail(biased ? "All that is left to tell one score from another are the biases." :
					   "All scores are nearly 0, and the lists of users are arbitrary."),
			 errhint("Lower the regularization.")));
}

/* Ask for all scores there are. */
static void
score_everything(Model *model)
{
	int32		item_count = model->header.items;
	double	   *scores = allocate_array(item_count, sizeof(double));
	float	   *row = allocate_array(item_count, sizeof(float));

	for (int32 user = 0; user < model->header.users; user++)
	{
		CHECK_FOR_INTERRUPTS();
		model->form->score_items(model, user, scores);
		if (model->form->score_users != NULL)
			model->form->score_users(model, &user, 1, row);
	}
}

/*
 * Error: a score of the model, which is about to be written, is not finite.
 * Only where numbers are so large that this can be need the scores be made.
 */
void
require_scores(const ModelDraft *draft, const ModelHeader *header)
{
	double		largest = Max(largest_of_draft(draft),
							  Max(fabs(header->minimum), fabs(header->maximum)));
	MemoryContext context;
	MemoryContext old;

	if (largest <= ALWAYS_SAFE)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "recsys scores",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	score_everything(memory_model_create(draft, header));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
