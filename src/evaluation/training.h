/*
 * training.h
 *		The ratings that a model was trained on, as measuring it needs them.
 */
#ifndef RECSYS_EVALUATION_TRAINING_H
#define RECSYS_EVALUATION_TRAINING_H

#include "postgres.h"

#include "model/model.h"

typedef struct Training
{
	SparseRows	by_user;
	SparseRows	by_item;
} Training;

extern void training_load(Model *model, Training *training);
extern double training_mean(const Training *training, int32 item);

#endif							/* RECSYS_EVALUATION_TRAINING_H */
