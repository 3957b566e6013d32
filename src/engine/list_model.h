/*
 * list_model.h
 *		What ranks beside a model that predicts ratings.
 */
#ifndef RECSYS_ENGINE_LIST_MODEL_H
#define RECSYS_ENGINE_LIST_MODEL_H

#include "postgres.h"

#include "engine/algorithm.h"

extern void list_model_train(TrainContext *context);

#endif							/* RECSYS_ENGINE_LIST_MODEL_H */
