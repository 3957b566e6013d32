/*
 * image.h
 *		A model in memory alone.
 */
#ifndef RECSYS_MODEL_IMAGE_H
#define RECSYS_MODEL_IMAGE_H

#include "postgres.h"

#include "storage/dsm.h"

#include "model/draft.h"
#include "model/model.h"

extern bool image_share(Model *model, dsm_handle *handle);
extern Model *image_attach(dsm_handle handle);
extern void image_release(Model *model);
extern Model *image_create(const ModelDraft *draft, const ModelHeader *header);
extern bool image_read_block(const ModelImage *image, int component, ModelPart part,
							 uint32 number, ModelBlock *block, const char **problem);

#endif							/* RECSYS_MODEL_IMAGE_H */
