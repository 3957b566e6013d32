/*
 * id_datum.c
 *		Ids from and to values of SQL types.
 *
 * Ids come in as any type, as arguments and in rows: integers as they are, all
 * others by their text.  That is the text that a cast gives, or where there is
 * none the type's output function; but of types whose text depends on settings,
 * or which write equal values differently, it is a text that stands for the
 * value: of numerics without trailing zeros, of dates and times as ISO 8601
 * writes them, in UTC, and of bytea in hexadecimal.
 *
 * A cast is a function that whoever owns the type may have chosen, and here it
 * runs with the rights of whoever calls.  So it is only called if both its owner
 * and the type's are superusers, or roles that the caller is.
 *
 * Ids go out as the type that the call resolved to.  Where that is a domain its
 * constraints are not checked: they are its owner's code, and the ids are those
 * of the model.
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
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

static char *
text_of_numeric(IdConverter *converter, Datum value)
{
	value = DirectFunctionCall1(numeric_trim_scale, value);
	return DatumGetCString(DirectFunctionCall1(numeric_out, value));
}

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

/* A timestamp, with or without time zone: then it is in UTC. */
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

/* Says in the context of an error which type's function it comes from. */
static void
say_type(void *arg)
{
	errcontext("text of an id of type %s", format_type_be(((IdConverter *) arg)->type));
}

/* As a cast in SQL: to text of any length, explicitly. */
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

/* Error if a role could make the caller run what it likes, and is not he. */
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

/* Have a cast called; as SQL does, it may ask what types it is called with. */
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

/* The function that gives values of a type a text of ours, or NULL. */
static IdText
text_of_ours(Oid type)
{
	switch (type)
	{
		case NUMERICOID:
			return text_of_numeric;
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

/* Find out how a value of another than an integer type becomes text. */
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
 * Prepare to convert ids of a type; function look-ups stay in "context".
 * Error: its cast to text is not to be called.
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

static Id
id_of_value(Oid type, Datum value)
{
	switch (type)
	{
		case INT2OID:
			return id_of_integer(DatumGetInt16(value));
		case INT4OID:
			return id_of_integer(DatumGetInt32(value));
		default:
			return id_of_integer(DatumGetInt64(value));
	}
}

/* The id in a value that is not null. */
Id
id_from_datum(IdConverter *converter, Datum value)
{
	Id			id = {.integer = false};

	switch (converter->form)
	{
		case ID_FORM_INTEGER:
			return id_of_value(converter->type, value);
		case ID_FORM_TEXT:
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
			 errhint("Pass the id as text, for example '5', to get all ids as text, or cast it to the type of the ids in the result.")));
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

/* A value of the converter's type for an id.  Error: it does not fit. */
Datum
id_to_datum(IdConverter *converter, Id id)
{
	char		space[ID_TEXT_BYTES];

	if (converter->form == ID_FORM_INTEGER)
		return integer_to_datum(converter, id);
	id_convert(&id, false, space);
	if (converter->type == TEXTOID || converter->type == VARCHAROID)
		return PointerGetDatum(cstring_to_text_with_len(id.text, id.length));
	return InputFunctionCall(&converter->input, pnstrdup(id.text, id.length),
							 converter->input_param, -1);
}
