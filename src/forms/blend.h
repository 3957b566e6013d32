/*
 * blend.h
 *		The blend form: a weighted sum of the scores of components.
 */
#ifndef RECSYS_FORMS_BLEND_H
#define RECSYS_FORMS_BLEND_H

#include "postgres.h"

#include "forms/blend_params.h"
#include "model/model.h"

extern void blend_component_scores(Model *model, int component, int32 user, double *scores);

#endif							/* RECSYS_FORMS_BLEND_H */
