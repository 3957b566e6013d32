/*
 * training.c
 *		The ratings that a model was trained on, as measuring it needs them.
 *
 * They are kept in the model, with its indexes of users and items, so nothing
 * has to be read or matched again.
 */
#include "postgres.h"
#include "compat.h"

#include "evaluation/training.h"

/* Load the ratings of a model, in the current memory context. */
void
training_load(Model *model, Training *training)
{
	model_load_ratings(model, &training->by_user, &training->by_item);
}

/* The mean rating of an item; NaN if it has none. */
double
training_mean(const Training *training, int32 item)
{
	const SparseRows *rows = &training->by_item;
	double		sum = 0;

	for (int64 e = rows->start[item]; e < rows->start[item + 1]; e++)
		sum += rows->value[e];
	return sum / sparse_row_length(rows, item);
}
