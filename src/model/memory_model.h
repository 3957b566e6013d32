/*
 * memory_model.h
 *		A model in memory alone.
 */
#ifndef RECSYS_MODEL_MEMORY_MODEL_H
#define RECSYS_MODEL_MEMORY_MODEL_H

#include "postgres.h"

#include "storage/dsm.h"

#include "model/draft.h"
#include "model/model.h"

extern bool memory_model_share(Model *model, dsm_handle *handle);
extern Model *memory_model_attach(dsm_handle handle);
extern void memory_model_release(Model *model);
extern Model *memory_model_create(const ModelDraft *draft, const ModelHeader *header);

#endif							/* RECSYS_MODEL_MEMORY_MODEL_H */
