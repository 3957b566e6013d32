/*
 * train.h
 *		A training run, from ratings to draft.
 */
#ifndef RECSYS_ENGINE_TRAIN_H
#define RECSYS_ENGINE_TRAIN_H

#include "postgres.h"

#include "engine/algorithm.h"

extern void train_run(TrainContext *context);
extern void train_join(TrainContext *whole, TrainContext *const *part, int parts);

#endif							/* RECSYS_ENGINE_TRAIN_H */
