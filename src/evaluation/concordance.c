/*
 * concordance.c
 *		Pairs that predictions put into the right order, and the aggregate fcp.
 *
 * Koren and Sill, "Collaborative Filtering on Ordinal User Feedback" (IJCAI
 * 2013): of all pairs of one user's items with different ratings, those in the
 * right order are concordant, the others, ties of the prediction among them,
 * discordant; FCP is the share of concordant pairs over all users.
 *
 * Sorted by prediction (equal ones with the higher rating first), the
 * concordant pairs are those in which a lower rating stands before a higher
 * one; they are counted while the ratings are merge-sorted.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "evaluation/concordance.h"
#include "measures/aggregate.h"
#include "ratings/id_type.h"
#include "ratings/ids_builder.h"
#include "serving/arguments.h"

static int
compare_judgements(const void *a, const void *b, void *arg)
{
	const Prediction *x = a;
	const Prediction *y = b;

	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->predicted != y->predicted)
		return x->predicted < y->predicted ? -1 : 1;
	return (x->actual < y->actual) - (x->actual > y->actual);
}

/*
 * Merge two sorted runs, [0, middle) and [middle, n), and count the pairs of
 * one number of each in which the first is the lower.
 */
static int64
merge_runs(double *run, int64 middle, int64 n, double *space)
{
	int64		left = 0;
	int64		right = middle;
	int64		pairs = 0;

	for (int64 to = 0; to < n; to++)
	{
		if (left < middle && (right == n || run[left] < run[right]))
		{
			pairs += n - right;
			space[to] = run[left++];
		}
		else
			space[to] = run[right++];
	}
	memcpy(run, space, sizeof(double) * n);
	return pairs;
}

/* Sort numbers; returns how many pairs were in rising order before. */
static int64
count_rising_pairs(double *number, int64 n, double *space)
{
	int64		pairs = 0;

	for (int64 width = 1; width < n; width *= 2)
		for (int64 from = 0; from + width < n; from += 2 * width)
		{
			CHECK_FOR_INTERRUPTS();
			pairs += merge_runs(number + from, width, Min(2 * width, n - from), space);
		}
	return pairs;
}

/* Pairs of different numbers among sorted ones. */
static double
count_unequal_pairs(const double *sorted, int64 n)
{
	double		pairs = (double) n * (n - 1) / 2;

	for (int64 from = 0, to; from < n; from = to)
	{
		for (to = from + 1; to < n && sorted[to] == sorted[from]; to++)
			;
		pairs -= (double) (to - from) * (to - from - 1) / 2;
	}
	return pairs;
}

/*
 * The share of concordant pairs; NaN if there are no two items of a user with
 * different ratings.  The predictions are put into another order.
 */
double
fraction_of_concordant_pairs(Prediction *prediction, int64 count)
{
	Size		size = mul_size(Max(count, 1), sizeof(double));
	double	   *actual = palloc_extended(size, MCXT_ALLOC_HUGE);
	double	   *space = palloc_extended(size, MCXT_ALLOC_HUGE);
	double		concordant = 0;
	double		pairs = 0;

	qsort_interruptible(prediction, count, sizeof(Prediction), compare_judgements, NULL);
	for (int64 from = 0, to; from < count; from = to)
	{
		for (to = from; to < count && prediction[to].user == prediction[from].user; to++)
			actual[to - from] = prediction[to].actual;
		concordant += count_rising_pairs(actual, to - from, space);
		pairs += count_unequal_pairs(actual, to - from);
	}
	pfree(actual);
	pfree(space);
	return pairs > 0 ? concordant / pairs : get_float8_nan();
}

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
				 errhint("Cast them to text, equal ones to the same.")));
}

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
