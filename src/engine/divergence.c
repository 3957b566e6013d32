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

/* Error unless the squared error of an iteration is a number. */
void
require_convergence(double sse)
{
	if (!isfinite(sse))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("training diverged"),
				 errdetail("The error on the training ratings is no longer finite."),
				 errhint("Lower the learning_rate, or scale the ratings down.  If they are counts, use an algorithm for implicit feedback, such as ials.")));
}

/*
 * Error unless the loss of an iteration is a number.  The hint says which
 * options to change.
 */
void
require_finite_loss(double loss, const char *hint)
{
	if (!isfinite(loss))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("training diverged"),
				 errdetail("The loss is no longer finite."),
				 errhint("%s", hint)));
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

/* Error: a number of the model is not finite. */
void
require_finite(const ModelDraft *draft)
{
	if (!isfinite(largest_of_draft(draft)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("training diverged"),
				 errdetail("The model has numbers that are no longer finite."),
				 errhint("Scale the ratings, for example to 1 to 5, or raise the regularization.")));
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
