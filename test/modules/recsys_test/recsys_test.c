/*
 * recsys_test.c
 *		What the SQL tests ask of the library that it has no function for: the
 *		scores of all items, as evaluation asks a model for them, for many users
 *		at once, and for somebody who was not in training.
 *
 * The module has code of the extension of its own (see the Makefile), hence also
 * a cache of models of its own, with the settings' defaults.  The tests create
 * the functions in the schema of the extension, whose types they look up there.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

#include "engine/dense.h"
#include "math/kernels.h"
#include "model/model.h"
#include "serving/arguments.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

PG_FUNCTION_INFO_V1(scores_of_users);
PG_FUNCTION_INFO_V1(scores_of_profile);

/* What the module needs of recsys.c's. */
void
_PG_init(void)
{
	kernels_choose();
}

/* The scores as an array, null where there is none. */
static Datum
scores_to_array(const double *scores, int64 count)
{
	Datum	   *values = palloc(sizeof(Datum) * Max(count, 1));
	bool	   *nulls = palloc(Max(count, 1));
	int			dims[] = {count};
	int			bounds[] = {1};

	for (int64 i = 0; i < count; i++)
	{
		values[i] = Float8GetDatum(scores[i]);
		nulls[i] = isnan(scores[i]);
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, bounds, FLOAT8OID,
											  sizeof(float8), true, TYPALIGN_DOUBLE));
}

/* The elements of an array argument without nulls. */
static Datum *
elements_argument(FunctionCallInfo fcinfo, int n, Oid type, int length, bool by_value,
				  char align, int *count)
{
	Datum	   *elements;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), type, length, by_value, align, &elements,
					  NULL, count);
	return elements;
}

/* The index of an integer id, given what looks it up. */
static int32
index_of(Model *model, int32 (*find) (Model *model, Id id), Datum value)
{
	int32		index = find(model, (Id) {.integer = true, .number = DatumGetInt64(value)});

	if (index < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model does not know id " INT64_FORMAT, DatumGetInt64(value))));
	return index;
}

/*
 * (model regclass, users bigint[]) returns float8[]: the scores of all items
 * for the first user, then for the next; all in training.
 */
Datum
scores_of_users(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	int			count;
	Datum	   *ids = elements_argument(fcinfo, 1, INT8OID, sizeof(int64), true,
										TYPALIGN_DOUBLE, &count);
	int64		total = (int64) count * model->header.items;
	int32	   *user = palloc(sizeof(int32) * count);
	float	   *scores = palloc_extended(sizeof(float) * total, MCXT_ALLOC_HUGE);
	double	   *wide = palloc_extended(sizeof(double) * total, MCXT_ALLOC_HUGE);

	for (int i = 0; i < count; i++)
		user[i] = index_of(model, find_user, ids[i]);
	(void) model_state(model);
	if (model->form->score_users == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of form \"%s\" have no scores of many users", model->form->name)));
	model->form->score_users(model, user, count, scores);
	for (int64 i = 0; i < total; i++)
		wide[i] = scores[i];
	return scores_to_array(wide, total);
}

/*
 * (model regclass, items bigint[], ratings float4[]) returns float8[]: the
 * scores of all items for who has given these ratings; the items are in order.
 */
Datum
scores_of_profile(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	int			count;
	int			values;
	Datum	   *ids = elements_argument(fcinfo, 1, INT8OID, sizeof(int64), true,
										TYPALIGN_DOUBLE, &count);
	Datum	   *ratings = elements_argument(fcinfo, 2, FLOAT4OID, sizeof(float4), true,
											TYPALIGN_INT, &values);
	int32	   *item = palloc(sizeof(int32) * Max(count, 1));
	float	   *value = palloc(sizeof(float) * Max(count, 1));
	UserProfile profile = {.count = count, .item = item, .value = value};
	double	   *scores = palloc(sizeof(double) * model->header.items);

	for (int i = 0; i < count; i++)
	{
		item[i] = index_of(model, find_item, ids[i]);
		value[i] = DatumGetFloat4(ratings[i]);
	}
	if (values != count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("there are %d items and %d ratings", count, values)));
	(void) model_state(model);
	dense_require();
	if (model->form->score_profile == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of form \"%s\" cannot fold in users", model->form->name)));
	model->form->score_profile(model, &profile, scores);
	return scores_to_array(scores, model->header.items);
}
