/*
 * series_sql.c
 *		SQL functions and aggregates over two series.
 *
 * Every measure of series.c is here twice: as an aggregate over pairs and as
 * a function of two arrays.  A state knows its measure, so only the transition
 * functions differ; the final, combine, serial and inverse functions serve
 * all.  Only jaccard and hamming have an inverse (see series_remove); over a
 * moving window the other aggregates are computed anew for each frame.
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/float.h"

#include "measures/aggregate.h"
#include "measures/series.h"
#include "measures/sets.h"

/* A serialized state: measure, three counts, two series, products. */
#define SERIALIZED_SUMS		(sizeof(int32) + 3 * sizeof(float8))
#define SERIALIZED_STATE	(sizeof(int32) + 3 * sizeof(int64) + \
							 2 * SERIALIZED_SUMS + sizeof(float8))

/* Walks over the elements of a one-dimensional float8[]. */
typedef struct Float8Walk
{
	const float8 *next;
	const bits8 *present;		/* NULL when no element is null */
	int			index;
} Float8Walk;

/*
 * Add the pair of a row to the state, which the first row of a group creates.
 */
static Datum
series_accum(FunctionCallInfo fcinfo, SeriesMeasure measure)
{
	MemoryContext context = aggregate_context(fcinfo);
	SeriesState *state;

	if (PG_ARGISNULL(0))
	{
		state = MemoryContextAlloc(context, sizeof(SeriesState));
		series_init(state, measure);
	}
	else
		state = (SeriesState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		series_add(state, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));

	PG_RETURN_POINTER(state);
}

/* The measure of a state, as the result of an SQL function. */
static Datum
series_value(FunctionCallInfo fcinfo, const SeriesState *state)
{
	float8		value = 0;

	switch (series_finish(state, &value))
	{
		case SERIES_UNDEFINED:
			PG_RETURN_NULL();
		case SERIES_OVERFLOW:
			float_overflow_error();
		case SERIES_VALUE:
			break;
	}
	PG_RETURN_FLOAT8(value);
}

/* Error unless both arrays have one dimension at most. */
static void
check_dimensions(ArrayType *first, ArrayType *second)
{
	if (ARR_NDIM(first) > 1 || ARR_NDIM(second) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays must be one-dimensional"),
				 errdetail("The arrays have %d and %d dimensions.",
						   ARR_NDIM(first), ARR_NDIM(second))));
}

/* The number of elements of both arrays.  Error: they differ in length. */
static int
common_length(ArrayType *first, ArrayType *second)
{
	int			length = ArrayGetNItems(ARR_NDIM(first), ARR_DIMS(first));
	int			other = ArrayGetNItems(ARR_NDIM(second), ARR_DIMS(second));

	if (length != other)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays must have the same length"),
				 errdetail("The arrays have %d and %d elements.",
						   length, other)));
	return length;
}

/* A walk before the first element of an array. */
static Float8Walk
walk_start(ArrayType *array)
{
	Float8Walk	walk;

	walk.next = (const float8 *) ARR_DATA_PTR(array);
	walk.present = ARR_NULLBITMAP(array);
	walk.index = 0;
	return walk;
}

/* Step to the next element; false if it is null.  Nulls take no space. */
static bool
walk_next(Float8Walk *walk, float8 *value)
{
	int			i = walk->index++;

	if (walk->present && !(walk->present[i / 8] & (1 << (i % 8))))
		return false;
	*value = *walk->next++;
	return true;
}

/* A measure of the two arrays of float8 that the function was given. */
static Datum
series_of_arrays(FunctionCallInfo fcinfo, SeriesMeasure measure)
{
	ArrayType  *first = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *second = PG_GETARG_ARRAYTYPE_P(1);
	Float8Walk	walk_x = walk_start(first);
	Float8Walk	walk_y = walk_start(second);
	SeriesState state;
	int			length;

	check_dimensions(first, second);
	length = common_length(first, second);
	series_init(&state, measure);
	for (int i = 0; i < length; i++)
	{
		float8		x = 0;
		float8		y = 0;
		bool		has_x = walk_next(&walk_x, &x);
		bool		has_y = walk_next(&walk_y, &y);

		CHECK_FOR_INTERRUPTS();
		if (has_x && has_y)
			series_add(&state, x, y);
	}
	return series_value(fcinfo, &state);
}

#define SERIES_ACCUM(function, measure) \
	PG_FUNCTION_INFO_V1(function); \
	Datum \
	function(PG_FUNCTION_ARGS) \
	{ \
		return series_accum(fcinfo, measure); \
	}

#define SERIES_OF_ARRAYS(function, measure) \
	PG_FUNCTION_INFO_V1(function); \
	Datum \
	function(PG_FUNCTION_ARGS) \
	{ \
		return series_of_arrays(fcinfo, measure); \
	}

/* Transition functions (internal, float8, float8), one for each measure. */
SERIES_ACCUM(recsys_series_pearson_accum, SERIES_PEARSON)
SERIES_ACCUM(recsys_series_cosine_accum, SERIES_COSINE)
SERIES_ACCUM(recsys_series_msd_accum, SERIES_MSD)
SERIES_ACCUM(recsys_series_jaccard_accum, SERIES_JACCARD)
SERIES_ACCUM(recsys_series_euclidean_accum, SERIES_EUCLIDEAN)
SERIES_ACCUM(recsys_series_manhattan_accum, SERIES_MANHATTAN)
SERIES_ACCUM(recsys_series_hamming_accum, SERIES_HAMMING)

/* Functions (float8[], float8[]); that of jaccard is further down. */
SERIES_OF_ARRAYS(recsys_pearson_corr, SERIES_PEARSON)
SERIES_OF_ARRAYS(recsys_cosine_sim, SERIES_COSINE)
SERIES_OF_ARRAYS(recsys_msd_sim, SERIES_MSD)
SERIES_OF_ARRAYS(recsys_euclidean_dist, SERIES_EUCLIDEAN)
SERIES_OF_ARRAYS(recsys_manhattan_dist, SERIES_MANHATTAN)
SERIES_OF_ARRAYS(recsys_hamming_dist, SERIES_HAMMING)

/* Inverse transition: a pair leaves the window. */
PG_FUNCTION_INFO_V1(recsys_series_remove);
Datum
recsys_series_remove(PG_FUNCTION_ARGS)
{
	SeriesState *state;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		elog(ERROR, "no state to remove a pair from");
	state = (SeriesState *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		series_remove(state, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2));

	PG_RETURN_POINTER(state);
}

/* Final function of all measures.  Leaves the state as it is. */
PG_FUNCTION_INFO_V1(recsys_series_final);
Datum
recsys_series_final(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	return series_value(fcinfo, (SeriesState *) PG_GETARG_POINTER(0));
}

/* Combine function of all measures. */
PG_FUNCTION_INFO_V1(recsys_series_combine);
Datum
recsys_series_combine(PG_FUNCTION_ARGS)
{
	void	   *into;
	void	   *from;

	if (states_to_combine(fcinfo, sizeof(SeriesState), &into, &from))
	{
		SeriesState *state = into;
		const SeriesState *other = from;

		if (state->measure != other->measure)
			elog(ERROR, "states of measures %d and %d cannot be combined",
				 (int) state->measure, (int) other->measure);
		series_combine(state, other);
	}
	if (into == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(into);
}

/* Append the sums of a series to a serialized state. */
static void
send_sums(StringInfo buf, const SeriesSums *sums)
{
	pq_sendint32(buf, sums->band);
	pq_sendfloat8(buf, sums->origin);
	pq_sendfloat8(buf, sums->sum);
	pq_sendfloat8(buf, sums->squares);
}

/* Read the sums of a series from a serialized state. */
static void
receive_sums(StringInfo buf, SeriesSums *sums)
{
	sums->band = (int32) pq_getmsgint(buf, 4);
	sums->origin = pq_getmsgfloat8(buf);
	sums->sum = pq_getmsgfloat8(buf);
	sums->squares = pq_getmsgfloat8(buf);
}

/* Serialization, field by field in network byte order. */
PG_FUNCTION_INFO_V1(recsys_series_serialize);
Datum
recsys_series_serialize(PG_FUNCTION_ARGS)
{
	const SeriesState *state;
	StringInfoData buf;

	aggregate_context(fcinfo);
	state = (SeriesState *) PG_GETARG_POINTER(0);

	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->measure);
	pq_sendint64(&buf, state->n);
	pq_sendint64(&buf, state->hits);
	pq_sendint64(&buf, state->nans);
	send_sums(&buf, &state->x);
	send_sums(&buf, &state->y);
	pq_sendfloat8(&buf, state->products);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Deserialization; the state lives in the current memory context. */
PG_FUNCTION_INFO_V1(recsys_series_deserialize);
Datum
recsys_series_deserialize(PG_FUNCTION_ARGS)
{
	StringInfoData buf = serialized_input(fcinfo, SERIALIZED_STATE);
	SeriesState *state = palloc(sizeof(SeriesState));

	state->measure = (SeriesMeasure) pq_getmsgint(&buf, 4);
	state->n = pq_getmsgint64(&buf);
	state->hits = pq_getmsgint64(&buf);
	state->nans = pq_getmsgint64(&buf);
	receive_sums(&buf, &state->x);
	receive_sums(&buf, &state->y);
	state->products = pq_getmsgfloat8(&buf);
	if (!series_restore(state))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid serialized aggregate state"),
				 errdetail("Its measure, counts or scale are out of range.")));
	PG_RETURN_POINTER(state);
}

/* Is a type float8, or a domain over it? */
static bool
is_float8(const TypeCacheEntry *type)
{
	return type->type_id == FLOAT8OID || type->domainBaseType == FLOAT8OID;
}

/*
 * jaccard_sim(anyarray, anyarray): of two series when the elements are float8,
 * else of two sets.  It cannot be two SQL functions: with one for float8[]
 * beside that for anyarray, a call with int[] would be ambiguous.
 */
PG_FUNCTION_INFO_V1(recsys_jaccard_sim);
Datum
recsys_jaccard_sim(PG_FUNCTION_ARGS)
{
	ArrayType  *first = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *second = PG_GETARG_ARRAYTYPE_P(1);
	TypeCacheEntry *type = element_type(fcinfo, ARR_ELEMTYPE(first));

	if (is_float8(type))
		return series_of_arrays(fcinfo, SERIES_JACCARD);
	return jaccard_of_sets(fcinfo, first, second, type);
}
