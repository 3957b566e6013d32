/*
 * grid_search.c
 *		recsys_grid_search: which settings of an algorithm are best.
 *
 * The grid is an object like the options, with an array where several values
 * are to be tried.  All combinations are tried on one split of ratings that are
 * read once; those whose options do not go together, or that do not fit into the
 * memory, are left out with a notice.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "engine/names.h"
#include "engine/settle.h"
#include "engine/settle_data.h"
#include "evaluation/experiment.h"
#include "model/json.h"
#include "resources/attempt.h"
#include "serving/arguments.h"

/* The most combinations that are tried. */
#define MAX_CANDIDATES 10000

/* An option and the values to try. */
typedef struct Axis
{
	const char *name;
	List	   *values;			/* of char *: JSON */
} Axis;

typedef struct Grid
{
	Axis	   *axis;
	int			axes;
	int			candidates;
} Grid;

/* A combination, and what came of it. */
typedef struct Candidate
{
	int			number;
	Jsonb	   *options;
	double		value;			/* NaN: it is undefined */
	double		seconds;
	bool		least_first;	/* of errors the least is best */
} Candidate;

/* A value as JSON text. */
static const char *
text_of_value(JsonbValue *value)
{
	return json_to_cstring(JsonbValueToJsonb(value));
}

/* The values to try for a member of the grid, as JSON text. */
static List *
values_of_member(const Algorithm *algorithm, const char *name, JsonbValue *value)
{
	Jsonb	   *array = value->type == jbvBinary ? JsonbValueToJsonb(value) : NULL;
	List	   *values = NIL;

	if (array == NULL || !JB_ROOT_IS_ARRAY(array) ||
		option_takes_array(option_lookup(&algorithm->options, name), array))
		return list_make1((void *) text_of_value(value));
	if (JB_ROOT_COUNT(array) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the grid has no value for option \"%s\"", name)));
	for (uint32 i = 0; i < JB_ROOT_COUNT(array); i++)
		values = lappend(values, (void *)
						 text_of_value(getIthJsonbValueFromContainer((JsonbContainer *) &array->root, i)));
	return values;
}

/* The grid, from its JSON.  Errors: not an object, no value, too many combinations. */
static Grid
parse_grid(const Algorithm *algorithm, const Jsonb *given)
{
	Grid		grid = {.candidates = 1};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the grid must be a JSON object"),
				 errhint("For example '{\"factors\": [16, 32], \"seed\": 1}'.")));
	grid.axis = palloc(sizeof(Axis) * Max(JB_ROOT_COUNT(given), 1));
	iterator = JsonbIteratorInit((JsonbContainer *) &given->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		Axis	   *axis;

		if (token != WJB_KEY)
			continue;
		axis = &grid.axis[grid.axes++];
		axis->name = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		axis->values = values_of_member(algorithm, axis->name, &value);
		if (list_length(axis->values) > MAX_CANDIDATES / grid.candidates)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the grid has more than %d combinations", MAX_CANDIDATES)));
		grid.candidates *= list_length(axis->values);
	}
	return grid;
}

/* The options of a combination; the last axis changes fastest. */
static Jsonb *
options_of(const Grid *grid, int number)
{
	StringInfoData json;
	int			left = number;
	const char **value = palloc(sizeof(char *) * Max(grid->axes, 1));

	for (int i = grid->axes - 1; i >= 0; i--)
	{
		value[i] = list_nth(grid->axis[i].values, left % list_length(grid->axis[i].values));
		left /= list_length(grid->axis[i].values);
	}
	json_start(&json);
	for (int i = 0; i < grid->axes; i++)
		json_add_raw(&json, grid->axis[i].name, value[i]);
	return json_finish(&json);
}

/* Error if a metric of predictions is asked of settings that make none. */
static void
require_measurable(const Experiment *experiment, Metric metric)
{
	for (int i = 0; metric_is_error(metric) && i < experiment->candidates; i++)
		if (!experiment_predicts_ratings(experiment, i))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("algorithm \"%s\" does not predict the ratings that this split holds out",
							experiment->algorithm->name),
					 errhint("Use a ranking metric, such as 'ndcg'.")));
}

/* Measure all candidates. */
static void
try_candidates(Experiment *experiment, Candidate *candidate, Metric metric)
{
	for (int i = 0; i < experiment->candidates; i++)
	{
		double		start = progress_seconds(experiment->progress);
		Quality		quality;
		Quality		popular;

		experiment_run(experiment, i, &quality, &popular);
		candidate[i].number = i;
		candidate[i].least_first = metric_is_error(metric);
		candidate[i].value = quality.value[metric];
		candidate[i].seconds = progress_seconds(experiment->progress) - start;
		progress_step(experiment->progress, "candidates", i + 1, experiment->candidates);
	}
}

/* The best first; what is undefined last; equal ones as in the grid. */
static int
compare_candidates(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if (isnan(x->value) != isnan(y->value))
		return isnan(x->value) ? 1 : -1;
	if (!isnan(x->value) && x->value != y->value)
		return (x->value < y->value) == x->least_first ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* A row of the result. */
static void
put_candidate(ReturnSetInfo *result, const Candidate *candidate)
{
	Datum		values[3] = {
		JsonbPGetDatum(candidate->options),
		Float8GetDatum(candidate->value),
		Float8GetDatum(candidate->seconds)
	};
	bool		nulls[3] = {false, isnan(candidate->value), false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Is this an error of a combination, which others need not have? */
static bool
is_of_combination(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_INVALID_PARAMETER_VALUE ||
		error->sqlerrcode == ERRCODE_FEATURE_NOT_SUPPORTED;
}

/* A combination whose options are to be parsed, and where to. */
typedef struct ParseCall
{
	Experiment *experiment;
	int			place;
	const Jsonb *given;
	bool		notices;
} ParseCall;

/* Parse the options of a combination: see attempt. */
static void
parse_step(void *arg)
{
	const ParseCall *call = arg;
	Experiment *experiment = call->experiment;

	experiment->options[call->place] = train_options(experiment->algorithm, call->given,
													 experiment->columns.rating != NULL,
													 call->notices);
}

/*
 * The options of a combination in the experiment's "options" at "place"; the
 * error, if they do not go together.  Other errors are raised.
 */
static ErrorData *
parse_combination(Experiment *experiment, int place, const Jsonb *given, bool notices)
{
	ParseCall	call = {experiment, place, given, notices};
	ErrorData  *error = attempt(parse_step, &call);

	if (error != NULL && !is_of_combination(error))
		ReThrowError(error);
	return error;
}

/* Say how many combinations are left out, and why, of the first. */
static void
report_left_out(int count, int all, const Jsonb *first, const char *reason)
{
	ereport(NOTICE,
			(errmsg("%d of %d combinations are left out", count, all),
			 errdetail("%s: %s", json_to_cstring(first), reason)));
}

/*
 * The settings to try, from the arguments.  What is wrong with all is an error;
 * those that are wrong where others are not are left out.
 */
static Candidate *
make_candidates(FunctionCallInfo fcinfo, Experiment *experiment)
{
	Grid		grid = parse_grid(experiment->algorithm, PG_GETARG_JSONB_P(2));
	Candidate  *candidate = palloc0(sizeof(Candidate) * grid.candidates);
	ErrorData  *first = NULL;
	Jsonb	   *of = NULL;

	experiment->options = palloc(sizeof(void *) * grid.candidates);
	for (int i = 0; i < grid.candidates; i++)
	{
		int			place = experiment->candidates;
		ErrorData  *error;

		candidate[place].options = options_of(&grid, i);
		/* All candidates have options of the same names: once is enough. */
		error = parse_combination(experiment, place, candidate[place].options, place == 0);
		if (error == NULL)
			experiment->candidates++;
		else if (first == NULL)
		{
			first = error;
			of = candidate[place].options;
		}
	}
	if (experiment->candidates == 0)
		ReThrowError(first);
	if (first != NULL)
		report_left_out(grid.candidates - experiment->candidates, grid.candidates, of, first->message);
	experiment->too_large = palloc0(sizeof(bool) * experiment->candidates);
	return candidate;
}

/* Leave out the candidates that do not fit into the memory. */
static void
drop_too_large(Experiment *experiment, Candidate *candidate)
{
	int			all = experiment->candidates;
	const Jsonb *first = NULL;

	experiment->candidates = 0;
	for (int i = 0; i < all; i++)
	{
		if (experiment->too_large[i] && first == NULL)
			first = candidate[i].options;
		if (experiment->too_large[i])
			continue;
		candidate[experiment->candidates].options = candidate[i].options;
		experiment->options[experiment->candidates++] = experiment->options[i];
	}
	if (first != NULL)
		report_left_out(all - experiment->candidates, all, first,
						"It needs more memory than maintenance_work_mem.");
}

PG_FUNCTION_INFO_V1(recsys_grid_search);

/* A row for each combination of the grid, the best first. */
Datum
recsys_grid_search(PG_FUNCTION_ARGS)
{
	Experiment	experiment = {0};
	Candidate  *candidate;
	Metric		metric;

	require_not_null(fcinfo, 0, "ratings");
	require_not_null(fcinfo, 1, "algorithm");
	require_not_null(fcinfo, 2, "grid");
	require_not_null(fcinfo, 3, "metric");
	require_not_null(fcinfo, 4, "split");
	experiment.algorithm = algorithm_lookup(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	experiment.relid = PG_GETARG_OID(0);
	metric = metric_parse(text_to_cstring(PG_GETARG_TEXT_PP(3)), &experiment.wanted.n);
	experiment.wanted.errors = metric_is_error(metric);
	experiment.wanted.ranking = !metric_is_error(metric);
	experiment.wanted.metrics = METRIC_BIT(metric);
	experiment.columns = columns_argument(fcinfo, 5);
	candidate = make_candidates(fcinfo, &experiment);
	experiment.split_options = split_parse(PG_GETARG_JSONB_P(4),
										   ((const CommonOptions *) experiment.options[0])->time_col);
	require_measurable(&experiment, metric);
	for (int i = 0; metric_is_error(metric) && i < experiment.candidates; i++)
		settle_as_ratings(experiment.options[i]);
	InitMaterializedSRF(fcinfo, 0);
	experiment.progress = progress_create(experiment.algorithm->name);
	experiment_prepare(&experiment);
	drop_too_large(&experiment, candidate);
	try_candidates(&experiment, candidate, metric);
	qsort(candidate, experiment.candidates, sizeof(Candidate), compare_candidates);
	for (int i = 0; i < experiment.candidates; i++)
		put_candidate((ReturnSetInfo *) fcinfo->resultinfo, &candidate[i]);
	return (Datum) 0;
}
