/*
 * profile_weights.h
 *		Weights that come with a request, as the model was trained on them.
 */
#ifndef RECSYS_SERVING_PROFILE_WEIGHTS_H
#define RECSYS_SERVING_PROFILE_WEIGHTS_H

#include "postgres.h"

#include "model/model.h"
#include "math/sparse.h"

extern void profiles_transform(const Model *model, SparseRows *profiles);

#endif							/* RECSYS_SERVING_PROFILE_WEIGHTS_H */
