/*
 * form.c
 *		The list of the forms of model.
 */
#include "postgres.h"

#include "model/form.h"

static const ModelForm *const forms[] = {
	&factor_form,
	&random_form,
	&item_neighbor_form,
	&user_neighbor_form
};

/* The form of a given name, or NULL. */
const ModelForm *
form_lookup(const char *name)
{
	for (int i = 0; i < lengthof(forms); i++)
		if (strcmp(forms[i]->name, name) == 0)
			return forms[i];
	return NULL;
}
