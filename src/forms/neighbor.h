/*
 * neighbor.h
 *		The neighbor forms of model.
 */
#ifndef RECSYS_FORMS_NEIGHBOR_H
#define RECSYS_FORMS_NEIGHBOR_H

#include "forms/neighborhood.h"
#include "model/draft.h"
#include "model/model.h"

extern void neighbor_params_write(const NeighborParams *params, ModelDraft *draft);
extern NeighborParams neighbor_params_read(const Model *model);
extern Neighborhood *model_neighborhood(Model *model, const NeighborParams *params);

#endif							/* RECSYS_FORMS_NEIGHBOR_H */
