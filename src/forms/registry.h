/*
 * registry.h
 *		The forms of model, each defined in a file of its own.
 */
#ifndef RECSYS_FORMS_REGISTRY_H
#define RECSYS_FORMS_REGISTRY_H

#include "model/model.h"

extern const ModelForm factor_form;
extern const ModelForm random_form;
extern const ModelForm item_neighbor_form;
extern const ModelForm user_neighbor_form;
extern const ModelForm item_weights_form;
extern const ModelForm slope_one_form;
extern const ModelForm cluster_form;
extern const ModelForm popularity_form;
extern const ModelForm content_form;
extern const ModelForm blend_form;

#endif							/* RECSYS_FORMS_REGISTRY_H */
