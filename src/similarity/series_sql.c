/*
 * series_sql.c
 *		SQL functions and aggregates over series of ratings.
 *
 * Every measure of series.c is here twice: as an aggregate over pairs and as
 * a function of two arrays.  A state knows its measure, so only the transition
 * functions differ; the final, combine, serial and inverse functions serve
 * all.  Only jaccard and hamming have an inverse (see series_remove); over a
 * moving window the other aggregates are computed anew for each frame.
 *
 * Besides there are jaccard_sim of two sets, which shares a name with the one
 * of two series, and the aggregate weighted_rating.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/typcache.h"

#include "compat.h"
#include "similarity/series.h"

/* A serialized state: measure, three counts, two series, products. */
#define SERIALIZED_SUMS		(sizeof(int32) + 3 * sizeof(float8))
#define SERIALIZED_STATE	(sizeof(int32) + 3 * sizeof(int64) + \
							 2 * SERIALIZED_SUMS + sizeof(float8))

/* A serialized weighted rating: votes, two flags, three numbers. */
#define SERIALIZED_RATING	(sizeof(int64) + 2 * sizeof(int8) + \
							 3 * sizeof(float8))

/* Walks over the elements of a one-dimensional float8[]. */
typedef struct Float8Walk
{
	const float8 *next;
	const bits8 *present;		/* NULL when no element is null */
	int			index;
} Float8Walk;

/* An element of one of two sets that are being compared. */
typedef struct SetElement
{
	Datum		value;
	uint32		hash;			/* 0 where the type cannot be hashed */
	bool		second;			/* is it of the second set? */
} SetElement;

typedef struct SetOrder
{
	TypeCacheEntry *type;
	Oid			collation;
	bool		hashed;			/* ordered by hash, else by value */
} SetOrder;

typedef struct WeightedRating
{
	int64		votes;
	float8		sum;
	bool		known;			/* a row had both of these: */
	float8		min_votes;
	float8		prior;
	bool		unknown;		/* a row lacked one: the result is null */
} WeightedRating;

/* The memory context that lives as long as the aggregate's states. */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

/* Add a pair to a state, which the first row of a group makes. */
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

/* What the state measures, as the result of an SQL function. */
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

/* The number of elements that the two arrays both have. */
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

/*
 * The states to combine in *into and *from, or false when the result is *into
 * as it stands.  A first state that is null is replaced by a copy of the
 * second that lives as long as the aggregate.
 */
static bool
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

static void
send_sums(StringInfo buf, const SeriesSums *sums)
{
	pq_sendint32(buf, sums->band);
	pq_sendfloat8(buf, sums->origin);
	pq_sendfloat8(buf, sums->sum);
	pq_sendfloat8(buf, sums->squares);
}

static void
receive_sums(StringInfo buf, SeriesSums *sums)
{
	sums->band = (int32) pq_getmsgint(buf, 4);
	sums->origin = pq_getmsgfloat8(buf);
	sums->sum = pq_getmsgfloat8(buf);
	sums->squares = pq_getmsgfloat8(buf);
}

/*
 * A StringInfo to read a serialized state of exactly so many bytes from.  No
 * state that we wrote is rejected; these bytes may be of anyone's making.
 */
static StringInfoData
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

/*
 * What is known about the element type of two sets, kept for the next call.
 * Raises an error for a type whose values cannot be compared.
 */
static TypeCacheEntry *
element_type(FunctionCallInfo fcinfo, Oid oid)
{
	TypeCacheEntry *type = fcinfo->flinfo->fn_extra;

	if (type == NULL || type->type_id != oid)
	{
		type = lookup_type_cache(oid,
								 TYPECACHE_EQ_OPR_FINFO |
								 TYPECACHE_CMP_PROC_FINFO |
								 TYPECACHE_HASH_PROC_FINFO |
								 TYPECACHE_DOMAIN_BASE_INFO);
		if (!OidIsValid(type->eq_opr_finfo.fn_oid))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("could not identify an equality operator for type %s",
							format_type_be(oid))));
		fcinfo->flinfo->fn_extra = type;
	}
	return type;
}

static bool
is_float8(const TypeCacheEntry *type)
{
	return type->type_id == FLOAT8OID || type->domainBaseType == FLOAT8OID;
}

/* Append the elements of a set, but for nulls; returns the new number. */
static size_t
gather_elements(SetElement *elements, size_t n, ArrayType *array,
				const SetOrder *order, bool second)
{
	TypeCacheEntry *type = order->type;
	Datum	   *values;
	bool	   *nulls;
	int			length;

	deconstruct_array(array, type->type_id, type->typlen, type->typbyval,
					  type->typalign, &values, &nulls, &length);
	for (int i = 0; i < length; i++)
	{
		SetElement *element = &elements[n];

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		element->value = values[i];
		element->hash = order->hashed ?
			DatumGetUInt32(FunctionCall1Coll(&type->hash_proc_finfo,
											 order->collation, values[i])) : 0;
		element->second = second;
		n++;
	}
	return n;
}

static int
compare_elements(const void *a, const void *b, void *arg)
{
	const SetElement *x = a;
	const SetElement *y = b;
	const SetOrder *order = arg;

	if (order->hashed)
		return (x->hash > y->hash) - (x->hash < y->hash);
	return DatumGetInt32(FunctionCall2Coll(&order->type->cmp_proc_finfo,
										   order->collation,
										   x->value, y->value));
}

static bool
same_element(const SetElement *x, const SetElement *y, const SetOrder *order)
{
	return !order->hashed ||
		DatumGetBool(FunctionCall2Coll(&order->type->eq_opr_finfo,
									   order->collation,
									   x->value, y->value));
}

/*
 * Count the distinct values of a run that the order does not tell apart, and
 * those of them that are in both sets.  Only hashes can collide, and the
 * values that are left over when one is counted move to the front.
 */
static void
count_run(SetElement *run, size_t n, const SetOrder *order,
		  int64 *either, int64 *both)
{
	while (n > 0)
	{
		SetElement	value = run[0];
		bool		in_set[2] = {false, false};
		size_t		left = 0;

		for (size_t i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (i == 0 || same_element(&value, &run[i], order))
				in_set[run[i].second] = true;
			else
				run[left++] = run[i];
		}
		*either += 1;
		*both += in_set[0] && in_set[1];
		n = left;
	}
}

static Datum
jaccard_of_sets(FunctionCallInfo fcinfo, ArrayType *first, ArrayType *second,
				TypeCacheEntry *type)
{
	size_t		size = (size_t) ArrayGetNItems(ARR_NDIM(first), ARR_DIMS(first)) +
		ArrayGetNItems(ARR_NDIM(second), ARR_DIMS(second));
	SetElement *elements = palloc_extended(Max(size, 1) * sizeof(SetElement),
										   MCXT_ALLOC_HUGE);
	SetOrder	order;
	int64		either = 0;
	int64		both = 0;
	size_t		n;
	size_t		end;

	order.type = type;
	order.collation = PG_GET_COLLATION();
	order.hashed = OidIsValid(type->hash_proc_finfo.fn_oid);
	n = gather_elements(elements, 0, first, &order, false);
	n = gather_elements(elements, n, second, &order, true);
	qsort_interruptible(elements, n, sizeof(SetElement),
						compare_elements, &order);
	for (size_t start = 0; start < n; start = end)
	{
		for (end = start + 1; end < n; end++)
		{
			CHECK_FOR_INTERRUPTS();
			if (compare_elements(&elements[start], &elements[end], &order) != 0)
				break;
		}
		count_run(&elements[start], end - start, &order, &either, &both);
	}
	pfree(elements);

	if (either == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((float8) both / (float8) either);
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

static void
check_parameters(float8 min_votes, float8 prior)
{
	if (!(min_votes >= 0) || isinf(min_votes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_votes must be a finite number that is not negative"),
				 errdetail("It is %g.", min_votes)));
	if (!isfinite(prior))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("prior must be a finite number"),
				 errdetail("It is %g.", prior)));
}

/* Note the parameters of a row, or of a part: all have the same ones. */
static void
learn_parameters(WeightedRating *state, float8 min_votes, float8 prior)
{
	if (state->known &&
		(state->min_votes != min_votes || state->prior != prior))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_votes and prior must not change within a group"),
				 errdetail("They are %g and %g in one row, %g and %g in another.",
						   state->min_votes, state->prior, min_votes, prior),
				 errhint("Compute them over the whole table, or group by them.")));
	state->known = true;
	state->min_votes = min_votes;
	state->prior = prior;
}

/*
 * Transition function (internal, rating, min_votes, prior).  A row without a
 * rating counts no vote but tells the parameters.
 */
PG_FUNCTION_INFO_V1(recsys_weighted_rating_accum);
Datum
recsys_weighted_rating_accum(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	WeightedRating *state;

	if (PG_ARGISNULL(0))
		state = MemoryContextAllocZero(context, sizeof(WeightedRating));
	else
		state = (WeightedRating *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		state->votes++;
		state->sum = float8_pl(state->sum, PG_GETARG_FLOAT8(1));
	}
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		state->unknown = true;
	else
	{
		check_parameters(PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3));
		learn_parameters(state, PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3));
	}
	PG_RETURN_POINTER(state);
}

/* Combine function of weighted_rating. */
PG_FUNCTION_INFO_V1(recsys_weighted_rating_combine);
Datum
recsys_weighted_rating_combine(PG_FUNCTION_ARGS)
{
	void	   *into;
	void	   *from;

	if (states_to_combine(fcinfo, sizeof(WeightedRating), &into, &from))
	{
		WeightedRating *state = into;
		const WeightedRating *other = from;

		state->votes += other->votes;
		state->sum = float8_pl(state->sum, other->sum);
		if (other->known)
			learn_parameters(state, other->min_votes, other->prior);
		state->unknown |= other->unknown;
	}
	if (into == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(into);
}

/* Serialization of weighted_rating. */
PG_FUNCTION_INFO_V1(recsys_weighted_rating_serialize);
Datum
recsys_weighted_rating_serialize(PG_FUNCTION_ARGS)
{
	const WeightedRating *state;
	StringInfoData buf;

	aggregate_context(fcinfo);
	state = (WeightedRating *) PG_GETARG_POINTER(0);

	pq_begintypsend(&buf);
	pq_sendint64(&buf, state->votes);
	pq_sendint8(&buf, state->known);
	pq_sendint8(&buf, state->unknown);
	pq_sendfloat8(&buf, state->sum);
	pq_sendfloat8(&buf, state->min_votes);
	pq_sendfloat8(&buf, state->prior);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* Deserialization of weighted_rating. */
PG_FUNCTION_INFO_V1(recsys_weighted_rating_deserialize);
Datum
recsys_weighted_rating_deserialize(PG_FUNCTION_ARGS)
{
	StringInfoData buf = serialized_input(fcinfo, SERIALIZED_RATING);
	WeightedRating *state = palloc(sizeof(WeightedRating));

	state->votes = pq_getmsgint64(&buf);
	state->known = pq_getmsgbyte(&buf) != 0;
	state->unknown = pq_getmsgbyte(&buf) != 0;
	state->sum = pq_getmsgfloat8(&buf);
	state->min_votes = pq_getmsgfloat8(&buf);
	state->prior = pq_getmsgfloat8(&buf);
	if (state->votes < 0 || state->votes > PG_INT64_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid serialized aggregate state"),
				 errdetail("Its number of votes is out of range.")));
	PG_RETURN_POINTER(state);
}

/* v/(v+m) R + m/(v+m) C; null where that is not known or 0/0. */
PG_FUNCTION_INFO_V1(recsys_weighted_rating_final);
Datum
recsys_weighted_rating_final(PG_FUNCTION_ARGS)
{
	const WeightedRating *state;
	float8		votes;
	float8		weight;

	aggregate_context(fcinfo);
	state = (WeightedRating *) PG_GETARG_POINTER(0);
	votes = (float8) state->votes;

	if (state->unknown || votes + state->min_votes == 0)
		PG_RETURN_NULL();
	if (state->votes == 0)
		PG_RETURN_FLOAT8(state->prior);
	weight = votes / (votes + state->min_votes);
	PG_RETURN_FLOAT8(weight * (state->sum / votes) +
					 (1 - weight) * state->prior);
}
