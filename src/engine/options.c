/*
 * options.c
 *		The options of algorithms: described by a table, given as JSON.
 *
 * Parsing starts from the defaults of the table, then takes each member of
 * the JSON object and stores it in the algorithm's struct.  What is misspelt,
 * of the wrong type or out of range is refused with what would be right.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>

#include "utils/builtins.h"
#include "utils/json.h"

#include "engine/names.h"
#include "engine/options.h"
#include "model/json.h"

const char *const weight_transform_names[] = {
	"none", "log", "sqrt", "rank", "binary", NULL
};

static const char *const duplicates_names[] = {
	"error", "max", "min", "mean", "sum", "first", "last", NULL
};

static const char *const list_score_names[] = {"damped", "prediction", NULL};

const OptionSpec common_options[] = {
	ENUM_OPTION("duplicates", CommonOptions, duplicates, OPTION_AUTO, duplicates_names,
				"how several rows for one user and item become one rating; first and last go by time_col; default mean for ratings, sum for implicit feedback and values that are counts"),
	TEXT_OPTION("time_col", CommonOptions, time_col,
				"column with the time of a row, or with a number that grows with time: decides which row is first or last, how old a row is for the score trending, and what a split of an evaluation takes for the newest"),
	BOOL_OPTION("clip", CommonOptions, clip, true,
				"keep predictions within the range of the training ratings; the scores of lists are never clipped"),
	BOOL_OPTION("store_ratings", CommonOptions, store_ratings, true,
				"keep the training ratings in the model, 8 bytes each: they say what users have seen, and the algorithms that compare ratings when they serve cannot do without them"),
	INT_OPTION("keep_versions", CommonOptions, keep_versions, 2, 1, 1000,
			   "number of versions of the model to keep, the new one included"),
	REAL_OPTION("min_value", CommonOptions, min_value, OPTION_AUTO, -FLT_MAX, FLT_MAX,
				"leave out rows with a smaller rating, before anything else; users count as having seen these items; default: no bound"),
	BOOL_OPTION("binarize", CommonOptions, binarize, false,
				"count every rating that is left as 1: whether something was liked or done, not how much"),
	ENUM_OPTION("weight_transform", CommonOptions, weight_transform, OPTION_AUTO,
				weight_transform_names,
				"what to take the weights of implicit feedback for, after repeated rows have become one: none: as they are; log: log2(1 + x / weight_unit); sqrt: sqrt(x / weight_unit); rank: from 1/2 to 1, by the share of the user's weights that are not larger; binary: 1; default rank for weights that span orders of magnitude (the mean of the largest hundredth is more than 6 times the mean of all), else none; not for algorithms that predict ratings"),
	REAL_OPTION("weight_unit", CommonOptions, weight_unit, OPTION_AUTO, 1e-30, 1e30,
				"the weight that weight_transform log and sqrt make 1; default the one that a tenth of the weights do not exceed"),
	INT_OPTION("max_user_ratings", CommonOptions, max_user_ratings, OPTION_AUTO, 0, 1000000000,
			   "of a user with more ratings train on so many, drawn at random, and count the others as seen only; 0: train on all; default 0, unless the algorithm goes through all pairs of a user's items and a few users, with ten times as many as one user in a hundred exceeds, would take most of the time, and more than a second"),
	INT_OPTION("min_user_ratings", CommonOptions, min_user_ratings, 1, 1, 1000000000,
			   "leave out users with fewer ratings; repeated, together with min_item_ratings, until all that are left have enough"),
	INT_OPTION("min_item_ratings", CommonOptions, min_item_ratings, 1, 1, 1000000000,
			   "leave out items with fewer ratings; see min_user_ratings"),
	ENUM_OPTION("list_score", CommonOptions, list_score, LIST_DAMPED, list_score_names,
				"what the lists of an algorithm that predicts ratings go by; damped: by the prediction and by how likely the user is to choose the item, a number from 0 to 1; prediction: the prediction alone, which puts obscure items first and needs no second model; other algorithms ignore it")
};

const int	common_option_count = lengthof(common_options);

/* The number of options of an algorithm, with the common ones. */
static int
option_count(const OptionTable *table)
{
	return table->count + common_option_count;
}

/* The i-th option: those of the algorithm first, then the common ones. */
static const OptionSpec *
option_at(const OptionTable *table, int i)
{
	return i < table->count ? &table->options[i] : &common_options[i - table->count];
}

/* Is this what an option was called before it was renamed? */
static bool
is_old_name(const OptionSpec *spec, const char *name)
{
	return spec->old_name != NULL && strcmp(spec->old_name, name) == 0;
}

/* The option of a given name, which may be an old one; NULL: there is none. */
const OptionSpec *
option_lookup(const OptionTable *table, const char *name)
{
	for (int i = 0; i < option_count(table); i++)
	{
		const OptionSpec *spec = option_at(table, i);

		if (strcmp(spec->name, name) == 0 || is_old_name(spec, name))
			return spec;
	}
	return NULL;
}

/* The option that a misspelt name, new or old, may have meant; NULL: it is like none. */
static const OptionSpec *
nearest_option(const OptionTable *table, const char *name)
{
	const char **names = palloc(sizeof(char *) * (2 * option_count(table) + 1));
	const char *nearest;
	int			count = 0;

	for (int i = 0; i < option_count(table); i++)
		names[count++] = option_at(table, i)->name;
	for (int i = 0; i < option_count(table); i++)
		if (option_at(table, i)->old_name != NULL)
			names[count++] = option_at(table, i)->old_name;
	names[count] = NULL;
	nearest = nearest_name(name, names);
	return nearest == NULL ? NULL : option_lookup(table, nearest);
}

/*
 * Is an array one value of an option, and not a list of values to try?  spec may
 * be NULL: no option.
 */
bool
option_takes_array(const OptionSpec *spec, const Jsonb *array)
{
	JsonbValue *first;

	if (spec == NULL || (spec->type != OPTION_NAMES && spec->type != OPTION_JSON) ||
		JB_ROOT_COUNT(array) == 0)
		return false;
	first = getIthJsonbValueFromContainer((JsonbContainer *) &array->root, 0);
	return first->type != jbvBinary || !JsonContainerIsArray(first->val.binary.data);
}

/* Error: the algorithm has no such option.  The hint has the nearest. */
static void
report_unknown_option(const char *algorithm, const OptionTable *table, const char *name)
{
	const OptionSpec *nearest = nearest_option(table, name);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("algorithm \"%s\" has no option \"%s\"", algorithm, name),
			 errhint("%sThe view recsys_algorithms lists the options of each algorithm.",
					 nearest == NULL ? "" : psprintf("Perhaps you meant \"%s\".  ", nearest->name))));
}

/* What a value of this option has to be, for an error message. */
static const char *
type_in_words(const OptionSpec *spec)
{
	switch (spec->type)
	{
		case OPTION_BOOL:
			return "true or false";
		case OPTION_INT:
			return "an integer";
		case OPTION_REAL:
			return "a number";
		case OPTION_NAMES:
			return "an array of strings";
		case OPTION_JSON:
			return "an array or object";
		default:
			return "a string";
	}
}

/* Error: a value is of another type than its option. */
static void
report_wrong_type(const OptionSpec *spec, const JsonbValue *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be %s", spec->name, type_in_words(spec)),
			 errdetail("It was given as %s.", json_value_in_words(value))));
}

/* Error: a number is out of its option's range. */
static void
require_range(const OptionSpec *spec, double value)
{
	if (value >= spec->min && value <= spec->max)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" is out of range: %g", spec->name, value),
			 errdetail("It can be from %.15g to %.15g.", spec->min, spec->max)));
}

/* A value as the number of an option.  Errors: wrong type, no integer, out of range. */
static double
number_of_option(const OptionSpec *spec, const JsonbValue *value)
{
	double		number;

	if (value->type != jbvNumeric)
		report_wrong_type(spec, value);
	number = json_value_number(value);
	if (spec->type == OPTION_INT && number != rint(number))
		report_wrong_type(spec, value);
	require_range(spec, number);
	return number;
}

/* A value as a palloc'd string.  Error: wrong type. */
static char *
string_of_option(const OptionSpec *spec, const JsonbValue *value)
{
	if (value->type != jbvString)
		report_wrong_type(spec, value);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* A value that is an array or object.  Error: it is neither. */
static Jsonb *
json_of_option(const OptionSpec *spec, const JsonbValue *value)
{
	if (value->type != jbvBinary)
		report_wrong_type(spec, value);
	return JsonbValueToJsonb((JsonbValue *) value);
}

/* A value as a list of palloc'd strings.  Error: it is not an array of strings. */
static List *
names_of_option(const OptionSpec *spec, const JsonbValue *value)
{
	Jsonb	   *array = json_of_option(spec, value);
	List	   *names = NIL;

	if (!JB_ROOT_IS_ARRAY(array))
		report_wrong_type(spec, value);
	for (uint32 i = 0; i < JB_ROOT_COUNT(array); i++)
		names = lappend(names,
						string_of_option(spec,
										 getIthJsonbValueFromContainer(&array->root, i)));
	return names;
}

/*
 * Store a value in the struct.  Errors: wrong type, out of range, not one of
 * the names.
 */
static void
store_option(const OptionSpec *spec, void *options, const JsonbValue *value)
{
	char	   *place = (char *) options + spec->offset;

	switch (spec->type)
	{
		case OPTION_BOOL:
			if (value->type != jbvBool)
				report_wrong_type(spec, value);
			*(bool *) place = value->val.boolean;
			break;
		case OPTION_INT:
			*(int *) place = (int) number_of_option(spec, value);
			break;
		case OPTION_REAL:
			*(double *) place = number_of_option(spec, value);
			break;
		case OPTION_ENUM:
			*(int *) place = enum_parse(spec->name, string_of_option(spec, value),
										spec->values);
			break;
		case OPTION_TEXT:
			*(char **) place = string_of_option(spec, value);
			break;
		case OPTION_NAMES:
			*(List **) place = names_of_option(spec, value);
			break;
		case OPTION_JSON:
			*(Jsonb **) place = json_of_option(spec, value);
			break;
	}
}

/* Store the default in the struct; see OPTION_AUTO for one that is left open. */
static void
store_default(const OptionSpec *spec, void *options)
{
	char	   *place = (char *) options + spec->offset;

	switch (spec->type)
	{
		case OPTION_BOOL:
			*(bool *) place = spec->default_value != 0;
			break;
		case OPTION_INT:
		case OPTION_ENUM:
			*(int *) place = isnan(spec->default_value) ? -1 : (int) spec->default_value;
			break;
		case OPTION_REAL:
			*(double *) place = spec->default_value;
			break;
		case OPTION_TEXT:
		case OPTION_NAMES:
		case OPTION_JSON:
			*(void **) place = NULL;
			break;
	}
}

/* Error: an option is given by its old name and by its new one. */
static void
refuse_both_names(const OptionSpec *spec, const Jsonb *given)
{
	JsonbValue	value;

	if (json_get(given, spec->name, &value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options \"%s\" and \"%s\" are the same", spec->old_name, spec->name),
				 errdetail("Option \"%s\" has been renamed to \"%s\".", spec->old_name,
						   spec->name),
				 errhint("Leave out \"%s\".", spec->old_name)));
}

/* Store one member of the JSON object, whose name and value these are. */
static void
store_member(const char *algorithm, const OptionTable *table, const Jsonb *given,
			 const char *name, const JsonbValue *value, void *options)
{
	const OptionSpec *spec = option_lookup(table, name);

	if (spec == NULL)
		report_unknown_option(algorithm, table, name);
	if (is_old_name(spec, name))
		refuse_both_names(spec, given);
	if (value->type != jbvNull)
		store_option(spec, options, value);
}

/* Error: what is given for options is not a JSON object. */
static void
require_object(const Jsonb *given)
{
	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object"),
				 errhint("For example '{\"factors\": 32}'.")));
}

/*
 * The options of an algorithm, from a JSON object: a palloc'd struct of
 * table->size bytes.  A JSON null leaves an option at its default.  Old names
 * are taken without a word: models keep the options they were trained with.
 * Errors: not an object, an unknown option, one given by both of its names, a
 * wrong type, out of range.
 */
void *
options_parse(const char *algorithm, const OptionTable *table, const Jsonb *given)
{
	void	   *options = palloc0(table->size);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	for (int i = 0; i < option_count(table); i++)
		store_default(option_at(table, i), options);
	require_object(given);
	iterator = JsonbIteratorInit((JsonbContainer *) &given->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		store_member(algorithm, table, given, name, &value, options);
	}
	return options;
}

/*
 * Notice: some of the given options have been renamed.  It is one for all of
 * them, so that who trains an old model again with the options it has is told
 * once.
 */
void
options_report_renamed(const OptionTable *table, const Jsonb *given)
{
	StringInfoData list;
	int			count = 0;

	initStringInfo(&list);
	for (int i = 0; i < option_count(table); i++)
	{
		const OptionSpec *spec = option_at(table, i);
		JsonbValue	value;

		if (spec->old_name != NULL && json_get(given, spec->old_name, &value))
			appendStringInfo(&list, "%s\"%s\" to \"%s\"", count++ > 0 ? ", " : "",
							 spec->old_name, spec->name);
	}
	if (count > 0)
		ereport(NOTICE,
				(errmsg_plural("option has been renamed: %s", "options have been renamed: %s",
							   count, list.data),
				 errhint_plural("Use the new name.", "Use the new names.", count)));
	pfree(list.data);
}

/* Add a number as the type of the option has it; NaN is null. */
static void
add_number_or_null(StringInfo json, const char *key, const OptionSpec *spec, double value)
{
	if (spec->type == OPTION_INT && !isnan(value))
		json_add_integer(json, key, (int64) value);
	else
		json_add_number(json, key, value);
}

/* A list of names as the text of a JSON array; none are null. */
static const char *
names_to_json(const List *names)
{
	StringInfoData json;
	ListCell   *cell;

	if (names == NIL)
		return "null";
	initStringInfo(&json);
	foreach(cell, names)
	{
		appendStringInfoString(&json, foreach_current_index(cell) > 0 ? ", " : "[");
		escape_json(&json, lfirst(cell));
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

/* Is this the value of an option that nobody has decided? */
static bool
is_left_open(const OptionSpec *spec, int value)
{
	return isnan(spec->default_value) && value < 0;
}

/* Add the value of an option in the struct to a JSON object. */
static void
encode_option(StringInfo json, const char *key, const OptionSpec *spec, const void *options)
{
	const char *place = (const char *) options + spec->offset;

	switch (spec->type)
	{
		case OPTION_BOOL:
			json_add_bool(json, key, *(const bool *) place);
			break;
		case OPTION_INT:
			if (is_left_open(spec, *(const int *) place))
				json_add_raw(json, key, "null");
			else
				json_add_integer(json, key, *(const int *) place);
			break;
		case OPTION_REAL:
			json_add_number(json, key, *(const double *) place);
			break;
		case OPTION_ENUM:
			json_add_string(json, key, is_left_open(spec, *(const int *) place) ? NULL :
							spec->values[*(const int *) place]);
			break;
		case OPTION_TEXT:
			json_add_string(json, key, *(char *const *) place);
			break;
		case OPTION_NAMES:
			json_add_raw(json, key, names_to_json(*(List *const *) place));
			break;
		case OPTION_JSON:
			json_add_raw(json, key, *(Jsonb *const *) place == NULL ? "null" :
						 json_to_cstring(*(Jsonb *const *) place));
			break;
	}
}

/* All options with their values, as the JSON object that gives the same. */
Jsonb *
options_encode(const OptionTable *table, const void *options)
{
	StringInfoData json;

	json_start(&json);
	for (int i = 0; i < option_count(table); i++)
		encode_option(&json, option_at(table, i)->name, option_at(table, i), options);
	return json_finish(&json);
}

/*
 * Add the default of an option to its description; null where it depends on
 * other things.
 */
static void
describe_default(StringInfo json, const OptionSpec *spec)
{
	if (isnan(spec->default_value))
		json_add_raw(json, "default", "null");
	else if (spec->type == OPTION_BOOL)
		json_add_bool(json, "default", spec->default_value != 0);
	else if (spec->type == OPTION_ENUM)
		json_add_string(json, "default", spec->values[(int) spec->default_value]);
	else
		add_number_or_null(json, "default", spec, spec->default_value);
}

/* The description of one option, a JSON object as text. */
static char *
describe_option(const OptionSpec *spec)
{
	static const char *const type_names[] = {
		"bool", "int", "real", "enum", "text", "names", "json"
	};
	StringInfoData json;

	json_start(&json);
	json_add_string(&json, "name", spec->name);
	json_add_string(&json, "type", type_names[spec->type]);
	describe_default(&json, spec);
	if (spec->type == OPTION_INT || spec->type == OPTION_REAL)
	{
		add_number_or_null(&json, "min", spec, spec->min);
		add_number_or_null(&json, "max", spec, spec->max);
	}
	if (spec->values != NULL)
		json_add_string(&json, "values", list_names(spec->values));
	json_add_string(&json, "help", spec->help);
	appendStringInfoChar(&json, '}');
	return json.data;
}

/* The options of an algorithm as a JSON array of objects, for people. */
Jsonb *
options_describe(const OptionTable *table)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < option_count(table); i++)
		appendStringInfo(&json, "%s%s", i > 0 ? ", " : "",
						 describe_option(option_at(table, i)));
	appendStringInfoChar(&json, ']');
	return json_from_cstring(json.data);
}
