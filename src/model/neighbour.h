/*
 * neighbour.h
 *		The neighbour forms of model.
 */
#ifndef RECSYS_MODEL_NEIGHBOUR_H
#define RECSYS_MODEL_NEIGHBOUR_H

#include "model/draft.h"
#include "model/model.h"
#include "model/neighbourhood.h"

extern void neighbour_params_write(const NeighbourParams *params, ModelDraft *draft);
extern NeighbourParams neighbour_params_read(const Model *model);
extern Neighbourhood *model_neighbourhood(Model *model, const NeighbourParams *params);

#endif							/* RECSYS_MODEL_NEIGHBOUR_H */
