/*
 * settle.h
 *		The options of a training run, settled before anything is read.
 */
#ifndef RECSYS_ENGINE_SETTLE_H
#define RECSYS_ENGINE_SETTLE_H

#include "postgres.h"

#include "engine/algorithm.h"

extern void *train_options(const Algorithm *algorithm, const Jsonb *given,
						   bool has_values, bool report_renamed);
extern void *train_component_options(const Algorithm *algorithm, const Jsonb *given,
									 const CommonOptions *common, bool has_values);
extern void *model_options(const Algorithm *algorithm, const Jsonb *written);
extern void train_add_list_options(const Algorithm *algorithm, void *options);
extern RatingsPolicy train_policy(const void *options);

#endif							/* RECSYS_ENGINE_SETTLE_H */
