/*
 * ranking.c
 *		The best of all items, or users, as rows of a result.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "serving/arguments.h"
#include "serving/ranking.h"

const char *const basis_personalized = "personalized";
const char *const basis_popular = "popular";

/* Ratings near the end of single precision can have scores beyond any number. */
static void
report_infinite(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a score is not finite"),
			 errhint("Scale the ratings down.")));
}

/* The n best of some scores, best first; NaN is no score.  Palloc'd. */
TopK
rank_scores(const double *scores, int32 count, int n)
{
	TopK		top;

	n = Min(n, count);
	topk_init(&top, n, palloc_extended(sizeof(Scored) * (Size) Max(n, 1), MCXT_ALLOC_HUGE));
	for (int32 i = 0; i < count; i++)
	{
		if (isinf(scores[i]))
			report_infinite();
		if (!isnan(scores[i]))
			topk_push(&top, scores[i], i);
	}
	topk_sort(&top);
	return top;
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

/* Room for the scores of all items of a model, palloc'd. */
double *
item_scores(const Model *model)
{
	return palloc_extended(sizeof(double) * (Size) model->header.items, MCXT_ALLOC_HUGE);
}

/*
 * Scores for a user whom a model does not know: how many rated the item.  One
 * that nobody has rated is not popular.
 */
double *
popularity_scores(Model *model)
{
	double	   *scores = item_scores(model);

	for (int32 item = 0; item < model->header.items; item++)
	{
		float		count = *model_row(model, PART_ITEM_COUNTS, item);

		scores[item] = count > 0 ? count : get_float8_nan();
	}
	return scores;
}

/* Error unless the model knows what users have seen: its ratings. */
void
require_seen(const Model *model)
{
	if (model->header.users > 0 && !model_has_part(model, PART_RATINGS))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" does not know what users have seen",
						get_rel_name(model->relid)),
				 errdetail("It was trained with store_ratings false."),
				 errhint("Give exclude_seen => false, or train with store_ratings.")));
}

/* Take the scores from the items that a user has seen. */
void
exclude_seen(Model *model, int32 user, double *scores)
{
	const int32 *index;
	const float *value;
	int32		count = model_sparse_row(model, PART_RATINGS, user, &index, &value);

	for (int32 i = 0; i < count; i++)
		scores[index[i]] = get_float8_nan();
	count = model_seen_row(model, user, &index);
	for (int32 i = 0; i < count; i++)
		scores[index[i]] = get_float8_nan();
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
