/*
 * tune.c
 *		recsys_tune: which settings are best, without a model; and
 *		recsys_trials: what was tried for a model that "auto" has chosen.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "funcapi.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "engine/settle.h"
#include "engine/settle_data.h"
#include "engine/train_read.h"
#include "choosing/search.h"
#include "choosing/space.h"
#include "model/json.h"
#include "ratings/reader.h"
#include "resources/budget.h"
#include "serving/arguments.h"

/* The most trials that can be asked for. */
#define MOST_TRIALS 10000

/* What is asked for. */
typedef struct Tuning
{
	const Algorithm *algorithm; /* "auto" if there is none */
	void	   *options;		/* its, as far as all settings have them */
	SearchRequest search;
} Tuning;

/* Bytes of the ratings and of a search, as reading asks for them. */
static Size
tuning_bytes(const MatrixShape *shape, void *arg)
{
	return add_size(matrix_bytes(shape), search_bytes(shape));
}

/*
 * Read the ratings as the settings do, and make of them what all are trained on.
 * Errors: those of reading, and no ratings.
 */
static Interactions *
read_ratings(Tuning *tuning)
{
	ReadRequest request = {
		.source = tuning->search.source,
		.policy = train_policy(tuning->options),
		.total_bytes = tuning_bytes
	};
	Interactions *ratings = ratings_read(&request);

	settle_by_ratings(tuning->algorithm, tuning->options, ratings, tuning->search.source);
	train_require_ratings(ratings, tuning->search.source, &request.policy);
	ratings_for_training(tuning->options, ratings);
	return ratings;
}

/* The number of trials.  Error: out of range. */
static int
trials_argument(FunctionCallInfo fcinfo, int n)
{
	int			trials;

	require_not_null(fcinfo, n, "trials");
	trials = PG_GETARG_INT32(n);
	if (trials < 1 || trials > MOST_TRIALS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of trials is out of range: %d", trials),
				 errdetail("It must be from 1 to %d.", MOST_TRIALS)));
	return trials;
}

/* The bound on time, NaN if there is none.  Error: not positive. */
static double
seconds_argument(FunctionCallInfo fcinfo, int n)
{
	double		seconds = PG_ARGISNULL(n) ? get_float8_nan() : PG_GETARG_FLOAT8(n);

	if (!PG_ARGISNULL(n) && !(seconds > 0 && isfinite(seconds)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of seconds must be positive")));
	return seconds;
}

/*
 * The algorithm and its space.  What the space fixes for all settings decides
 * how the ratings are read.
 */
static void
read_space(FunctionCallInfo fcinfo, Tuning *tuning, bool has_values)
{
	Jsonb	   *given = PG_GETARG_JSONB_P(2);
	const Jsonb *fixed;
	StringInfoData json;

	tuning->search.space = given;
	if (PG_ARGISNULL(1))
	{
		tuning->algorithm = algorithm_lookup("auto");
		fixed = json_from_cstring("{}");
	}
	else
	{
		tuning->algorithm = algorithm_lookup(text_to_cstring(PG_GETARG_TEXT_PP(1)));
		fixed = space_create(tuning->algorithm, given)->fixed;
		tuning->search.algorithms = list_make1((char *) tuning->algorithm->name);
		json_start(&json);
		json_add_raw(&json, tuning->algorithm->name, json_to_cstring(given));
		tuning->search.space = json_finish(&json);
	}
	tuning->options = train_options(tuning->algorithm, fixed, has_values, true);
}

/* Error: it is the way of choosing itself that is to be tuned. */
static void
require_tunable(const Tuning *tuning, bool named)
{
	if (named && tuning->algorithm->choose != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" cannot be tuned", tuning->algorithm->name),
				 errhint("Leave out the algorithm to have all of them tried.")));
}

/* Which rows are held out, if that is said. */
static void
read_split(FunctionCallInfo fcinfo, Tuning *tuning)
{
	SplitOptions *split;

	if (PG_ARGISNULL(6))
		return;
	split = palloc(sizeof(SplitOptions));
	*split = split_parse(PG_GETARG_JSONB_P(6), ((const CommonOptions *) tuning->options)->time_col);
	tuning->search.split = split;
}

/* Everything but the ratings. */
static void
read_arguments(FunctionCallInfo fcinfo, Tuning *tuning)
{
	SearchRequest *search = &tuning->search;
	ColumnNames columns = columns_argument(fcinfo, 8);
	const CommonOptions *common;
	int			n;

	require_not_null(fcinfo, 0, "ratings");
	require_not_null(fcinfo, 2, "space");
	require_not_null(fcinfo, 7, "seed");
	search->has_values = columns.rating != NULL;
	read_space(fcinfo, tuning, search->has_values);
	require_tunable(tuning, !PG_ARGISNULL(1));
	search->metric = PG_ARGISNULL(3) ? "ndcg@10" : text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (metric_is_error(metric_parse(search->metric, &n)))
		settle_as_ratings(tuning->options);
	search->trials = trials_argument(fcinfo, 4);
	search->seconds = seconds_argument(fcinfo, 5);
	read_split(fcinfo, tuning);
	search->seed = PG_GETARG_INT32(7);
	common = tuning->options;
	search->source = source_resolve(PG_GETARG_OID(0), &columns, common->time_col);
}

/* What all settings have in common, as the ratings have it. */
static void
set_common(Tuning *tuning)
{
	CommonOptions *common = palloc(sizeof(CommonOptions));

	*common = *(const CommonOptions *) tuning->options;
	settle_as_made(common);
	common->quiet = true;
	common->report_renamed = false;
	tuning->search.common = common;
	tuning->search.has_values = common->has_values;
}

PG_FUNCTION_INFO_V1(recsys_tune);

/* A row for each setting that was tried, the best first. */
Datum
recsys_tune(PG_FUNCTION_ARGS)
{
	Tuning		tuning = {0};
	Trials		trials;

	read_arguments(fcinfo, &tuning);
	InitMaterializedSRF(fcinfo, 0);
	tuning.search.progress = progress_create(tuning.algorithm->name);
	tuning.search.whole = read_ratings(&tuning);
	set_common(&tuning);
	trials = search_run(&tuning.search);
	trials_put((ReturnSetInfo *) fcinfo->resultinfo, &trials);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(recsys_trials);

/* The trials that the header of a model has, the best first; none if it was not chosen. */
Datum
recsys_trials(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	Trials		trials;

	InitMaterializedSRF(fcinfo, 0);
	if (model->header.choice == NULL)
		return (Datum) 0;
	if (!trials_decode(model->header.choice, &trials))
		report_corruption(model->relid, model->version, "header", "its trials are not what they should be");
	trials_put((ReturnSetInfo *) fcinfo->resultinfo, &trials);
	return (Datum) 0;
}
