/*
 * hybrid.c
 *		Algorithm "hybrid": a weighted blend of other algorithms.
 *
 * Its components are trained one after another on the same ratings, each as if
 * it were alone, and live in the same model; blend.c says how their scores are
 * put together.  Weights that are not given are fitted at first, on ratings
 * held out for that (hybrid_fit.c).
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "algorithms/hybrid.h"
#include "algorithms/registry.h"
#include "engine/component.h"
#include "engine/cost.h"
#include "engine/names.h"
#include "engine/settle.h"
#include "engine/suit.h"
#include "engine/team.h"
#include "engine/validation.h"
#include "model/json.h"
#include "resources/budget.h"

static const OptionSpec options[] = {
	JSON_OPTION("components", HybridOptions, components,
				"array of 1 to 16 objects, each with an algorithm, its options (none of those that all algorithms have) and, in all of them or none, its weight; default als and item_knn for ratings, ials, item_knn and user_knn for implicit feedback"),
	ENUM_OPTION("normalize", HybridOptions, normalize, OPTION_AUTO, scale_names,
				"how the scores of a component for a user are scaled before they are added: to mean 0 and standard deviation 1 over the items that the user has not rated, to the share of these items that is worse, or not at all; default none if all components predict ratings, else standard"),
	REAL_OPTION("validation_fraction", HybridOptions, validation_fraction, .1, .001, .9,
				"share of the ratings to set aside at first, to fit weights that are not given",
				.old_name = "fit_share"),
	REAL_OPTION("regularization", HybridOptions, regularization, 1, 0, 1e9,
				"strength of the prior towards equal weights, in held-out ratings or users"),
	INT_OPTION("seed", HybridOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers that choose what is held out")
};

static const char *const member_names[] = {"algorithm", "options", "weight", NULL};

/* The components where none are given: what does well for such data. */
static Jsonb *
default_components(bool has_values)
{
	const char *json = has_values ?
		"[{\"algorithm\": \"als\"}, {\"algorithm\": \"item_knn\", \"options\": "
		"{\"similarity\": \"pearson_baseline\", \"score\": \"baseline\"}}]" :
		"[{\"algorithm\": \"ials\"}, {\"algorithm\": \"item_knn\"}, {\"algorithm\": \"user_knn\"}]";

	return json_from_cstring(json);
}

/* Where an error is: for error_context_stack, the number of a component. */
static void
name_component(void *arg)
{
	errcontext("component %d", *(const int *) arg);
}

/* How many components there are.  Error: it is no array, or of the wrong length. */
static int
count_components(const Jsonb *list)
{
	int			count = JB_ROOT_IS_ARRAY(list) ? JB_ROOT_COUNT(list) : 0;

	if (count < 1 || count > MODEL_COMPONENTS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"components\" must be an array of 1 to %d objects",
						MODEL_COMPONENTS),
				 errhint("For example '{\"components\": [{\"algorithm\": \"als\"}, {\"algorithm\": \"item_knn\", \"options\": {\"k\": 20}}]}'.")));
	return count;
}

/* Error: a component is not as it should be. */
static void
report_member(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", problem),
			 errhint("For example '{\"algorithm\": \"item_knn\", \"options\": {\"k\": 20}, \"weight\": 0.5}'.")));
}

/* Error if a component has members of other names. */
static void
require_known_members(const Jsonb *member)
{
	JsonbIterator *iterator = JsonbIteratorInit((JsonbContainer *) &member->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			(void) enum_parse("components",
							  pnstrdup(value.val.string.val, value.val.string.len),
							  member_names);
}

/* The i-th component as an object. */
static Jsonb *
component_object(const Jsonb *list, int i)
{
	JsonbValue *value = getIthJsonbValueFromContainer((JsonbContainer *) &list->root, i);
	Jsonb	   *member;

	if (value->type != jbvBinary)
		report_member("a component must be an object");
	member = JsonbValueToJsonb(value);
	if (!JB_ROOT_IS_OBJECT(member))
		report_member("a component must be an object");
	require_known_members(member);
	return member;
}

/*
 * The algorithm of a component.  Errors: it has none; it is made of components
 * itself.
 */
static const Algorithm *
component_algorithm(const Jsonb *member)
{
	const char *name = json_get_string(member, "algorithm");
	const Algorithm *algorithm;

	if (name == NULL)
		report_member("a component must have the name of an algorithm");
	algorithm = algorithm_lookup(name);
	if (algorithm->components != NULL || algorithm->choose != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" cannot be a component", name),
				 algorithm->choose != NULL ? errhint("It makes blends itself.") :
				 errhint("Give its components instead.")));
	return algorithm;
}

/* The weight of a component, NaN if it has none. */
static double
component_weight(const Jsonb *member)
{
	JsonbValue	value;
	double		weight;

	if (!json_get(member, "weight", &value) || value.type == jbvNull)
		return get_float8_nan();
	if (value.type != jbvNumeric)
		report_member("the weight of a component must be a number");
	weight = json_value_number(&value);
	if (!(weight >= 0 && weight <= 1e9))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the weight of a component is out of range: %g", weight),
				 errdetail("It can be from 0 to %g.", 1e9)));
	return weight;
}

/* Error if a component has options that are for the model as a whole. */
static void
refuse_common_options(const Jsonb *given)
{
	JsonbValue	value;

	for (int i = 0; i < common_option_count; i++)
		if (json_get(given, common_options[i].name, &value))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is for the whole model, not for a component", common_options[i].name),
					 errhint("Give it beside \"components\".")));
}

/* The options of a component as they were given. */
static Jsonb *
given_options(const Jsonb *member)
{
	JsonbValue	value;
	Jsonb	   *given;

	if (!json_get(member, "options", &value) || value.type == jbvNull)
		return json_from_cstring("{}");
	if (value.type != jbvBinary)
		report_member("the options of a component must be an object");
	given = JsonbValueToJsonb(&value);
	refuse_common_options(given);
	return given;
}

/* The algorithm of a component and its weight. */
static void
read_component(HybridOptions *opts, int c)
{
	Jsonb	   *member = component_object(opts->components, c);

	opts->component[c].algorithm = component_algorithm(member);
	opts->blend.weight[c] = component_weight(member);
}

/* Its options, which depend on those of the whole. */
static void
read_component_options(HybridOptions *opts, int c, bool has_values)
{
	Component  *component = &opts->component[c];
	Jsonb	   *given = given_options(component_object(opts->components, c));

	component->options = train_component_options(component->algorithm, given, &opts->common,
												 has_values);
	opts->blend.ratings[c] = predicts_ratings(component->algorithm, component->options);
}

/*
 * What ratings are.  Of implicit components alone, rows for the same user and
 * item are counts to be added; with one of them, and none that predicts ratings
 * only, all are weights.
 */
static void
decide_feedback(HybridOptions *opts, bool has_values)
{
	int			count[FEEDBACK_BOTH + 1] = {0};
	bool		implicit;

	for (int c = 0; c < opts->blend.components; c++)
		count[opts->component[c].algorithm->feedback]++;
	implicit = count[FEEDBACK_IMPLICIT] == opts->blend.components;
	opts->common.values = count[FEEDBACK_EXPLICIT] > 0 ? VALUES_RATINGS :
		count[FEEDBACK_IMPLICIT] > 0 || !has_values ? VALUES_WEIGHTS : VALUES_OPEN;
	if (opts->common.duplicates < 0 && (implicit || !has_values))
		opts->common.duplicates = DUPLICATES_SUM;
}

/* What is still open is not if a component, of those there are, takes ratings. */
static void
close_feedback(HybridOptions *opts)
{
	for (int c = 0; c < opts->blend.components; c++)
		if (opts->common.values == VALUES_OPEN &&
			((const CommonOptions *) opts->component[c].options)->values == VALUES_RATINGS)
			opts->common.values = VALUES_RATINGS;
}

/* All components, with their options; errors say which one they are about. */
static void
read_components(HybridOptions *opts, bool has_values)
{
	int			number;
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = name_component,
		.arg = &number
	};

	error_context_stack = &callback;
	for (number = 1; number <= opts->blend.components; number++)
		read_component(opts, number - 1);
	decide_feedback(opts, has_values);
	for (number = 1; number <= opts->blend.components; number++)
		read_component_options(opts, number - 1, has_values);
	close_feedback(opts);
	error_context_stack = callback.previous;
}

/* Either all weights are given, and then divided by their sum, or none. */
static void
check_weights(HybridOptions *opts)
{
	int			given = 0;
	double		sum = 0;

	for (int c = 0; c < opts->blend.components; c++)
		if (!isnan(opts->blend.weight[c]))
		{
			given++;
			sum += opts->blend.weight[c];
		}
	opts->fitted = given == 0;
	if (given > 0 && given < opts->blend.components)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("some components have a weight and others have none"),
				 errhint("Give all components a weight, or none of them to have the weights fitted.")));
	if (given > 0 && sum == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("all components have the weight 0")));
	for (int c = 0; c < opts->blend.components && given > 0; c++)
		opts->blend.weight[c] /= sum;
}

/* Whether all components predict ratings that are added as they are. */
static bool
hybrid_predicts_ratings(const void *options)
{
	const HybridOptions *opts = options;
	bool		all = opts->normalize == SCALE_NONE;

	for (int c = 0; c < opts->blend.components; c++)
		all = all && opts->blend.ratings[c];
	return all;
}

/* Read the components, and decide the scale and what else is left open. */
static void
hybrid_prepare(void *options, bool has_values)
{
	HybridOptions *opts = options;

	if (opts->components == NULL)
		opts->components = default_components(has_values);
	opts->blend.components = count_components(opts->components);
	read_components(opts, has_values);
	check_weights(opts);
	if (opts->normalize < 0)
	{
		opts->normalize = SCALE_NONE;
		if (!hybrid_predicts_ratings(opts))
			opts->normalize = SCALE_STANDARD;
	}
	opts->blend.scale = opts->normalize;
	if (!hybrid_predicts_ratings(opts))
		opts->common.clip = false;
}

/* The components, in the order of the model. */
static const Component *
hybrid_components(const void *options, int *count)
{
	const HybridOptions *opts = options;

	*count = opts->blend.components;
	return opts->component;
}

/* What each component leaves stays until the model is written. */
static Size
hybrid_memory(const MatrixShape *shape, const void *options)
{
	const HybridOptions *opts = options;
	Size		models = 0;

	for (int c = 0; c < opts->blend.components; c++)
		models = add_size(models, algorithm_memory(opts->component[c].algorithm, shape,
												   opts->component[c].options));
	return models;
}

/*
 * So does what the leader works with; what other processes have, and a search
 * for the number of iterations, is there for one component after another.
 */
static Size
hybrid_scratch(const MatrixShape *shape, const void *options)
{
	const HybridOptions *opts = options;
	Size		stays = 0;
	Size		passes = 0;

	for (int c = 0; c < opts->blend.components; c++)
	{
		const Algorithm *algorithm = opts->component[c].algorithm;
		const void *own = opts->component[c].options;
		Size		scratch = algorithm_scratch(algorithm, shape, own);
		Size		others = mul_size(team_workers(algorithm, own, shape->ratings), scratch);
		Size		search = validation_bytes(algorithm, own, shape);

		stays = add_size(stays, scratch);
		passes = Max(passes, add_size(others, search));
	}
	if (opts->fitted)
		passes = add_size(passes, hybrid_fit_bytes(shape, opts, hybrid_memory(shape, opts)));
	return add_size(stays, passes);
}

/* All components are trained, and to fit the weights once more before. */
static double
hybrid_cost(const DataTraits *traits, const void *options)
{
	const HybridOptions *opts = options;
	double		seconds = 0;

	for (int c = 0; c < opts->blend.components; c++)
		seconds += algorithm_cost(opts->component[c].algorithm, traits,
								  opts->component[c].options);
	return opts->fitted ? 2 * seconds : seconds;
}

/* Train all components, one after another; each is an iteration in the log. */
static void
train_components(TrainContext *context)
{
	const HybridOptions *opts = context->options;

	progress_plan(context->progress, opts->blend.components);
	for (int c = 0; c < opts->blend.components; c++)
	{
		const TrainContext *run = train_component(context, &opts->component[c]);
		const Progress *progress = run->progress;
		IterationLog last = {.loss = NAN, .train_rmse = NAN};

		if (progress->done > 0)
			last = progress->log[progress->done - 1];
		progress_iteration(context->progress, last.loss, last.train_rmse);
	}
}

/* Fit the weights if they are not given, then train the components on all ratings. */
static void
hybrid_train(TrainContext *context)
{
	const HybridOptions *opts = context->options;
	BlendParams blend = opts->blend;

	if (opts->fitted)
		hybrid_fit(context, blend.weight);
	train_components(context);
	blend_params_write(&blend, context->draft);
}

const Algorithm hybrid_algorithm = {
	.name = "hybrid",
	.family = "blend",
	.feedback = FEEDBACK_BOTH,
	.form = &blend_form,
	.description = "weighted blend of other algorithms, weights given or fitted",
	.options = OPTION_TABLE(HybridOptions, options),
	.prepare = hybrid_prepare,
	.predicts_ratings = hybrid_predicts_ratings,
	.memory = hybrid_memory,
	.scratch = hybrid_scratch,
	.cost = hybrid_cost,
	.long_run_hint = "Try fewer components, or quicker ones.",
	.train = hybrid_train,
	.components = hybrid_components
};
