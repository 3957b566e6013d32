/*
 * id_datum.c
 *		Ids from and to values of SQL types.
 *
 * Ids come in as values of any type, as arguments and in rows.  Integers are
 * taken as they are, all others by their text: the text that the type's cast
 * gives, or, where there is none, its output function.  The text of some types
 * depends on settings, or differs between equal values; those have a text made
 * here: numerics without trailing zeros, dates and times as in ISO 8601, in UTC,
 * and bytea in hexadecimal.  Floats, in which no column can have ids, but a
 * driver may pass them, are taken as the integer that they are, or else with as
 * many digits as it takes.
 *
 * A cast is a function that the owner of the type may have chosen, and here it
 * runs with the privileges of the caller.  So it is only called if the owner of
 * the function and the owner of the type are superusers, or roles that the
 * caller is a member of.
 *
 * Ids go out as the type that the call resolved to.  If that is a domain, its
 * constraints are not checked: they are its owner's code, and the ids are those
 * of the model.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "ratings/id_datum.h"
#include "ratings/id_type.h"
#include "ratings/trust.h"

/* Up to here each integer is a double. */
#define EXACT_INTEGERS 9007199254740992.0

/* A numeric without trailing zeros. */
static char *
text_of_numeric(IdConverter *converter, Datum value)
{
	value = DirectFunctionCall1(numeric_trim_scale, value);
	return DatumGetCString(DirectFunctionCall1(numeric_out, value));
}

/* A float as the integer that it is, or else with the digits that tell it from others. */
static char *
text_of_float(IdConverter *converter, Datum value)
{
	bool		single = converter->type == FLOAT4OID;
	double		number = single ? DatumGetFloat4(value) : DatumGetFloat8(value);
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	if (number == rint(number) && fabs(number) <= EXACT_INTEGERS)
		return psprintf(INT64_FORMAT, (int64) number);
	if (single)
		float_to_shortest_decimal_buf((float) number, text);
	else
		double_to_shortest_decimal_buf(number, text);
	return text;
}

/* A date as ISO 8601 writes it. */
static char *
text_of_date(IdConverter *converter, Datum value)
{
	DateADT		date = DatumGetDateADT(value);
	struct pg_tm tm;
	char		text[MAXDATELEN + 1];

	if (DATE_NOT_FINITE(date))
		EncodeSpecialDate(date, text);
	else
	{
		j2date(date + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		EncodeDateOnly(&tm, USE_ISO_DATES, text);
	}
	return pstrdup(text);
}

/* A timestamp as ISO 8601 writes it, with time zone in UTC. */
static char *
text_of_timestamp(IdConverter *converter, Datum value)
{
	Timestamp	timestamp = DatumGetTimestamp(value);
	struct pg_tm tm;
	fsec_t		fraction;
	char		text[MAXDATELEN + 1];

	if (TIMESTAMP_NOT_FINITE(timestamp))
		EncodeSpecialTimestamp(timestamp, text);
	else if (timestamp2tm(timestamp, NULL, &tm, &fraction, NULL, NULL) == 0)
	{
		/* Otherwise the zone would not be shown. */
		tm.tm_isdst = 0;
		EncodeDateTime(&tm, fraction, converter->type == TIMESTAMPTZOID, 0, NULL,
					   USE_ISO_DATES, text);
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return pstrdup(text);
}

/* Bytes in hexadecimal, whatever bytea_output is. */
static char *
text_of_bytea(IdConverter *converter, Datum value)
{
	bytea	   *bytes = PG_DETOAST_DATUM_PACKED(value);
	Size		length = VARSIZE_ANY_EXHDR(bytes);
	char	   *text = palloc(mul_size(length, 2) + 3);

	text[0] = '\\';
	text[1] = 'x';
	text[2 + hex_encode(VARDATA_ANY(bytes), length, text + 2)] = '\0';
	return text;
}

/* Add the type whose function failed to the context of an error. */
static void
say_type(void *arg)
{
	errcontext("text of an id of type %s", format_type_be(((IdConverter *) arg)->type));
}

/* Call the type's cast to text, as an explicit cast to text of any length. */
static char *
call_cast(IdConverter *converter, Datum value)
{
	LOCAL_FCINFO(call, 3);
	Datum		result;

	InitFunctionCallInfoData(*call, &converter->output, converter->arguments,
							 converter->collation, NULL, NULL);
	call->args[0] = (NullableDatum) {.value = value};
	call->args[1] = (NullableDatum) {.value = Int32GetDatum(-1)};
	call->args[2] = (NullableDatum) {.value = BoolGetDatum(true)};
	result = FunctionCallInvoke(call);
	if (call->isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("could not convert an id of type %s to text", format_type_be(converter->type)),
				 errdetail("The cast from that type to text returned NULL.")));
	return TextDatumGetCString(result);
}

/* The text that the type's own cast or output function gives. */
static char *
text_by_type(IdConverter *converter, Datum value)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = say_type,
		.arg = converter
	};
	char	   *text;

	error_context_stack = &context;
	text = converter->arguments > 0 ? call_cast(converter, value) :
		OutputFunctionCall(&converter->output, value);
	error_context_stack = context.previous;
	return text;
}

/* The role that owns a function. */
static Oid
owner_of_function(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Error if a role whose code would run with the caller's privileges is not one
 * that the caller has reason to trust.
 */
static void
require_trust(Oid owner, Oid type)
{
	if (role_is_trusted(owner))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("could not read ids of type %s", format_type_be(type)),
			 errdetail("Its cast to text was defined by role \"%s\" and would run with your privileges.",
					   GetUserNameFromId(owner, false)),
			 errhint("Create a view that converts the ids with format('%%s', ...), which does not call the cast.")));
}

/*
 * Prepare to call a cast function.  As in SQL, it may ask which types it is
 * called with.  Error: it must not be called.
 */
static void
use_cast(IdConverter *converter, Oid function, MemoryContext context)
{
	MemoryContext old;
	List	   *arguments;
	FuncExpr   *call;

	require_trust(owner_of_type(converter->type), converter->type);
	require_trust(owner_of_function(function), converter->type);
	if (pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(function));
	converter->arguments = get_func_nargs(function);
	converter->collation = get_typcollation(converter->type);
	fmgr_info_cxt(function, &converter->output, context);
	old = MemoryContextSwitchTo(context);
	arguments = list_make3(makeNullConst(converter->type, -1, converter->collation),
						   makeNullConst(INT4OID, -1, InvalidOid),
						   makeNullConst(BOOLOID, -1, InvalidOid));
	call = makeFuncExpr(function, TEXTOID, list_truncate(arguments, converter->arguments),
						InvalidOid, converter->collation, COERCE_EXPLICIT_CAST);
	fmgr_info_set_expr((Node *) call, &converter->output);
	MemoryContextSwitchTo(old);
}

/*
 * The function here that gives values of a type their text, or NULL: the
 * type's own does.
 */
static IdText
text_of_ours(Oid type)
{
	switch (type)
	{
		case NUMERICOID:
			return text_of_numeric;
		case FLOAT4OID:
		case FLOAT8OID:
			return text_of_float;
		case DATEOID:
			return text_of_date;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return text_of_timestamp;
		case BYTEAOID:
			return text_of_bytea;
		default:
			return NULL;
	}
}

/* Find out how a value of a type that is not an integer becomes text. */
static void
find_text(IdConverter *converter, MemoryContext context)
{
	Oid			function;
	bool		is_varlena;
	CoercionPathType path;

	converter->form = ID_FORM_CONVERTED;
	converter->to_text = text_of_ours(converter->type);
	if (converter->to_text != NULL)
		return;
	converter->to_text = text_by_type;
	path = find_coercion_pathway(TEXTOID, converter->type, COERCION_EXPLICIT, &function);
	if (path == COERCION_PATH_RELABELTYPE)
		converter->form = ID_FORM_TEXT;
	else if (path == COERCION_PATH_FUNC)
		use_cast(converter, function, context);
	else
	{
		getTypeOutputInfo(converter->type, &function, &is_varlena);
		fmgr_info_cxt(function, &converter->output, context);
	}
}

/*
 * Prepare to convert ids of a type; what is looked up stays in "context".
 * Error: the type's cast to text must not be called.
 */
void
id_converter_init(IdConverter *converter, Oid type, MemoryContext context)
{
	Oid			function;

	memset(converter, 0, sizeof(*converter));
	converter->type = getBaseType(type);
	if (id_type_is_integer(converter->type))
		converter->form = ID_FORM_INTEGER;
	else if (converter->type == UNKNOWNOID)
		converter->form = ID_FORM_LITERAL;
	else if (converter->type == TEXTOID || converter->type == VARCHAROID)
		converter->form = ID_FORM_TEXT;
	else
		find_text(converter, context);
	getTypeInputInfo(converter->type, &function, &converter->input_param);
	fmgr_info_cxt(function, &converter->input, context);
}

/* The id in a value that is not null.  Its text is the value's, or palloc'd. */
Id
id_from_datum(IdConverter *converter, Datum value)
{
	Id			id = {.integer = false};

	switch (converter->form)
	{
		case ID_FORM_INTEGER:
			return id_of_value(converter->type, value);
		case ID_FORM_TEXT:
			/* Another type than text may be stored as text is. */
			return id_of_text(PG_DETOAST_DATUM_PACKED(value));
		case ID_FORM_LITERAL:
			id.text = DatumGetCString(value);
			break;
		case ID_FORM_CONVERTED:
			id.text = converter->to_text(converter, value);
			break;
	}
	id.length = strlen(id.text);
	return id;
}

/* Report an id that the type asked for cannot hold. */
static void
report_unfit(const IdConverter *converter, Id id)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("id \"%s\" does not fit the result type %s",
					id_to_cstring(id), format_type_be(converter->type)),
			 errdetail("Ids are returned in the type of the id that was passed."),
			 errhint("Pass the id as text, for example '5', to get all ids as text, or cast it to a type that holds them all, for example $1::bigint.")));
}

/* A value of the converter's integer type for an id. */
static Datum
integer_to_datum(IdConverter *converter, Id id)
{
	Id			original = id;

	if (!id_convert(&id, true, NULL))
		report_unfit(converter, original);
	if (converter->type == INT8OID)
		return Int64GetDatum(id.number);
	if (converter->type == INT4OID && id.number == (int32) id.number)
		return Int32GetDatum((int32) id.number);
	if (converter->type == INT2OID && id.number == (int16) id.number)
		return Int16GetDatum((int16) id.number);
	report_unfit(converter, original);
	return (Datum) 0;
}

/* Say of an error in an input function where the text comes from. */
static void
add_id_context(void *arg)
{
	errcontext("id \"%s\", which is returned in the type of the id that was passed",
			   (const char *) arg);
	errhint("Pass the id as text, for example '5', to get all ids as text.");
}

/* The value of the converter's type that an id's text stands for.  Error: there is none. */
static Datum
text_to_datum(IdConverter *converter, char *text)
{
	ErrorContextCallback callback = {error_context_stack, add_id_context, text};
	Datum		value;

	error_context_stack = &callback;
	value = InputFunctionCall(&converter->input, text, converter->input_param, -1);
	error_context_stack = callback.previous;
	return value;
}

/*
 * A value of the converter's type for an id.  Error: the type cannot hold it.
 */
Datum
id_to_datum(IdConverter *converter, Id id)
{
	char		space[ID_TEXT_BYTES];

	if (converter->form == ID_FORM_INTEGER)
		return integer_to_datum(converter, id);
	id_convert(&id, false, space);
	if (converter->type == TEXTOID || converter->type == VARCHAROID)
		return PointerGetDatum(cstring_to_text_with_len(id.text, id.length));
	return text_to_datum(converter, pnstrdup(id.text, id.length));
}
