/*
 * blends.c
 *		Blends of the best settings of a search.
 *
 * Different algorithms err differently, and a weighted sum of their scores is
 * often better than the best of them.  So the settings of the last rung are kept as
 * they have been trained, and put together as the components of a hybrid model.
 * Weights are tried on that, by the lists of some users, and the best ones are
 * measured on the rung as any setting is.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/float.h"

#include "algorithms/hybrid.h"
#include "engine/settle.h"
#include "choosing/blends.h"
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

/* The settings of the last rung, and what comes of them together. */
typedef struct Finals
{
	Contestant *const *part;
	int			parts;
	FoldRun    *run[BLEND_PARTS];	/* of each */
	Contestant *blended[BLEND_PARTS];	/* those that are blended, the best first */
	FoldRun    *blended_run[BLEND_PARTS];
	int			blends;			/* how many these are; 0: nothing is */
	int			best;			/* position among the weights; -1: none yet */
	double		value;			/* of that, for some users */
} Finals;

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

/* Put weights into what is left of the training of a blend. */
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
choose_weights(const Contest *contest, FoldRun *run, BlendParams *params, Finals *finals)
{
	TestSet		test = test_of_some(&contest->rung->test);

	for (int w = 0; w < lengthof(weights); w++)
	{
		Model	   *model;
		double		value;

		if (!weights_fit(w, finals->blends))
			continue;
		set_weights(run, params, weights[w]);
		model = fold_model(run);
		value = value_on(contest, &test, model);
		memory_model_release(model);
		if (finals->best >= 0 && !(metric_is_error(contest->metric) ? value < finals->value :
								   value > finals->value))
			continue;
		finals->best = w;
		finals->value = value;
	}
}

/* Train each of the settings, and measure it. */
static void
measure_parts(Contest *contest, Finals *finals)
{
	for (int p = 0; p < finals->parts; p++)
	{
		Contestant *part = finals->part[p];
		Progress   *clock = progress_create(part->trial.algorithm);

		finals->run[p] = contest_train(contest, part);
		contest_measure_model(contest, part, fold_model(finals->run[p]));
		part->latest = progress_seconds(clock);
		part->trial.seconds += part->latest;
		contest_report(contest, &part->trial);
	}
}

/* Is one of several settings, from the first on, better than another? */
static int
best_part(const Contest *contest, const Finals *finals, const bool *taken)
{
	int			best = -1;

	for (int p = 0; p < finals->parts; p++)
		if (!taken[p] && (best < 0 ||
						  trial_compare(&finals->part[p]->trial, &finals->part[best]->trial,
										contest->metric) < 0))
			best = p;
	return best;
}

/* Choose what to blend: the best setting of each algorithm, the best one first. */
static void
choose_blended(const Contest *contest, Finals *finals)
{
	bool		taken[BLEND_PARTS] = {0};
	int			p;

	while ((p = best_part(contest, finals, taken)) >= 0)
	{
		Contestant *part = finals->part[p];
		bool		known = part->algorithm->components != NULL;

		taken[p] = true;
		for (int i = 0; i < finals->blends; i++)
			known = known || finals->blended[i]->algorithm == part->algorithm;
		if (known)
			continue;
		finals->blended[finals->blends] = part;
		finals->blended_run[finals->blends++] = finals->run[p];
	}
}

/* Blend what has been trained, and measure the best blend: the value of a contestant. */
static void
measure_blend(Contest *contest, Contestant *together, Finals *finals)
{
	double		equal[BLEND_PARTS] = {1, 1, 1};
	const Space *space = blend_space(finals->blended, finals->blends, equal);
	const void *options = train_component_options(space->algorithm, space->fixed,
												  contest->request->common,
												  contest->request->has_values);
	FoldRun    *run = fold_join(finals->blended_run, finals->blends, space->algorithm, options);
	BlendParams params = ((const HybridOptions *) options)->blend;

	params.scale = SCALE_STANDARD;
	choose_weights(contest, run, &params, finals);
	set_weights(run, &params, weights[finals->best]);
	contest_measure_model(contest, together, fold_model(run));
}

/* Measure the settings and their blend: see contest_try. */
static void
measure_all(Contest *contest, Contestant *together, void *arg)
{
	Finals	   *finals = arg;

	measure_parts(contest, finals);
	choose_blended(contest, finals);
	if (finals->blends > 1)
		measure_blend(contest, together, finals);
	else
		finals->blends = 0;
	for (int p = 0; p < finals->parts; p++)
		fold_end(finals->run[p]);
}

/* Bytes that stay in use while the settings are measured: what their training leaves. */
static Size
kept_bytes(const Contest *contest, const Finals *finals)
{
	Size		bytes = 0;

	for (int p = 0; p < finals->parts; p++)
		bytes = add_size(bytes, contest_training_bytes(contest, finals->part[p]));
	return bytes;
}

/*
 * Measure the settings of the last rung, two or three, and the best blend of
 * them, which becomes a contestant with a number of its own, if there is one:
 * *blend.  False: that does not fit into memory, or cannot be done; then nothing
 * is known of any.
 */
bool
blends_measure(Contest *contest, Contestant *const *part, int parts, int number,
			   Contestant **blend)
{
	Finals		finals = {.part = part, .parts = parts, .best = -1};
	double		equal[BLEND_PARTS] = {1, 1, 1};
	const Space *space = blend_space(part, parts, equal);
	Contestant *together = contest_enter(contest, space, space_default(space), number);

	*blend = NULL;
	if (!contest_can_enter(contest, together) ||
		!contest_try(contest, together, kept_bytes(contest, &finals), measure_all, &finals))
		return false;
	if (finals.blends == 0)
		return true;
	space = blend_space(finals.blended, finals.blends, weights[finals.best]);
	*blend = contest_enter(contest, space, space_default(space), number);
	together->trial.options = (*blend)->trial.options;
	(*blend)->trial = together->trial;
	return true;
}
