/*
 * fcp.c
 *		The aggregate fcp: the share of concordant pairs of predictions.
 *
 * It is here and not beside the other aggregates of errors, because users are
 * told apart by their ids as ratings hold them.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "evaluation/concordance.h"
#include "measures/aggregate.h"
#include "ratings/id_datum.h"
#include "ratings/id_type.h"
#include "ratings/ids_builder.h"
#include "serving/arguments.h"

/* The state of the aggregate: everything, because pairs need all of a user. */
typedef struct FcpState
{
	IdConverter converter;
	IdsBuilder *users;
	Prediction *prediction;
	int64		count;
	int64		capacity;
} FcpState;

/* Error unless values of a type can be told apart by what is kept of them. */
static void
require_ids(Oid type, Oid collation)
{
	const char *problem = type == UNKNOWNOID ? NULL : id_type_problem(type, collation);

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("users cannot be of type %s", format_type_be(type)),
				 errdetail("%s", problem),
				 errhint("Cast them to text, so that equal values have the same text.")));
}

/* A new state, in the current memory context. */
static FcpState *
fcp_state(FunctionCallInfo fcinfo)
{
	FcpState   *state = palloc0(sizeof(FcpState));

	id_converter_init(&state->converter, argument_type(fcinfo, 1), CurrentMemoryContext);
	require_ids(state->converter.type, PG_GET_COLLATION());
	state->users = ids_builder_create(id_type_is_integer(state->converter.type));
	state->capacity = 1024;
	state->prediction = palloc(sizeof(Prediction) * state->capacity);
	return state;
}

/* Append a prediction. */
static void
fcp_add(FcpState *state, Id user, double predicted, double actual)
{
	Prediction *prediction;

	if (state->count == state->capacity)
	{
		state->capacity *= 2;
		state->prediction = repalloc_huge(state->prediction,
										  mul_size(sizeof(Prediction), state->capacity));
	}
	prediction = &state->prediction[state->count++];
	prediction->user = ids_builder_add(state->users, user);
	prediction->predicted = predicted;
	prediction->actual = actual;
}

/* Transition function (internal, user "any", prediction, actual). */
PG_FUNCTION_INFO_V1(recsys_fcp_accum);
Datum
recsys_fcp_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	FcpState   *state;
	MemoryContext old;
	Id			user;

	if (PG_ARGISNULL(0))
	{
		old = MemoryContextSwitchTo(context);
		state = fcp_state(fcinfo);
		MemoryContextSwitchTo(old);
	}
	else
		state = (FcpState *) PG_GETARG_POINTER(0);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3) ||
		isnan(PG_GETARG_FLOAT8(2)) || isnan(PG_GETARG_FLOAT8(3)))
		PG_RETURN_POINTER(state);

	/* The id's text is the row's; the builder makes its own copy. */
	user = id_from_datum(&state->converter, PG_GETARG_DATUM(1));
	old = MemoryContextSwitchTo(context);
	fcp_add(state, user, PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3));
	MemoryContextSwitchTo(old);
	PG_RETURN_POINTER(state);
}

/* Final function of fcp; the state is used up. */
PG_FUNCTION_INFO_V1(recsys_fcp_final);
Datum
recsys_fcp_final(PG_FUNCTION_ARGS)
{
	FcpState   *state;
	double		fraction;

	aggregate_context(fcinfo);
	state = (FcpState *) PG_GETARG_POINTER(0);
	fraction = fraction_of_concordant_pairs(state->prediction, state->count);
	if (isnan(fraction))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(fraction);
}
