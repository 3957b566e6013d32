/*
 * arguments.c
 *		Arguments that the SQL functions share.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "model/table.h"
#include "ratings/id_type.h"
#include "serving/arguments.h"

/* Error if an argument is null. */
void
require_not_null(FunctionCallInfo fcinfo, int n, const char *argument)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", argument)));
}

/* Is one of the first so many arguments null? */
bool
has_null_argument(FunctionCallInfo fcinfo, int count)
{
	for (int n = 0; n < count; n++)
		if (PG_ARGISNULL(n))
			return true;
	return false;
}

/* A truth value that is true by default, and so for NULL. */
bool
true_unless_said(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) || PG_GETARG_BOOL(n);
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

/* Error: an argument that is to be one id is of a type that has none. */
static void
report_no_id(Oid type, Side side, const char *problem)
{
	const char *one = side == SIDE_ITEMS ? "item" : "user";
	bool		array = type_is_array_domain(type);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 array ? errmsg("the id of one %s is wanted, not an array", one) :
			 errmsg("the id of one %s is wanted, not a value of type %s", one,
					format_type_be(type)),
			 array ? errdetail("The argument is of type %s.", format_type_be(type)) :
			 errdetail("%s", problem),
			 type_is_rowtype(type) ? errhint("Pass the column that has the id.") :
			 !array ? errhint("Cast it to text, as the ids were cast in training.") :
			 side == SIDE_ITEMS ?
			 errhint("For several items, call the function for each: FROM unnest(...) AS id, LATERAL ...") :
			 errhint("For several users, call the function for each: FROM unnest(...) AS id, LATERAL ...; for the lists of all users there is recsys_recommend_all.")));
}

/*
 * Prepare to convert the id of a user or an item that an argument is.  Error: its
 * type has no ids.
 */
void
id_argument_init(IdConverter *converter, FunctionCallInfo fcinfo, int n, Side side,
				 MemoryContext context)
{
	Oid			type = argument_type(fcinfo, n);
	const char *problem = id_argument_problem(type);

	if (problem != NULL)
		report_no_id(type, side, problem);
	id_converter_init(converter, type, context);
}

/* The id of a user or an item that an argument is, which is not null. */
Id
id_argument(FunctionCallInfo fcinfo, int n, Side side)
{
	IdConverter converter;

	id_argument_init(&converter, fcinfo, n, side, CurrentMemoryContext);
	return id_from_datum(&converter, PG_GETARG_DATUM(n));
}

/* The model named by an argument, valid while the current context is. */
Model *
model_argument(FunctionCallInfo fcinfo, int n)
{
	return model_open(PG_GETARG_OID(n), model_type(fcinfo), CurrentMemoryContext);
}

/*
 * The number of results asked for; NULL means the default, as it does where a
 * driver passes every argument.  Error: negative.
 */
int
count_argument(FunctionCallInfo fcinfo, int n)
{
	int			count = PG_ARGISNULL(n) ? DEFAULT_COUNT : PG_GETARG_INT32(n);

	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of results must not be negative")));
	return count;
}

/* A column name, or NULL. */
static char *
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
