/*
 * train_read.h
 *		The ratings for a training run, if the run fits into memory.
 */
#ifndef RECSYS_ENGINE_TRAIN_READ_H
#define RECSYS_ENGINE_TRAIN_READ_H

#include "postgres.h"

#include "engine/algorithm.h"

extern Size train_bytes(const Algorithm *algorithm, const void *options,
						const MatrixShape *shape);
extern void train_require_ratings(const Interactions *ratings, const RatingsSource *source,
								  const RatingsPolicy *policy);
extern Interactions *train_read(const Algorithm *algorithm, void *options,
								const RatingsSource *source);

#endif							/* RECSYS_ENGINE_TRAIN_READ_H */
