/*
 * json.c
 *		Reading and writing the JSON documents of a model.
 *
 * Writing appends members to a text that jsonb's own input function then
 * parses; reading looks up one member of an object.  Members that are missing or
 * of another type are read as NULL, NaN or false: the reader of a model's header
 * has compared its checksum, and checks ranges itself.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "model/json.h"

/* Begin an object. */
void
json_start(StringInfo json)
{
	initStringInfo(json);
	appendStringInfoChar(json, '{');
}

/* Begin a member of an object. */
static void
add_key(StringInfo json, const char *key)
{
	if (json->len > 1)
		appendStringInfoString(json, ", ");
	escape_json(json, key);
	appendStringInfoString(json, ": ");
}

/* Add a string member; NULL gives a JSON null. */
void
json_add_string(StringInfo json, const char *key, const char *value)
{
	add_key(json, key);
	if (value == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, value);
}

/*
 * Append a number exactly, whatever extra_float_digits is; one that is not finite
 * becomes a JSON null.
 */
void
json_append_number(StringInfo json, double value)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (isfinite(value))
	{
		double_to_shortest_decimal_buf(value, digits);
		appendStringInfoString(json, digits);
	}
	else
		appendStringInfoString(json, "null");
}

/* Add a number member. */
void
json_add_number(StringInfo json, const char *key, double value)
{
	add_key(json, key);
	json_append_number(json, value);
}

/* Add an integer member. */
void
json_add_integer(StringInfo json, const char *key, int64 value)
{
	add_key(json, key);
	appendStringInfo(json, INT64_FORMAT, value);
}

/* Add a boolean member. */
void
json_add_bool(StringInfo json, const char *key, bool value)
{
	add_key(json, key);
	appendStringInfoString(json, value ? "true" : "false");
}

/* Add a member that is JSON text already. */
void
json_add_raw(StringInfo json, const char *key, const char *value)
{
	add_key(json, key);
	appendStringInfoString(json, value);
}

/* A jsonb from its text, palloc'd.  Error: the text is not JSON. */
Jsonb *
json_from_cstring(const char *text)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/* End the object, and make a jsonb of it. */
Jsonb *
json_finish(StringInfo json)
{
	appendStringInfoChar(json, '}');
	return json_from_cstring(json->data);
}

/* Look up a member of an object; false if there is none. */
bool
json_get(const Jsonb *object, const char *key, JsonbValue *value)
{
	JsonbContainer *container = (JsonbContainer *) &object->root;

	if (!JsonContainerIsObject(container))
		return false;
	return getKeyJsonValueFromContainer(container, key, strlen(key), value) != NULL;
}

/* A string member, palloc'd, or NULL. */
char *
json_get_string(const Jsonb *object, const char *key)
{
	JsonbValue	value;

	if (!json_get(object, key, &value) || value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* The number in a value that is one; infinite if it is too large. */
double
json_value_number(const JsonbValue *value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(value->val.numeric)));
}

/* A value that is not what it should be, for a message: a number itself, or its type. */
const char *
json_value_in_words(const JsonbValue *value)
{
	if (value->type != jbvNumeric)
		return JsonbTypeName((JsonbValue *) value);
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
}

/* A number member, or NaN. */
double
json_get_number(const Jsonb *object, const char *key)
{
	JsonbValue	value;

	if (!json_get(object, key, &value) || value.type != jbvNumeric)
		return get_float8_nan();
	return json_value_number(&value);
}

/* A boolean member, or false. */
bool
json_get_bool(const Jsonb *object, const char *key)
{
	JsonbValue	value;

	return json_get(object, key, &value) && value.type == jbvBool && value.val.boolean;
}

/* An object or array member as a jsonb of its own, or NULL. */
Jsonb *
json_get_container(const Jsonb *object, const char *key)
{
	JsonbValue	value;

	if (!json_get(object, key, &value) || value.type != jbvBinary)
		return NULL;
	return JsonbValueToJsonb(&value);
}

/* The text of a jsonb, which does not depend on how it was made.  Palloc'd. */
char *
json_to_cstring(const Jsonb *json)
{
	return JsonbToCString(NULL, (JsonbContainer *) &json->root, VARSIZE(json));
}
