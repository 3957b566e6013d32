/*
 * scale.h
 *		Ratings of any scale, trained on as if they were stars.
 */
#ifndef RECSYS_ENGINE_SCALE_H
#define RECSYS_ENGINE_SCALE_H

#include "postgres.h"

#include "engine/algorithm.h"

extern Interactions *scale_begin(TrainContext *context);
extern void scale_end(TrainContext *context, const Interactions *ratings);

#endif							/* RECSYS_ENGINE_SCALE_H */
