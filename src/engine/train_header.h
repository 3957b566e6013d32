/*
 * train_header.h
 *		What the header of a model says of the training run that made it.
 */
#ifndef RECSYS_ENGINE_TRAIN_HEADER_H
#define RECSYS_ENGINE_TRAIN_HEADER_H

#include "postgres.h"

#include "engine/algorithm.h"

extern ModelHeader train_header(const TrainContext *run, const RatingsSource *source);

#endif							/* RECSYS_ENGINE_TRAIN_HEADER_H */
