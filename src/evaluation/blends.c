/*
 * blends.c
 *		Blends of the best settings of a search.
 *
 * Different algorithms err differently, and a weighted sum of their scores is
 * often better than the best of them.  The settings are trained once, together,
 * as the components of a hybrid model; then weights are tried on that model,
 * by the lists of some users, and the best ones are measured on the rung as
 * any setting is.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/float.h"

#include "engine/settle.h"
#include "engine/train_read.h"
#include "evaluation/blends.h"
#include "forms/blend_params.h"
#include "model/json.h"
#include "model/memory_model.h"
#include "resources/budget.h"

/* Users whose lists choose the weights. */
#define WEIGHT_USERS 2000

/* The weights that are tried, in order of the parts. */
static const double weights[][BLEND_PARTS] = {
	{.5, .5, 0}, {.7, .3, 0}, {.3, .7, 0},
	{.4, .3, .3}, {.5, .3, .2}, {.3, .5, .2}
};

/* What is known of a blend while its weights are chosen. */
typedef struct BlendTrial
{
	int			parts;
	int			best;			/* position among the weights; -1: none yet */
	double		value;			/* of that */
} BlendTrial;

/* Do weights speak of no more parts than there are? */
static bool
weights_fit(int w, int parts)
{
	for (int p = parts; p < BLEND_PARTS; p++)
		if (weights[w][p] > 0)
			return false;
	return true;
}

/* Append a component to the JSON array of those of a blend. */
static void
append_component(StringInfo json, const Contestant *part, double weight)
{
	StringInfoData member;

	json_start(&member);
	json_add_string(&member, "algorithm", part->trial.algorithm);
	json_add_raw(&member, "options", json_to_cstring(part->trial.options));
	json_add_number(&member, "weight", weight);
	appendStringInfo(json, "%s%s}", json->len > 0 ? ", " : "[", member.data);
}

/* The settings with some weights as a space that has no other setting. */
static Space *
blend_space(Contestant *const *part, int parts, const double *weight)
{
	StringInfoData components;
	StringInfoData options;

	initStringInfo(&components);
	for (int p = 0; p < parts; p++)
		if (weight[p] > 0)
			append_component(&components, part[p], weight[p]);
	appendStringInfoChar(&components, ']');
	json_start(&options);
	json_add_raw(&options, "components", components.data);
	json_add_string(&options, "normalize", scale_names[SCALE_STANDARD]);
	return space_create(algorithm_lookup("hybrid"), json_finish(&options));
}

/* Put weights into what training a blend has left. */
static void
set_weights(FoldRun *run, BlendParams *params, const double *weight)
{
	ModelDraft *draft = run->training.draft;

	for (int c = 0; c < params->components; c++)
		params->weight[c] = weight[c];
	json_start(&draft->params);
	blend_params_write(params, draft);
}

/* The test of the rung for some users alone: palloc'd, if it has more. */
static TestSet
test_of_some(const TestSet *whole)
{
	const Interactions *held_out = whole->held_out;
	uint8	   *label = allocate_array_zero(sparse_entries(&held_out->by_user), 1);
	SubsetFilter filter = {.label = label, .value = 1, .equal = true};
	TestSet		test = *whole;
	int32		users = 0;
	int32		measured = 0;

	for (int32 row = 0; row < held_out->by_user.rows; row++)
		users += sparse_row_length(&held_out->by_user, row) > 0;
	for (int32 row = 0; row < held_out->by_user.rows; row++)
	{
		int64		length = sparse_row_length(&held_out->by_user, row);

		/* Spread evenly over all of them. */
		if (length == 0)
			continue;
		measured++;
		if ((int64) measured * WEIGHT_USERS / users !=
			(int64) (measured - 1) * WEIGHT_USERS / users)
			memset(label + held_out->by_user.start[row], 1, length);
	}
	if (users > WEIGHT_USERS)
		test.held_out = subset_create(held_out, &filter, false);
	return test;
}

/* The value of a model on a test. */
static double
value_on(const Contest *contest, const TestSet *test, Model *model)
{
	Quality		quality;
	Quality		popular;

	quality_measure(model, test, &contest->wanted, &quality, &popular);
	return quality.value[contest->metric];
}

/* Find the best weights for what has been trained. */
static void
choose_weights(const Contest *contest, FoldRun *run, BlendParams *params, BlendTrial *trial)
{
	TestSet		test = test_of_some(&contest->rung->test);

	for (int w = 0; w < lengthof(weights); w++)
	{
		Model	   *model;
		double		value;

		if (!weights_fit(w, trial->parts))
			continue;
		set_weights(run, params, weights[w]);
		model = fold_model(run);
		value = value_on(contest, &test, model);
		memory_model_release(model);
		if (trial->best >= 0 && !(metric_is_error(contest->metric) ? value < trial->value :
								  value > trial->value))
			continue;
		trial->best = w;
		trial->value = value;
	}
}

/* Train all parts, find the best weights, and measure them: see contest_try. */
static void
measure_best(Contest *contest, Contestant *contestant, void *arg)
{
	BlendTrial *trial = arg;
	FoldRun    *run = contest_train(contest, contestant);
	Model	   *model = fold_model(run);
	BlendParams params;

	if (!blend_params_read(model, &params))
		elog(ERROR, "the parameters of a blend are missing");
	choose_weights(contest, run, &params, trial);
	set_weights(run, &params, weights[trial->best]);
	model = fold_model(run);
	fold_end(run);
	contest_measure_model(contest, contestant, model);
}

/*
 * The best blend of some settings, of which there are two or three, measured on
 * the rung at hand.  number: that of the trial.  NULL: it cannot be trained.
 */
Contestant *
blend_measure(Contest *contest, Contestant *const *part, int parts, int number)
{
	BlendTrial	trial = {.parts = parts, .best = -1};
	double		all[BLEND_PARTS] = {1, 1, 1};
	const Space *space = blend_space(part, parts, all);
	Contestant *together = contest_enter(contest, space, space_default(space), number);
	Contestant *blend;
	Size		stays;

	if (!contest_can_enter(contest, together))
		return NULL;
	stays = train_bytes(together->algorithm,
						train_component_options(together->algorithm, together->trial.options,
												contest->request->common,
												contest->request->has_values),
						&contest->rung->traits.shape);
	if (!contest_try(contest, together, stays, measure_best, &trial))
		return NULL;
	space = blend_space(part, parts, weights[trial.best]);
	blend = contest_enter(contest, space, space_default(space), number);
	together->trial.options = blend->trial.options;
	blend->trial = together->trial;
	return blend;
}
