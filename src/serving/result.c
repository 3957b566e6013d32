/*
 * result.c
 *		A ranking as the rows of a set-returning function: ids of the type that
 *		the call resolved to, scores, and a third column.
 */
#include "postgres.h"
#include "compat.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "ratings/id_datum.h"
#include "serving/result.h"

/* The basis of a list, as SQL shows it. */
const char *
basis_name(Basis basis)
{
	return basis == BASIS_PERSONALIZED ? "personalized" : "popular";
}

/* The id of an item of a model. */
Id
model_item_id(void *source, int32 index)
{
	return model_id(source, PART_ITEM_IDS, index);
}

/* The id of a user of a model. */
Id
model_user_id(void *source, int32 index)
{
	return model_id(source, PART_USER_IDS, index);
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

/* No rows. */
Datum
put_nothing(FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	return (Datum) 0;
}

/* The answer to a request to a model, as the rows of a function. */
void
put_answer(FunctionCallInfo fcinfo, Model *model, const Answer *answer)
{
	put_rows(fcinfo, &answer->top, false, model_item_id, model, basis_name(answer->basis), NULL);
}
