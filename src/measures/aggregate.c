/*
 * aggregate.c
 *		What the aggregates share: the memory of their states, combining and
 *		deserializing them.
 */
#include "postgres.h"
#include "compat.h"

#include "measures/aggregate.h"

/*
 * The memory context that lives as long as the aggregate's states.  Error: the
 * function was not called by an aggregate.
 */
MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

/*
 * The states to combine in *into and *from, of "size" bytes; false if *into is
 * the result already.  If the first state is null, it is replaced by a copy of
 * the second that lives as long as the aggregate.
 */
bool
states_to_combine(FunctionCallInfo fcinfo, Size size, void **into, void **from)
{
	MemoryContext context = aggregate_context(fcinfo);

	*into = PG_ARGISNULL(0) ? NULL : PG_GETARG_POINTER(0);
	*from = PG_ARGISNULL(1) ? NULL : PG_GETARG_POINTER(1);
	if (*into == NULL && *from != NULL)
	{
		*into = MemoryContextAlloc(context, size);
		memcpy(*into, *from, size);
		return false;
	}
	return *from != NULL;
}

/*
 * A StringInfo that reads a serialized state.  Error: it does not have exactly
 * the expected number of bytes.  The bytes may come from anybody.
 */
StringInfoData
serialized_input(FunctionCallInfo fcinfo, int expected)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	int			length = VARSIZE_ANY_EXHDR(bytes);
	StringInfoData buf;

	if (length != expected)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid serialized aggregate state"),
				 errdetail("It has %d bytes instead of %d.",
						   length, expected)));
	buf.data = VARDATA_ANY(bytes);
	buf.len = length;
	buf.maxlen = length;
	buf.cursor = 0;
	return buf;
}
