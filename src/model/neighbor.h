/*
 * neighbor.h
 *		The neighbor forms of model.
 */
#ifndef RECSYS_MODEL_NEIGHBOR_H
#define RECSYS_MODEL_NEIGHBOR_H

#include "model/draft.h"
#include "model/model.h"
#include "model/neighborhood.h"

extern void neighbor_params_write(const NeighborParams *params, ModelDraft *draft);
extern NeighborParams neighbor_params_read(const Model *model);
extern Neighborhood *model_neighborhood(Model *model, const NeighborParams *params);

#endif							/* RECSYS_MODEL_NEIGHBOR_H */
