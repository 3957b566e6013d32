/*
 * weighted_rating.c
 *		The aggregate weighted_rating: a mean of ratings, pulled towards a prior
 *		where there are few votes.
 *
 * v/(v+m) R + m/(v+m) C, where v is the number of ratings, R their mean, m the
 * votes that the prior counts for and C the prior.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/float.h"

#include "measures/aggregate.h"

/* A serialized weighted rating: votes, two flags, three numbers. */
#define SERIALIZED_RATING	(sizeof(int64) + 2 * sizeof(int8) + \
							 3 * sizeof(float8))

/* The state of the aggregate. */
typedef struct WeightedRating
{
	int64		votes;
	float8		sum;
	bool		known;			/* a row had both of these: */
	float8		min_votes;
	float8		prior;
	bool		unknown;		/* a row lacked one: the result is null */
} WeightedRating;

/* Error unless the parameters of a row are in their ranges. */
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

/* Note the parameters of a row, or of another state.  Error: they have changed. */
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
 * rating adds no vote, but has the parameters.
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
