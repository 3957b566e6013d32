/*
 * trial.c
 *		A setting that was tried, and what came of it: as rows, and as what a
 *		model keeps of the search that chose it.
 *
 * The header of such a model has, as "choice", what was asked for, the metric
 * and the trials.  Like all of a model that is not trusted when it is read.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/float.h"

#include "choosing/trial.h"
#include "model/json.h"

/*
 * Which of two trials is better: that which came further, then that with the
 * better value, then the earlier one.  Less than 0: the first is.
 */
int
trial_compare(const Trial *a, const Trial *b, Metric metric)
{
	if (a->rung != b->rung)
		return a->rung > b->rung ? -1 : 1;
	if (isnan(a->value) != isnan(b->value))
		return isnan(a->value) ? 1 : -1;
	if (!isnan(a->value) && a->value != b->value)
		return (a->value < b->value) == metric_is_error(metric) ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* A trial as a JSON object.  Palloc'd. */
static char *
encode_trial(const Trial *trial)
{
	StringInfoData json;

	json_start(&json);
	json_add_integer(&json, "trial", trial->number);
	json_add_string(&json, "algorithm", trial->algorithm);
	json_add_raw(&json, "options", json_to_cstring(trial->options));
	json_add_number(&json, "value", trial->value);
	json_add_number(&json, "popular", trial->popular);
	json_add_number(&json, "seconds", trial->seconds);
	json_add_bool(&json, "kept", trial->kept);
	appendStringInfoChar(&json, '}');
	return json.data;
}

/* What a model keeps of the search that chose it; asked: the options of that. */
Jsonb *
trials_encode(const Trials *trials, const Jsonb *asked)
{
	StringInfoData json;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < trials->count; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "[", encode_trial(&trials->trial[i]));
	appendStringInfoString(&list, trials->count > 0 ? "]" : "[]");
	json_start(&json);
	json_add_raw(&json, "asked", json_to_cstring(asked));
	json_add_string(&json, "metric", trials->metric);
	json_add_raw(&json, "trials", list.data);
	return json_finish(&json);
}

/* A member that is a number, or NaN where it is none. */
static double
number_member(const Jsonb *object, const char *name)
{
	JsonbValue	value;

	return json_get(object, name, &value) && value.type == jbvNumeric ?
		json_value_number(&value) : get_float8_nan();
}

/* A trial from its JSON; false: it is not one. */
static bool
decode_trial(JsonbValue *value, Trial *trial)
{
	Jsonb	   *object;
	double		number;

	if (value->type != jbvBinary)
		return false;
	object = JsonbValueToJsonb(value);
	if (!JB_ROOT_IS_OBJECT(object))
		return false;
	number = number_member(object, "trial");
	*trial = (Trial) {
		.algorithm = json_get_string(object, "algorithm"),
			.options = json_get_container(object, "options"),
			.value = number_member(object, "value"),
			.popular = number_member(object, "popular"),
			.seconds = number_member(object, "seconds"),
			.kept = json_get_bool(object, "kept")
	};
	if (!(number >= 1 && number <= PG_INT32_MAX) || trial->algorithm == NULL ||
		trial->options == NULL || isnan(trial->seconds))
		return false;
	trial->number = (int) number;
	return true;
}

/* The trials that a model keeps, palloc'd; false: they are not what they should be. */
bool
trials_decode(const Jsonb *choice, Trials *trials)
{
	Jsonb	   *list = json_get_container(choice, "trials");

	trials->metric = json_get_string(choice, "metric");
	if (trials->metric == NULL || list == NULL || !JB_ROOT_IS_ARRAY(list))
		return false;
	trials->count = JB_ROOT_COUNT(list);
	trials->trial = palloc(sizeof(Trial) * (trials->count + 1));
	for (int i = 0; i < trials->count; i++)
		if (!decode_trial(getIthJsonbValueFromContainer(&list->root, i), &trials->trial[i]))
			return false;
	return true;
}

/* The trials as rows of recsys_trials and recsys_tune. */
void
trials_put(ReturnSetInfo *result, const Trials *trials)
{
	for (int i = 0; i < trials->count; i++)
	{
		const Trial *trial = &trials->trial[i];
		Datum		values[8] = {
			Int32GetDatum(trial->number),
			CStringGetTextDatum(trial->algorithm),
			JsonbPGetDatum(trial->options),
			CStringGetTextDatum(trials->metric),
			Float8GetDatum(trial->value),
			Float8GetDatum(trial->popular),
			Float8GetDatum(trial->seconds),
			BoolGetDatum(trial->kept)
		};
		bool		nulls[8] = {0};

		nulls[4] = isnan(trial->value);
		nulls[5] = isnan(trial->popular);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}
