/*
 * validation.h
 *		The search for the number of iterations, by held-out ratings.
 */
#ifndef RECSYS_ENGINE_VALIDATION_H
#define RECSYS_ENGINE_VALIDATION_H

#include "postgres.h"

#include "engine/algorithm.h"

extern bool validation_is_wanted(const Algorithm *algorithm, const void *options);
extern Size validation_bytes(const Algorithm *algorithm, const void *options,
							 const MatrixShape *shape);
extern void validation_search(TrainContext *context, bool shared);

#endif							/* RECSYS_ENGINE_VALIDATION_H */
