/*
 * warm_start.h
 *		Training that starts from the vectors of a model.
 */
#ifndef RECSYS_ENGINE_WARM_START_H
#define RECSYS_ENGINE_WARM_START_H

#include "postgres.h"

#include "model/model.h"

extern Model *warm_start_open(const char *name, Oid claimant);
extern int	warm_start_factors(const Model *model);
extern void warm_start_vectors(Model *model, const Ids *users, float *user_vectors,
							   const Ids *items, float *item_vectors, int stride);
extern double warm_start_biases(Model *model, const Ids *users, float *user_bias,
								const Ids *items, float *item_bias);

#endif							/* RECSYS_ENGINE_WARM_START_H */
