/*
 * auto.c
 *		Algorithm "auto": whichever suits the data best.
 *
 * Wherever an algorithm can be named, so can this one.  It searches
 * (search.c) on the ratings that it is to be trained on, and puts the winner in
 * its own place: what is trained on all of them is an ordinary model, whose
 * header keeps how it was chosen.  Where ratings are held out from it, the search
 * does not see them.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "algorithms/registry.h"
#include "choosing/search.h"
#include "engine/settle.h"
#include "engine/settle_data.h"
#include "model/json.h"

typedef struct AutoOptions
{
	CommonOptions common;
	char	   *metric;
	int			trials;
	double		seconds;
	Jsonb	   *split;
	List	   *algorithms;
	Jsonb	   *space;
	Jsonb	   *start;
	int			seed;
	bool		has_values;
} AutoOptions;

static const OptionSpec options[] = {
	TEXT_OPTION("metric", AutoOptions, metric,
				"what is to be best: a metric of recsys_evaluate, with the length of the lists as in ndcg@20; default ndcg@10, of ratings too, because people are shown lists; whoever wants predicted ratings says rmse"),
	INT_OPTION("trials", AutoOptions, trials, 40, 1, 10000,
			   "number of settings to try"),
	REAL_OPTION("seconds", AutoOptions, seconds, OPTION_AUTO, 1, 1e9,
				"bound on the time of the whole call, the training of the winner included; default: none, and then the result depends on nothing but the ratings and the options"),
	JSON_OPTION("split", AutoOptions, split,
				"what the settings are measured on, as in recsys_evaluate; default: a fifth of the rows of each user, on every rung of the search another one"),
	NAMES_OPTION("algorithms", AutoOptions, algorithms,
				 "the algorithms to try; default: all that suit the data and the metric"),
	JSON_OPTION("space", AutoOptions, space,
				"for each algorithm that is not to be searched as it declares itself: an object of options, in which an array lists values and {\"min\": 0.01, \"max\": 1, \"log\": true} is a range"),
	JSON_OPTION("start", AutoOptions, start,
				"a setting to be tried besides: an object with an algorithm and its options"),
	INT_OPTION("seed", AutoOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* Ratings are predicted if errors of predictions are measured. */
static bool
auto_predicts_ratings(const void *options)
{
	int			n;

	return metric_is_error(metric_parse(((const AutoOptions *) options)->metric, &n));
}

/* The metric, and what it means for predictions. */
static void
auto_prepare(void *options, bool has_values)
{
	AutoOptions *opts = options;
	int			n;

	if (opts->metric == NULL)
		opts->metric = pstrdup("ndcg@10");
	if (!metric_is_error(metric_parse(opts->metric, &n)))
		opts->common.clip = false;
	opts->has_values = has_values;
	if (has_values && opts->common.weight_transform < 0 && !auto_predicts_ratings(opts))
		opts->common.values = VALUES_OPEN;
}

/* The search asks for more only where there is room. */
static Size
auto_memory(const MatrixShape *shape, const void *options)
{
	return search_bytes(shape);
}

/* The options of the winner's training, which are what was found and what is common. */
static void *
winning_options(const AutoOptions *opts, const Trial *winner)
{
	const Algorithm *algorithm = algorithm_lookup(winner->algorithm);
	CommonOptions common = opts->common;
	void	   *options;

	common.clip = true;
	options = train_component_options(algorithm, winner->options, &common, opts->has_values);
	train_add_list_options(algorithm, options);
	return options;
}

/* See Algorithm.choose. */
static void
auto_choose(TrainContext *context)
{
	const AutoOptions *opts = context->options;
	SplitOptions split;
	CommonOptions quiet = opts->common;
	SearchRequest request = {
		.whole = context->ratings,
		.source = context->source,
		.common = &quiet,
		.has_values = opts->has_values,
		.algorithms = opts->algorithms,
		.space = opts->space != NULL ? opts->space : json_from_cstring("{}"),
		.start = opts->start,
		.metric = opts->metric,
		.trials = opts->trials,
		.seconds = opts->seconds,
		.seed = opts->seed,
		.choose = true,
		.held = context->held,
		.progress = context->progress
	};
	Trials		trials;

	settle_as_made(&quiet);
	quiet.quiet = true;
	quiet.report_renamed = false;
	if (opts->split != NULL)
	{
		split = split_parse(opts->split, opts->common.time_col);
		request.split = &split;
	}
	trials = search_run(&request);
	context->algorithm = algorithm_lookup(trials.trial[0].algorithm);
	context->options = winning_options(opts, &trials.trial[0]);
	context->choice = trials_encode(&trials, options_encode(&auto_algorithm.options, opts));
	context->progress->algorithm = context->algorithm->name;
}

/* Never called: what is trained is what has been chosen. */
static void
auto_train(TrainContext *context)
{
	Assert(false);
}

const Algorithm auto_algorithm = {
	.name = "auto",
	.family = "choice",
	.feedback = FEEDBACK_BOTH,
	.description = "whichever algorithm, with whichever options, ranks held-out ratings best",
	.options = OPTION_TABLE(AutoOptions, options),
	.prepare = auto_prepare,
	.predicts_ratings = auto_predicts_ratings,
	.memory = auto_memory,
	.choose = auto_choose,
	.train = auto_train
};
