/*
 * ranking.c
 *		The best of all items, or users, as rows of a result.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "serving/arguments.h"
#include "serving/ranking.h"

const char *const basis_personalized = "personalized";
const char *const basis_popular = "popular";

/* The n best of some scores, best first; NaN is no score.  Palloc'd. */
TopK
rank_scores(const double *scores, int32 count, int n)
{
	TopK		top;

	n = Min(n, count);
	topk_init(&top, n, palloc_extended(sizeof(Scored) * (Size) Max(n, 1), MCXT_ALLOC_HUGE));
	for (int32 i = 0; i < count; i++)
		if (!isnan(scores[i]))
			topk_push(&top, scores[i], i);
	topk_sort(&top);
	return top;
}

/* Turn distances into scores, of which the largest is best. */
void
negate_scores(double *scores, int32 count)
{
	for (int32 i = 0; i < count; i++)
		scores[i] = -scores[i];
}

/*
 * The ranking as the rows of a set-returning function: id, score, and what its
 * result type has as a third column: the basis or the support.  The ids are of
 * the type that the call resolved to.
 */
void
put_rows(FunctionCallInfo fcinfo, const TopK *top, bool negated, IdSource id_source,
		 void *source, const char *basis, const int32 *support)
{
	ReturnSetInfo *result;
	IdConverter converter;
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	id_converter_init(&converter, TupleDescAttr(result->setDesc, 0)->atttypid,
					  CurrentMemoryContext);
	if (basis != NULL)
		values[2] = CStringGetTextDatum(basis);
	for (int i = 0; i < top->count; i++)
	{
		Scored		entry = top->heap[i];

		values[0] = id_to_datum(&converter, id_source(source, entry.index));
		values[1] = Float8GetDatum(negated ? -entry.score : entry.score);
		if (support != NULL)
			values[2] = Int64GetDatum(support[entry.index]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}
