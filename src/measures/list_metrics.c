/*
 * list_metrics.c
 *		SQL functions of a list of recommendations and of what was relevant.
 *
 * Both are arrays of any type whose values can be compared.  Null elements are
 * ignored, on either side.  Relevant values count once, however often they are
 * given; of a value that is recommended repeatedly only the first can be a hit,
 * though all of them have a place in the list.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"
#include "utils/array.h"

#include "math/list_quality.h"
#include "measures/sets.h"

/* What is counted while the values of both arrays are visited. */
typedef struct HitCounts
{
	bool	   *hit;			/* [recommended] by place in the list */
	int64		relevant;
} HitCounts;

/* Count a value of the two arrays. */
static void
count_hit(SetMember member, void *arg)
{
	HitCounts  *counts = arg;

	counts->relevant += member.in_second;
	if (member.position >= 0)
		counts->hit[member.position] = member.in_second;
}

/* The argument k.  Error: it is not positive. */
static int
length_argument(FunctionCallInfo fcinfo, int n)
{
	int			k = PG_GETARG_INT32(n);

	if (k <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the length of the list must be positive, not %d", k)));
	return k;
}

/* A measure of two arrays; null if nothing is relevant. */
static Datum
measure_arrays(FunctionCallInfo fcinfo, ListMeasure measure)
{
	ArrayType  *recommended = PG_GETARG_ARRAYTYPE_P(0);
	ArrayType  *relevant = PG_GETARG_ARRAYTYPE_P(1);
	int			length = ArrayGetNItems(ARR_NDIM(recommended), ARR_DIMS(recommended));
	HitCounts	counts = {.hit = palloc0(Max(length, 1))};
	ListHits	list = {.hit = counts.hit, .length = length, .k = length_argument(fcinfo, 2)};

	visit_values(fcinfo, recommended, relevant,
				 element_type(fcinfo, ARR_ELEMTYPE(recommended)), count_hit, &counts);
	if (counts.relevant == 0)
		PG_RETURN_NULL();
	list.relevant = counts.relevant;
	PG_RETURN_FLOAT8(measure(&list));
}

/* An SQL function of (recommended, relevant, k) that computes a measure of math/list_quality.h. */
#define LIST_METRIC(name, measure) \
PG_FUNCTION_INFO_V1(name); \
Datum \
name(PG_FUNCTION_ARGS) \
{ \
	return measure_arrays(fcinfo, measure); \
}

LIST_METRIC(recsys_precision_at_k, list_precision)
LIST_METRIC(recsys_recall_at_k, list_recall)
LIST_METRIC(recsys_ndcg_at_k, list_ndcg)
LIST_METRIC(recsys_average_precision_at_k, list_average_precision)
LIST_METRIC(recsys_hit_at_k, list_hit)
LIST_METRIC(recsys_reciprocal_rank, list_reciprocal_rank)
