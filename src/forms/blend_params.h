/*
 * blend_params.h
 *		The parameters of a blend: how its components are added.
 */
#ifndef RECSYS_FORMS_BLEND_PARAMS_H
#define RECSYS_FORMS_BLEND_PARAMS_H

#include "postgres.h"

#include "model/draft.h"
#include "model/model.h"

/* How the scores of components are made comparable. */
typedef enum BlendScale
{
	SCALE_STANDARD,				/* mean 0 and deviation 1 over a user's items */
	SCALE_RANK,					/* the share of a user's items that are worse */
	SCALE_NONE
} BlendScale;

extern const char *const scale_names[];

typedef struct BlendParams
{
	BlendScale	scale;
	int			components;
	double		weight[MODEL_COMPONENTS];
	bool		ratings[MODEL_COMPONENTS];	/* are the scores ratings? */
} BlendParams;

extern void blend_params_write(const BlendParams *params, ModelDraft *draft);
extern bool blend_params_read(const Model *model, BlendParams *params);

#endif							/* RECSYS_FORMS_BLEND_PARAMS_H */
