/*
 * split_options.c
 *		How a split is asked for, in JSON.
 *
 * Each method has its own members besides the common ones; what is misspelt,
 * belongs to another method, is of the wrong type or out of range is refused.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/numeric.h"

#include "engine/names.h"
#include "evaluation/split_options.h"
#include "model/json.h"

const char *const split_methods[] = {
	"random", "per_user", "leave_one_out", "temporal", "users", "given", NULL
};

#define METHOD(name) (1 << SPLIT_##name)
#define EVERY_METHOD (~0)
#define METHOD_OF_TIME \
	(METHOD(PER_USER) | METHOD(LEAVE_ONE_OUT) | METHOD(TEMPORAL) | METHOD(USERS))

/* By ListGain. */
static const char *const gain_names[] = {"binary", "exponential", "linear", NULL};

/* The members, and which methods have them. */
static const char *const member_names[] = {
	"method", "seed", "test", "time_col", "after", "known", "negatives",
	"sampled_negatives", "relevant_from", "gain", "exclude_seen", "metrics", NULL
};

static const int member_methods[] = {
	EVERY_METHOD,
	EVERY_METHOD,
	METHOD(RANDOM) | METHOD(PER_USER) | METHOD(TEMPORAL) | METHOD(USERS) | METHOD(GIVEN),
	METHOD_OF_TIME,
	METHOD(TEMPORAL),
	METHOD(USERS),
	EVERY_METHOD,
	EVERY_METHOD,
	EVERY_METHOD,
	EVERY_METHOD,
	EVERY_METHOD,
	EVERY_METHOD
};

StaticAssertDecl(lengthof(member_methods) == lengthof(member_names) - 1,
				 "members and their methods differ in number");

/* Error: the method has no member of that name. */
static void
require_member(const char *name, SplitMethod method)
{
	for (int i = 0; member_names[i] != NULL; i++)
	{
		if (strcmp(member_names[i], name) != 0)
			continue;
		if ((member_methods[i] & (1 << method)) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a split by method \"%s\" has no \"%s\"",
							split_methods[method], name)));
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a split has no \"%s\"", name),
			 errhint("%sWhich members a split has depends on its method.", suggestion(name, member_names))));
}

/* Error: a member that is unknown, or that the method has not. */
static void
require_members(const Jsonb *given, SplitMethod method)
{
	JsonbIterator *iterator = JsonbIteratorInit((JsonbContainer *) &given->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			require_member(pnstrdup(value.val.string.val, value.val.string.len), method);
}

/* Look up a member; a JSON null is as if it were not there. */
static bool
get_member(const Jsonb *given, const char *name, JsonbValue *value)
{
	return json_get(given, name, value) && value->type != jbvNull;
}

/* Error: a member is of another type than it should be. */
static void
report_wrong_type(const char *name, const char *wanted, const JsonbValue *value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" of a split must be %s", name, wanted),
			 errdetail("It was given as %s.", json_value_in_words(value))));
}

/* A number within bounds, or "absent" if it is not given. */
static double
number_member(const Jsonb *given, const char *name, double absent, double min, double max,
			  bool integer)
{
	JsonbValue	value;
	double		number;

	if (!get_member(given, name, &value))
		return absent;
	if (value.type != jbvNumeric)
		report_wrong_type(name, integer ? "an integer" : "a number", &value);
	number = json_value_number(&value);
	if (integer && number != rint(number))
		report_wrong_type(name, "an integer", &value);
	if (!(number >= min && number <= max))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of a split is out of range: %g", name, number),
				 errdetail("It can be from %.15g to %.15g.", min, max)));
	return number;
}

/* A share that leaves something on both sides. */
static double
share_member(const Jsonb *given, const char *name, double absent)
{
	return number_member(given, name, absent, 1e-6, 1 - 1e-6, false);
}

/* A string, or NULL if it is not given. */
static char *
text_member(const Jsonb *given, const char *name)
{
	JsonbValue	value;

	if (!get_member(given, name, &value))
		return NULL;
	if (value.type != jbvString)
		report_wrong_type(name, "a string", &value);
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* A time, which may be a number or a string. */
static char *
time_member(const Jsonb *given, const char *name)
{
	JsonbValue	value;

	if (get_member(given, name, &value) && value.type == jbvNumeric)
		return DatumGetCString(DirectFunctionCall1(numeric_out,
												   NumericGetDatum(value.val.numeric)));
	return text_member(given, name);
}

/* A truth value, or "absent" if it is not given. */
static bool
bool_member(const Jsonb *given, const char *name, bool absent)
{
	JsonbValue	value;

	if (!get_member(given, name, &value))
		return absent;
	if (value.type != jbvBool)
		report_wrong_type(name, "true or false", &value);
	return value.val.boolean;
}

/* The metric that an element of an array names, as a bit. */
static MetricSet
metric_element(const char *name, const JsonbValue *element)
{
	if (element->type != jbvString)
		report_wrong_type(name, "an array of names of metrics", element);
	return METRIC_BIT(enum_parse("metric", pnstrdup(element->val.string.val, element->val.string.len),
								 metric_names));
}

/* An array of names of metrics, or 0 if it is not given.  Error: it is empty. */
static MetricSet
metrics_member(const Jsonb *given, const char *name)
{
	JsonbValue	value;
	MetricSet	metrics = 0;

	if (!get_member(given, name, &value))
		return 0;
	if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		report_wrong_type(name, "an array of names of metrics", &value);
	for (uint32 i = 0; i < JsonContainerSize(value.val.binary.data); i++)
		metrics |= metric_element(name, getIthJsonbValueFromContainer(value.val.binary.data, i));
	if (metrics == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of a split names no metric", name),
				 errhint("Leave it out to measure all.")));
	return metrics;
}

/* How gains are made of ratings; binary if it is not given. */
static ListGain
gain_member(const Jsonb *given, const char *name)
{
	char	   *gain = text_member(given, name);

	return gain == NULL ? LIST_GAIN_BINARY : enum_parse(name, gain, gain_names);
}

/* A relation by its name, or InvalidOid. */
static Oid
relation_member(const Jsonb *given, const char *name)
{
	char	   *text = text_member(given, name);

	return text == NULL ? InvalidOid :
		DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(text)));
}

/* Error: a member that is needed is missing, or two exclude each other. */
static void
require_consistent(const SplitOptions *options, const Jsonb *given)
{
	JsonbValue	value;

	if (options->method == SPLIT_TEMPORAL && options->time_col == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a split by method \"temporal\" needs \"time_col\""),
				 errhint("For example '{\"method\": \"temporal\", \"time_col\": \"rated_at\", \"test\": 0.2}'.")));
	if (options->method == SPLIT_GIVEN && !OidIsValid(options->test))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a split by method \"given\" needs \"test\", the name of a relation"),
				 errhint("For example '{\"method\": \"given\", \"test\": \"held_out\"}'.")));
	if (options->after != NULL && get_member(given, "test", &value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a split cannot have both \"after\" and \"test\"")));
	if (OidIsValid(options->negatives) && options->sampled_negatives > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a split cannot have both \"negatives\" and \"sampled_negatives\"")));
}

/* Can the time of a rating decide what is held out by this method? */
static bool
method_has_time(SplitMethod method)
{
	return (METHOD_OF_TIME & (1 << method)) != 0;
}

/*
 * The options of a split.  Training may have been told which column is the
 * time: then that is what the split goes by, unless it names another one.
 * Errors: those of reading members, and members that exclude each other.
 */
SplitOptions
split_parse(const Jsonb *given, char *time_col)
{
	SplitOptions options = {0};
	char	   *method;

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a split must be a JSON object"),
				 errhint("For example '{\"method\": \"random\", \"test\": 0.2}'.")));
	method = text_member(given, "method");
	options.method = method == NULL ? SPLIT_RANDOM : enum_parse("method", method, split_methods);
	require_members(given, options.method);
	options.seed = (int) number_member(given, "seed", 0, PG_INT32_MIN, PG_INT32_MAX, true);
	options.time_col = text_member(given, "time_col");
	if (options.time_col == NULL && method_has_time(options.method))
		options.time_col = time_col;
	options.after = time_member(given, "after");
	options.known = share_member(given, "known", .8);
	options.negatives = relation_member(given, "negatives");
	options.sampled_negatives = (int) number_member(given, "sampled_negatives", 0, 1, 1e6, true);
	options.relevant_from = number_member(given, "relevant_from", -get_float8_infinity(),
										  -FLT_MAX, FLT_MAX, false);
	options.gain = gain_member(given, "gain");
	options.include_seen = !bool_member(given, "exclude_seen", true);
	options.metrics = metrics_member(given, "metrics");
	if (options.method == SPLIT_GIVEN)
		options.test = relation_member(given, "test");
	else
		options.share = share_member(given, "test", .2);
	require_consistent(&options, given);
	return options;
}
