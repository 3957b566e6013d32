/*
 * profile_weights.c
 *		Weights that come with a request, as the model was trained on them.
 *
 * What a model keeps of its own users' ratings is what it was trained on.  The
 * ratings of others come from outside, as they are: whoever makes profiles of
 * them does this to them.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "engine/options.h"
#include "model/json.h"
#include "ratings/weights.h"
#include "serving/profile_weights.h"

/* What became of weights when the model was trained; of older models nothing did. */
static WeightRule
rule_of_model(const Model *model)
{
	const Jsonb *options = model->header.options;
	const char *name = json_get_string(options, "weight_transform");
	double		unit = json_get_number(options, "weight_unit");
	WeightRule	rule = {TRANSFORM_NONE, unit > 0 ? unit : 1};

	for (int t = 0; name != NULL && weight_transform_names[t] != NULL; t++)
		if (strcmp(name, weight_transform_names[t]) == 0)
			rule.transform = t;
	return rule;
}

/* Transform the weights of profiles, each a row, in place. */
void
profiles_transform(const Model *model, SparseRows *profiles)
{
	WeightRule	rule = rule_of_model(model);

	if (rule.transform != TRANSFORM_NONE)
		transform_rows(&rule, profiles);
}
