/*
 * train_parts.h
 *		A training run but for what every model has.
 */
#ifndef RECSYS_ENGINE_TRAIN_PARTS_H
#define RECSYS_ENGINE_TRAIN_PARTS_H

#include "postgres.h"

#include "engine/algorithm.h"

extern void train_parts(TrainContext *context);

#endif							/* RECSYS_ENGINE_TRAIN_PARTS_H */
