/*
 * scale.c
 *		Ratings of any scale, trained on as if they were stars.
 *
 * Steps of gradient descent and penalties on vectors are right for ratings of
 * some size; of a hundred points in place of five stars, the same steps diverge.
 * So an algorithm that depends on the scale is given ratings whose range is
 * nearest to that of one to five stars, by a power of two, which divides them
 * exactly: stars themselves are divided by 1.  What it leaves is multiplied
 * again: the offset, the biases and the vectors of users.  Those of items stay,
 * so that users are folded in as before, by equations or steps that are linear
 * in their ratings.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "engine/scale.h"

/* From one star to five. */
#define RANGE_OF_STARS 4

/* Beyond that a rating might lose digits; nobody's are so large or so small. */
#define LARGEST_EXPONENT 40

/* What to divide ratings by. */
static double
scale_of_ratings(const Interactions *ratings)
{
	double		range = (double) ratings->maximum - ratings->minimum;

	if (!(range > 0))
		return 1;
	return exp2(Max(Min(rint(log2(range / RANGE_OF_STARS)), LARGEST_EXPONENT), -LARGEST_EXPONENT));
}

/* Multiply all entries of a matrix. */
static void
multiply_entries(const SparseRows *rows, float factor)
{
	for (int32 row = 0; row < rows->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
			rows->value[e] *= factor;
	}
}

/*
 * Divide the ratings of a run by its scale, in place, and note it; returns what
 * the run is to have in place of its ratings, palloc'd: the same arrays.  Until
 * scale_end the ratings themselves do not agree with their mean and range.
 */
Interactions *
scale_begin(TrainContext *context)
{
	Interactions *scaled = palloc(sizeof(Interactions));

	*scaled = *context->ratings;
	context->scale = context->algorithm->depends_on_scale ? scale_of_ratings(scaled) : 1;
	context->progress->scale = context->scale;
	if (context->scale == 1)
		return scaled;
	multiply_entries(&scaled->by_user, 1 / context->scale);
	multiply_entries(&scaled->by_item, 1 / context->scale);
	scaled->mean /= context->scale;
	scaled->stddev /= context->scale;
	scaled->minimum /= context->scale;
	scaled->maximum /= context->scale;
	return scaled;
}

/* Multiply a part of a draft by its scale. */
static void
scale_part(const ModelDraft *draft, ModelPart number)
{
	const DraftPart *part = &draft->part[number];

	for (int32 row = 0; part->present && row < part->rows; row++)
	{
		float	   *floats = (float *) part->floats + (Size) row * part->stride;

		CHECK_FOR_INTERRUPTS();
		for (int32 col = 0; col < part->cols; col++)
			floats[col] *= draft->scale;
	}
}

/* Multiply what a draft has of ratings by its scale; the offset has been already. */
static void
scale_draft(const ModelDraft *draft)
{
	scale_part(draft, PART_USER_FACTORS);
	scale_part(draft, PART_USER_BIAS);
	scale_part(draft, PART_ITEM_BIAS);
}

/* Give a run its ratings again, and their scale to what it leaves. */
void
scale_end(TrainContext *context, const Interactions *ratings)
{
	if (context->model_ratings == context->ratings)
		context->model_ratings = ratings;
	context->ratings = ratings;
	if (context->scale == 1)
		return;
	multiply_entries(&ratings->by_user, context->scale);
	multiply_entries(&ratings->by_item, context->scale);
	scale_draft(context->draft);
}
