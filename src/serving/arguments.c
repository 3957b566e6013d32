/*
 * arguments.c
 *		Arguments and results that the SQL functions share.
 *
 * Ids come in as any type: integers as they are, all others by their text
 * form, as the interaction matrix holds them.  They go out as the type that
 * the call resolved to.
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "serving/arguments.h"

/* Are ids of this type held as integers? */
bool
id_type_is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

/* Prepare to convert ids of a type; function look-ups stay in "context". */
void
id_converter_init(IdConverter *converter, Oid type, MemoryContext context)
{
	Oid			function;
	bool		is_varlena;

	converter->casts = false;
	converter->type = getBaseTypeAndTypmod(type, &converter->typmod);
	if (id_type_is_integer(converter->type) || converter->type == UNKNOWNOID)
		return;
	/* As the cast to text that reads the ratings does. */
	if (find_coercion_pathway(TEXTOID, converter->type, COERCION_EXPLICIT,
							  &function) == COERCION_PATH_FUNC)
		converter->casts = true;
	else
		getTypeOutputInfo(type, &function, &is_varlena);
	fmgr_info_cxt(function, &converter->output, context);
	getTypeInputInfo(type, &function, &converter->input_param);
	fmgr_info_cxt(function, &converter->input, context);
	converter->typmod = -1;
	converter->type = type;
}

/* The id in a value that is not null. */
Id
id_from_datum(IdConverter *converter, Datum value)
{
	Id			id = {.integer = id_type_is_integer(converter->type)};

	switch (converter->type)
	{
		case INT2OID:
			id.number = DatumGetInt16(value);
			break;
		case INT4OID:
			id.number = DatumGetInt32(value);
			break;
		case INT8OID:
			id.number = DatumGetInt64(value);
			break;
		case TEXTOID:
		case VARCHAROID:
			id.text = VARDATA_ANY(PG_DETOAST_DATUM_PACKED(value));
			id.length = VARSIZE_ANY_EXHDR(PG_DETOAST_DATUM_PACKED(value));
			break;
		case UNKNOWNOID:
			id.text = DatumGetCString(value);
			id.length = strlen(id.text);
			break;
		default:
			id.text = converter->casts ?
				TextDatumGetCString(FunctionCall1(&converter->output, value)) :
				OutputFunctionCall(&converter->output, value);
			id.length = strlen(id.text);
	}
	return id;
}

/*
 * Give an id the other form if need be: that of integer ids, or of text ids.
 * Returns false if it is not an integer's text.
 */
bool
id_convert(Id *id, bool integer)
{
	char	   *end;
	char	   *string;

	if (id->integer == integer)
		return true;
	string = id_to_cstring(*id);
	if (!integer)
	{
		id->text = string;
		id->length = strlen(string);
	}
	else
	{
		errno = 0;
		id->number = strtoi64(string, &end, 10);
		if (errno != 0 || end == string || *end != '\0')
			return false;
	}
	id->integer = integer;
	return true;
}

/* Report an id that the type asked for cannot hold. */
static void
report_unfit(const IdConverter *converter, Id id)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("the id \"%s\" does not fit the result type %s",
					id_to_cstring(id), format_type_be(converter->type)),
			 errdetail("The result has the type of the id that was given."),
			 errhint("Give that id as text, for example '5', to have all ids as text, or cast it to the type of the ids you want.")));
}

/* A value of the converter's type for an id.  Error: it does not fit. */
Datum
id_to_datum(IdConverter *converter, Id id)
{
	Id			original = id;

	if (id_type_is_integer(converter->type))
	{
		if (!id_convert(&id, true))
			report_unfit(converter, original);
		if (converter->type == INT8OID)
			return Int64GetDatum(id.number);
		if (converter->type == INT4OID && id.number == (int32) id.number)
			return Int32GetDatum((int32) id.number);
		if (converter->type == INT2OID && id.number == (int16) id.number)
			return Int16GetDatum((int16) id.number);
		report_unfit(converter, original);
	}
	id_convert(&id, false);
	if (converter->type == TEXTOID || converter->type == VARCHAROID)
		return PointerGetDatum(cstring_to_text_with_len(id.text, id.length));
	return InputFunctionCall(&converter->input, pnstrdup(id.text, id.length),
							 converter->input_param, converter->typmod);
}

/* Error if an argument is null. */
void
require_not_null(FunctionCallInfo fcinfo, int n, const char *argument)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", argument)));
}

/* The SQL type of an argument. */
Oid
argument_type(FunctionCallInfo fcinfo, int n)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, n);

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_DATATYPE),
				 errmsg("could not determine the type of argument %d", n + 1)));
	return type;
}

/* The model named by an argument, valid while the current context is. */
Model *
model_argument(FunctionCallInfo fcinfo, int n)
{
	return model_open(PG_GETARG_OID(n), model_type(fcinfo), CurrentMemoryContext);
}

/* The number of results asked for.  Error: negative. */
int
count_argument(FunctionCallInfo fcinfo, int n)
{
	int			count = PG_GETARG_INT32(n);

	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of results must not be negative")));
	return count;
}

/* A column name, or NULL. */
char *
name_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(n)));
}

/* The arguments that say which columns the ratings are in, from the n-th on. */
ColumnNames
columns_argument(FunctionCallInfo fcinfo, int n)
{
	require_not_null(fcinfo, n, "user_col");
	require_not_null(fcinfo, n + 1, "item_col");
	return (ColumnNames) {
		.user = name_argument(fcinfo, n),
		.item = name_argument(fcinfo, n + 1),
		.rating = name_argument(fcinfo, n + 2)
	};
}

static int32
find_id(Model *model, ModelPart part, Id id)
{
	if (!id_convert(&id, model_ids_are_integers(model, part)))
		return -1;
	return model_find_id(model, part, id);
}

/* The dense index of a user, or -1 if the model does not know it. */
int32
find_user(Model *model, Id id)
{
	return find_id(model, PART_USER_IDS, id);
}

/* The dense index of an item, likewise. */
int32
find_item(Model *model, Id id)
{
	return find_id(model, PART_ITEM_IDS, id);
}
