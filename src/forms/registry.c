/*
 * registry.c
 *		The list of the forms of model.
 *
 * A form is a file that fills a descriptor (ModelForm, model/model.h), a
 * declaration in registry.h and a line here.
 */
#include "postgres.h"
#include "compat.h"

#include "forms/registry.h"

const ModelForm *const model_forms[] = {
	&factor_form,
	&random_form,
	&item_neighbor_form,
	&user_neighbor_form,
	&item_weights_form,
	&slope_one_form,
	&cluster_form,
	&popularity_form,
	&content_form,
	&blend_form,
	NULL
};
