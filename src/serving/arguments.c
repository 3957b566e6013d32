/*
 * arguments.c
 *		Arguments that the SQL functions share.
 */
#include "postgres.h"
#include "compat.h"

#include "model/table.h"
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
