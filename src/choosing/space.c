/*
 * space.c
 *		Settings of an algorithm to be tried.
 *
 * What is varied is what the algorithm declares (engine/space.h), or what the
 * caller says instead: an array lists values, an object is a range, anything
 * else is the same in all settings.
 *
 * A number of a declared axis is drawn around the default, and kept as its
 * distance from that.  A default may depend on the number of ratings: what was
 * found good on a sample then is as far from the default on all of them.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/float.h"

#include "engine/settle.h"
#include "engine/suit.h"
#include "choosing/space.h"
#include "model/json.h"

/* How far a setting near another one is from it, in lengths of an axis. */
#define NEAR .12

/* The chance that such a setting has another one of several values. */
#define CHANGE .25

/* Error: what is given for an option is not a range. */
static void
report_range(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the space has no valid range for option \"%s\"", name),
			 errhint("For example {\"min\": 0.001, \"max\": 1, \"log\": true}.")));
}

/* A range as an axis.  Errors: the option has no range, or this is none. */
static Axis
axis_of_range(const OptionSpec *spec, const char *name, const Jsonb *range)
{
	Axis		axis = {.spec = spec, .absolute = true};

	axis.min = json_get_number(range, "min");
	axis.max = json_get_number(range, "max");
	axis.log = json_get_bool(range, "log");
	if ((spec->type != OPTION_INT && spec->type != OPTION_REAL) ||
		!(axis.min < axis.max) || !isfinite(axis.min) || !isfinite(axis.max) ||
		(axis.log && axis.min <= 0))
		report_range(name);
	if (axis.min < spec->min || axis.max > spec->max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the range of option \"%s\" exceeds what it can be", name),
				 errdetail("It can be from %.15g to %.15g.", spec->min, spec->max)));
	return axis;
}

/* Some values as an axis.  Error: there are none. */
static Axis
axis_of_values(const OptionSpec *spec, const char *name, const Jsonb *array)
{
	Axis		axis = {.spec = spec, .absolute = true};

	if (JB_ROOT_COUNT(array) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the space has no value for option \"%s\"", name)));
	for (uint32 i = 0; i < JB_ROOT_COUNT(array); i++)
		axis.values = lappend(axis.values,
							  json_to_cstring(JsonbValueToJsonb(getIthJsonbValueFromContainer((JsonbContainer *) &array->root, i))));
	return axis;
}

/*
 * What the caller gives for an option: true if it is an axis, which then is
 * the next one of the space.
 */
static bool
add_given_axis(Space *space, const char *name, JsonbValue *value)
{
	const OptionSpec *spec = option_lookup(&space->algorithm->options, name);
	Jsonb	   *container;

	/* An unknown option is an error of whoever reads the options. */
	if (spec == NULL || value->type != jbvBinary)
		return false;
	container = JsonbValueToJsonb(value);
	if (JB_ROOT_IS_ARRAY(container) ? option_takes_array(spec, container) : spec->type == OPTION_JSON)
		return false;
	space->axis[space->axes++] = JB_ROOT_IS_ARRAY(container) ?
		axis_of_values(spec, name, container) : axis_of_range(spec, name, container);
	return true;
}

/* Take apart what the caller gives: axes, and what every setting has. */
static void
take_given(Space *space, const Jsonb *given)
{
	JsonbIterator *iterator = JsonbIteratorInit((JsonbContainer *) &given->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	StringInfoData fixed;

	json_start(&fixed);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (!add_given_axis(space, name, &value))
			json_add_raw(&fixed, name, json_to_cstring(JsonbValueToJsonb(&value)));
	}
	space->fixed = json_finish(&fixed);
}

/* The values of a declared axis as a list. */
static List *
declared_values(const SearchAxis *declared)
{
	List	   *values = NIL;

	for (int i = 0; declared->values != NULL && declared->values[i] != NULL; i++)
		values = lappend(values, pstrdup(declared->values[i]));
	return values;
}

/* The axes that the algorithm declares, but for options that are fixed. */
static void
take_declared(Space *space)
{
	const SearchSpace *declared = &space->algorithm->space;

	for (int i = 0; i < declared->axes; i++)
	{
		const SearchAxis *from = &declared->axis[i];
		JsonbValue	value;

		if (json_get(space->fixed, from->option, &value))
			continue;
		space->axis[space->axes] = (Axis) {
			.spec = option_lookup(&space->algorithm->options, from->option),
				.min = from->min,
				.max = from->max,
				.log = from->log,
				.values = declared_values(from)
		};
		Assert(space->axis[space->axes].spec != NULL);
		space->axes++;
	}
}

/*
 * The settings of an algorithm, palloc'd.  given: a JSON object.  Where it has
 * neither an array nor a range the algorithm's own space is searched.  Errors:
 * what is given is no object, or has an empty array or a wrong range.
 */
Space *
space_create(const Algorithm *algorithm, const Jsonb *given)
{
	Space	   *space = palloc0(sizeof(Space));

	if (!JB_ROOT_IS_OBJECT(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the space must be a JSON object"),
				 errhint("For example '{\"factors\": [16, 32], \"regularization\": {\"min\": 0.001, \"max\": 1, \"log\": true}}'.")));
	space->algorithm = algorithm;
	space->axis = palloc(sizeof(Axis) * (JB_ROOT_COUNT(given) + algorithm->space.axes + 1));
	take_given(space, given);
	if (space->axes == 0)
		take_declared(space);
	return space;
}

/* The setting that has all defaults.  Palloc'd, as are the others. */
double *
space_default(const Space *space)
{
	double	   *place = palloc(sizeof(double) * (space->axes + 1));

	for (int i = 0; i < space->axes; i++)
		place[i] = get_float8_nan();
	return place;
}

/* Any place on an axis. */
static double
draw_place(const Axis *axis, RandomStream *stream)
{
	if (axis->values != NIL)
		return random_below(stream, list_length(axis->values));
	return random_uniform(stream) - (axis->absolute ? 0 : .5);
}

/* Any setting. */
double *
space_draw(const Space *space, RandomStream *stream)
{
	double	   *place = space_default(space);

	for (int i = 0; i < space->axes; i++)
		place[i] = draw_place(&space->axis[i], stream);
	return place;
}

/* A place on an axis near another one. */
static double
draw_place_near(const Axis *axis, double from, RandomStream *stream)
{
	double		least = axis->absolute ? 0 : -1;

	if (axis->values != NIL)
		return random_uniform(stream) < CHANGE ? draw_place(axis, stream) : from;
	if (isnan(from) && axis->absolute)
		return draw_place(axis, stream);
	return Min(Max((isnan(from) ? 0 : from) + NEAR * random_normal(stream), least), 1);
}

/* A setting near another one. */
double *
space_draw_near(const Space *space, const double *place, RandomStream *stream)
{
	double	   *drawn = space_default(space);

	for (int i = 0; i < space->axes; i++)
		drawn[i] = draw_place_near(&space->axis[i], place[i], stream);
	return drawn;
}

/* The number that an option has in the struct of options. */
static double
number_in(const OptionSpec *spec, const void *options)
{
	const char *member = (const char *) options + spec->offset;

	return spec->type == OPTION_INT ? *(const int *) member : *(const double *) member;
}

/* The number at a place, given the default. */
static double
number_at(const Axis *axis, double place, double base)
{
	double		value;

	if (axis->absolute)
		base = axis->min;
	else if (axis->log)
		base = Max(base, axis->min);
	value = axis->log ? base * pow(axis->max / axis->min, place) :
		base + (axis->max - axis->min) * place;
	value = Min(Max(value, axis->min), axis->max);
	return axis->spec->type == OPTION_INT ? rint(value) : value;
}

/* The JSON of an option at a place; NULL: it is to have its default. */
static const char *
text_at(const Axis *axis, double place, const void *defaults)
{
	if (isnan(place))
		return NULL;
	if (axis->values != NIL)
		return list_nth(axis->values, (int) place);
	/* Three digits are for people, and no search is that fine. */
	return psprintf(axis->spec->type == OPTION_INT ? "%.0f" : "%.3g",
					number_at(axis, place, number_in(axis->spec, defaults)));
}

/*
 * The options of a setting as a JSON object, for ratings of which this is known.
 * common and has_values are as in train_component_options.
 */
Jsonb *
space_options(const Space *space, const double *place, const CommonOptions *common,
			  bool has_values, const DataTraits *traits)
{
	void	   *defaults = options_suited(space->algorithm,
										  train_component_options(space->algorithm, space->fixed,
																  common, has_values),
										  traits);
	StringInfoData json;

	json_start(&json);
	for (int i = 0; i < space->axes; i++)
	{
		const char *text = text_at(&space->axis[i], place[i], defaults);

		if (text != NULL)
			json_add_raw(&json, space->axis[i].spec->name, text);
	}
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(space->fixed),
											  JsonbPGetDatum(json_finish(&json))));
}
