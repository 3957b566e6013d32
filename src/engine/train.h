/*
 * train.h
 *		A training run from ratings to draft.
 */
#ifndef RECSYS_ENGINE_TRAIN_H
#define RECSYS_ENGINE_TRAIN_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "ratings/source.h"

extern void *train_options(const Algorithm *algorithm, const Jsonb *given,
						   bool has_values);
extern void *train_component_options(const Algorithm *algorithm, const Jsonb *given,
									 const CommonOptions *common, bool has_values);
extern Size train_bytes(const Algorithm *algorithm, const void *options,
						const MatrixShape *shape);
extern RatingsPolicy train_policy(const void *options);
extern void train_require_ratings(const Interactions *ratings, const RatingsSource *source,
								  const RatingsPolicy *policy);
extern Interactions *train_read(const Algorithm *algorithm, const void *options,
								const RatingsSource *source);
extern void train_once(TrainContext *context);
extern void train_run(TrainContext *context);
extern TrainContext *train_component(TrainContext *whole, const Component *component);
extern ModelHeader train_header(const TrainContext *run, const RatingsSource *source);
extern void train_end(TrainContext *context);

#endif							/* RECSYS_ENGINE_TRAIN_H */
