/*
 * image.h
 *		A model in memory alone.
 */
#ifndef RECSYS_MODEL_IMAGE_H
#define RECSYS_MODEL_IMAGE_H

#include "postgres.h"

#include "model/draft.h"
#include "model/model.h"

extern Model *image_create(const ModelDraft *draft, const ModelHeader *header);
extern bool image_read_block(const ModelImage *image, int component, ModelPart part,
							 uint32 number, ModelBlock *block, const char **problem);

#endif							/* RECSYS_MODEL_IMAGE_H */
