/*
 * header.c
 *		The header of a version of a model, to and from JSON.
 *
 * The JSON is for people as well (the view recsys_models shows some of it), so
 * its members carry the names of the SQL surface.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "utils/float.h"

#include "model/format.h"
#include "model/header.h"
#include "model/json.h"

/* Most users, or items: a little less than fits an int32, so that it can be padded. */
#define MOST_ROWS (PG_INT32_MAX - 1024)

/* Where the ratings came from, as JSON.  Palloc'd. */
static char *
encode_source(const ModelHeader *header)
{
	StringInfoData json;

	json_start(&json);
	json_add_string(&json, "relation", header->relation);
	json_add_string(&json, "user_col", header->user_col);
	json_add_string(&json, "item_col", header->item_col);
	json_add_string(&json, "rating_col", header->rating_col);
	json_add_string(&json, "user_type", header->user_type);
	json_add_string(&json, "item_type", header->item_type);
	appendStringInfoChar(&json, '}');
	return json.data;
}

/*
 * An array of [loss, train_rmse, seconds], one for each iteration.  Palloc'd.
 */
static char *
encode_log(const ModelHeader *header)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; header->log != NULL && i < header->iterations; i++)
	{
		const IterationLog *log = &header->log[i];

		appendStringInfoString(&json, i > 0 ? ", [" : "[");
		json_append_number(&json, log->loss);
		appendStringInfoString(&json, ", ");
		json_append_number(&json, log->train_rmse);
		appendStringInfoString(&json, ", ");
		json_append_number(&json, log->seconds);
		appendStringInfoChar(&json, ']');
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

/* Add what kind of model it is. */
static void
encode_kind(StringInfo json, const char *algorithm, const char *form,
			const Jsonb *options, const Jsonb *params)
{
	json_add_string(json, "algorithm", algorithm);
	json_add_string(json, "form", form);
	json_add_raw(json, "options", json_to_cstring(options));
	json_add_raw(json, "params", json_to_cstring(params));
}

/*
 * Append a component to the elements of a JSON array: what kind of model it
 * is.  All else is in the header of the model that it belongs to.
 */
void
header_encode_component(StringInfo json, const char *algorithm, const char *form,
						const Jsonb *options, const Jsonb *params)
{
	StringInfoData member;

	json_start(&member);
	encode_kind(&member, algorithm, form, options, params);
	appendStringInfo(json, "%s%s}", json->len > 1 ? ", " : "", member.data);
}

/* The header as JSON.  Palloc'd. */
Jsonb *
header_encode(const ModelHeader *header)
{
	StringInfoData json;

	json_start(&json);
	json_add_integer(&json, "format", MODEL_FORMAT);
	encode_kind(&json, header->algorithm, header->form, header->options, header->params);
	if (header->components != NULL)
		json_add_raw(&json, "components", json_to_cstring(header->components));
	if (header->choice != NULL)
		json_add_raw(&json, "choice", json_to_cstring(header->choice));
	json_add_raw(&json, "source", encode_source(header));
	json_add_string(&json, "encoding", header->encoding);
	json_add_bool(&json, "ascii", header->ascii);
	json_add_integer(&json, "users", header->users);
	json_add_integer(&json, "items", header->items);
	json_add_integer(&json, "ratings", header->ratings);
	json_add_number(&json, "mean", header->mean);
	json_add_number(&json, "deviation", header->stddev);
	json_add_number(&json, "minimum", header->minimum);
	json_add_number(&json, "maximum", header->maximum);
	json_add_bool(&json, "clip", header->clip);
	json_add_integer(&json, "iterations", header->iterations);
	json_add_number(&json, "train_rmse", header->train_rmse);
	json_add_number(&json, "seconds", header->seconds);
	json_add_integer(&json, "trained_at", header->trained_at);
	json_add_raw(&json, "log", encode_log(header));
	return json_finish(&json);
}

/* Read where the ratings came from; returns what is wrong with it, or NULL. */
static const char *
decode_source(const Jsonb *meta, ModelHeader *header)
{
	Jsonb	   *source = json_get_container(meta, "source");

	if (source == NULL)
		return "its source is missing";
	header->relation = json_get_string(source, "relation");
	header->user_col = json_get_string(source, "user_col");
	header->item_col = json_get_string(source, "item_col");
	header->rating_col = json_get_string(source, "rating_col");
	header->user_type = json_get_string(source, "user_type");
	header->item_type = json_get_string(source, "item_type");
	if (header->user_col == NULL || header->item_col == NULL ||
		(header->relation == NULL) != (header->users == 0))
		return "its source is incomplete";
	return NULL;
}

/* Is a value in a range, ends included?  NaN is not. */
static bool
in_range(double value, double low, double high)
{
	return value >= low && value <= high;
}

/* Read counts and statistics; false if one is missing or out of range. */
static bool
decode_numbers(const Jsonb *meta, ModelHeader *header)
{
	double		users = json_get_number(meta, "users");
	double		items = json_get_number(meta, "items");
	double		ratings = json_get_number(meta, "ratings");
	double		iterations = json_get_number(meta, "iterations");
	double		trained_at = json_get_number(meta, "trained_at");

	if (!in_range(users, 0, MOST_ROWS) || !in_range(items, 1, MOST_ROWS) ||
		!in_range(ratings, Min(users, 1), users * items) || !in_range(iterations, 0, PG_INT32_MAX) ||
		!in_range(trained_at, 0, END_TIMESTAMP / 2))
		return false;
	header->trained_at = (TimestampTz) trained_at;
	header->users = (int32) users;
	header->items = (int32) items;
	header->ratings = (int64) ratings;
	header->iterations = (int) iterations;
	header->mean = json_get_number(meta, "mean");
	header->stddev = json_get_number(meta, "deviation");
	header->minimum = json_get_number(meta, "minimum");
	header->maximum = json_get_number(meta, "maximum");
	header->clip = json_get_bool(meta, "clip");
	header->train_rmse = json_get_number(meta, "train_rmse");
	header->seconds = json_get_number(meta, "seconds");
	return fabs(header->mean) <= LARGEST_NUMBER &&
		in_range(header->stddev, 0, LARGEST_NUMBER) &&
		header->minimum >= -FLT_MAX && header->minimum <= header->maximum &&
		header->maximum <= FLT_MAX;
}

/* Read what kind of model it is; returns what is wrong with that, or NULL. */
static const char *
decode_kind(const Jsonb *meta, ModelHeader *header)
{
	header->algorithm = json_get_string(meta, "algorithm");
	header->form = json_get_string(meta, "form");
	header->options = json_get_container(meta, "options");
	header->params = json_get_container(meta, "params");
	if (header->algorithm == NULL || header->form == NULL ||
		header->options == NULL || header->params == NULL)
		return "it does not say what kind of model it is";
	return NULL;
}

/*
 * Turn a copy of a model's header into that of one of its components.  Returns
 * what is wrong with it, or NULL.
 */
const char *
header_decode_component(const Jsonb *component, ModelHeader *header)
{
	header->components = NULL;
	return decode_kind(component, header);
}

/*
 * Read a header, palloc'd in the current memory context, without its log.
 * Returns what is wrong with it, or NULL.
 */
const char *
header_decode(const Jsonb *meta, ModelHeader *header)
{
	const char *problem;

	memset(header, 0, sizeof(*header));
	if (json_get_number(meta, "format") != MODEL_FORMAT)
		return "it has a format number that this version does not know";
	problem = decode_kind(meta, header);
	if (problem != NULL)
		return problem;
	header->components = json_get_container(meta, "components");
	header->choice = json_get_container(meta, "choice");
	header->encoding = json_get_string(meta, "encoding");
	header->ascii = json_get_bool(meta, "ascii");
	if (!decode_numbers(meta, header))
		return "its counts or statistics are out of range";
	return decode_source(meta, header);
}

/* A number of an entry of the log; NaN for null. */
static double
log_number(const Jsonb *entry, uint32 i)
{
	JsonbValue *value = getIthJsonbValueFromContainer((JsonbContainer *) &entry->root, i);

	return value->type == jbvNumeric ? json_value_number(value) : get_float8_nan();
}

/* Is this an array of three numbers or nulls, none of them infinite? */
static bool
is_log_entry(const JsonbValue *value)
{
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerIsScalar(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) != 3)
		return false;
	for (int i = 0; i < 3; i++)
	{
		JsonbValue *number = getIthJsonbValueFromContainer(value->val.binary.data, i);

		if (number->type != jbvNull &&
			(number->type != jbvNumeric || isinf(json_value_number(number))))
			return false;
	}
	return true;
}

/*
 * The training log of a header, palloc'd [*count]; NULL if it has none, or no
 * valid one.
 */
IterationLog *
header_decode_log(const Jsonb *meta, int *count)
{
	Jsonb	   *log = json_get_container(meta, "log");
	IterationLog *result;

	*count = 0;
	if (log == NULL || !JB_ROOT_IS_ARRAY(log))
		return NULL;
	*count = JB_ROOT_COUNT(log);
	result = palloc(sizeof(IterationLog) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&log->root, i);
		Jsonb	   *entry;

		if (!is_log_entry(value))
			return NULL;
		entry = JsonbValueToJsonb(value);

		result[i].loss = log_number(entry, 0);
		result[i].train_rmse = log_number(entry, 1);
		result[i].seconds = log_number(entry, 2);
	}
	return result;
}
