/*
 * run.h
 *		One training: an algorithm, alone or with workers, fills a draft.
 */
#ifndef RECSYS_ENGINE_RUN_H
#define RECSYS_ENGINE_RUN_H

#include "postgres.h"

#include "engine/algorithm.h"

extern void train_once(TrainContext *context);
extern void train_end(TrainContext *context);

#endif							/* RECSYS_ENGINE_RUN_H */
