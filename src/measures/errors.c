/*
 * errors.c
 *		Aggregates over predictions and what came true: mse, rmse, mae, mape.
 *
 * One state serves all four, and only the final functions differ.  A row in
 * which either number is null is skipped.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "fmgr.h"
#include "libpq/pqformat.h"

#include "measures/aggregate.h"

/* The state of all four aggregates. */
typedef struct ErrorSums
{
	int64		n;
	double		squares;
	double		absolute;
	int64		relative_n;		/* rows whose actual value is not zero */
	double		relative;		/* sum of |error / actual| over them */
} ErrorSums;

#define SERIALIZED_ERRORS (2 * sizeof(int64) + 3 * sizeof(float8))

/* Add a prediction and what came true to the sums. */
static void
add_error(ErrorSums *sums, double prediction, double actual)
{
	double		error = prediction - actual;

	sums->n++;
	sums->squares += error * error;
	sums->absolute += fabs(error);
	if (actual != 0)
	{
		sums->relative_n++;
		sums->relative += fabs(error / actual);
	}
}

/* Transition function (internal, prediction, actual). */
PG_FUNCTION_INFO_V1(recsys_error_accum);
Datum
recsys_error_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ErrorSums  *sums;

	sums = PG_ARGISNULL(0) ? MemoryContextAllocZero(context, sizeof(ErrorSums)) :
		(ErrorSums *) PG_GETARG_POINTER(0);
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		add_error(sums, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));
	PG_RETURN_POINTER(sums);
}

/* Combine function. */
PG_FUNCTION_INFO_V1(recsys_error_combine);
Datum
recsys_error_combine(PG_FUNCTION_ARGS)
{
	void	   *into;
	void	   *from;

	if (states_to_combine(fcinfo, sizeof(ErrorSums), &into, &from))
	{
		ErrorSums  *sums = into;
		const ErrorSums *other = from;

		sums->n += other->n;
		sums->squares += other->squares;
		sums->absolute += other->absolute;
		sums->relative_n += other->relative_n;
		sums->relative += other->relative;
	}
	if (into == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(into);
}

/* Serialization, field by field in network byte order. */
PG_FUNCTION_INFO_V1(recsys_error_serialize);
Datum
recsys_error_serialize(PG_FUNCTION_ARGS)
{
	const ErrorSums *sums;
	StringInfoData buf;

	aggregate_context(fcinfo);
	sums = (ErrorSums *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	pq_sendint64(&buf, sums->n);
	pq_sendint64(&buf, sums->relative_n);
	pq_sendfloat8(&buf, sums->squares);
	pq_sendfloat8(&buf, sums->absolute);
	pq_sendfloat8(&buf, sums->relative);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Deserialization; the state lives in the current memory context. */
PG_FUNCTION_INFO_V1(recsys_error_deserialize);
Datum
recsys_error_deserialize(PG_FUNCTION_ARGS)
{
	StringInfoData buf = serialized_input(fcinfo, SERIALIZED_ERRORS);
	ErrorSums  *sums = palloc(sizeof(ErrorSums));

	sums->n = pq_getmsgint64(&buf);
	sums->relative_n = pq_getmsgint64(&buf);
	sums->squares = pq_getmsgfloat8(&buf);
	sums->absolute = pq_getmsgfloat8(&buf);
	sums->relative = pq_getmsgfloat8(&buf);
	if (sums->n < 0 || sums->n > PG_INT64_MAX / 2 ||
		sums->relative_n < 0 || sums->relative_n > sums->n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid serialized aggregate state"),
				 errdetail("Its counts are out of range.")));
	PG_RETURN_POINTER(sums);
}

/* The sums of an aggregate at its end, or NULL if it had no row. */
static const ErrorSums *
final_sums(FunctionCallInfo fcinfo)
{
	const ErrorSums *sums;

	aggregate_context(fcinfo);
	sums = (ErrorSums *) PG_GETARG_POINTER(0);
	return sums->n > 0 ? sums : NULL;
}

/* Mean squared error. */
PG_FUNCTION_INFO_V1(recsys_mse_final);
Datum
recsys_mse_final(PG_FUNCTION_ARGS)
{
	const ErrorSums *sums = final_sums(fcinfo);

	if (sums == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sums->squares / sums->n);
}

/* Root of the mean squared error. */
PG_FUNCTION_INFO_V1(recsys_rmse_final);
Datum
recsys_rmse_final(PG_FUNCTION_ARGS)
{
	const ErrorSums *sums = final_sums(fcinfo);

	if (sums == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sqrt(sums->squares / sums->n));
}

/* Mean absolute error. */
PG_FUNCTION_INFO_V1(recsys_mae_final);
Datum
recsys_mae_final(PG_FUNCTION_ARGS)
{
	const ErrorSums *sums = final_sums(fcinfo);

	if (sums == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sums->absolute / sums->n);
}

/* Mean absolute error relative to the actual value, where that is not zero. */
PG_FUNCTION_INFO_V1(recsys_mape_final);
Datum
recsys_mape_final(PG_FUNCTION_ARGS)
{
	const ErrorSums *sums = final_sums(fcinfo);

	if (sums == NULL || sums->relative_n == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sums->relative / sums->relative_n);
}
