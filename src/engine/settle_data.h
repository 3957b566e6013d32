/*
 * settle_data.h
 *		The options of a training run that its ratings decide.
 */
#ifndef RECSYS_ENGINE_SETTLE_DATA_H
#define RECSYS_ENGINE_SETTLE_DATA_H

#include "postgres.h"

#include "engine/algorithm.h"

extern void settle_as_ratings(void *options);
extern void settle_by_ratings(const Algorithm *algorithm, void *options,
							  const Interactions *ratings, const RatingsSource *source);
extern void settle_as_made(CommonOptions *common);
extern void ratings_for_training(const void *options, Interactions *ratings);

#endif							/* RECSYS_ENGINE_SETTLE_DATA_H */
