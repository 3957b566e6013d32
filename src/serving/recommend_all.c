/*
 * recommend_all.c
 *		recsys_recommend_all: the best items for every user of a model.
 *
 * For serving from a table: INSERT ... SELECT.  Users are taken so many at a
 * time that their lists need a bounded part of the memory.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "resources/budget.h"
#include "serving/arguments.h"
#include "serving/batch.h"
#include "serving/request.h"
#include "serving/result.h"

/* The lists of so many bytes at a time are held. */
#define LIST_BYTES ((Size) 32 * 1024 * 1024)

/* The list of one user as rows. */
static void
put_list(ReturnSetInfo *result, Model *model, const Batch *batch, int32 u)
{
	int			n = batch->shape.n;
	Datum		values[4] = {
		CStringGetTextDatum(id_to_cstring(model_id(model, PART_USER_IDS, batch->user[u])))
	};
	bool		nulls[4] = {false};

	for (int i = 0; i < n && batch->item[(Size) u * n + i] >= 0; i++)
	{
		int32		item = batch->item[(Size) u * n + i];

		values[1] = CStringGetTextDatum(id_to_cstring(model_id(model, PART_ITEM_IDS, item)));
		values[2] = Int32GetDatum(i + 1);
		values[3] = Float8GetDatum(batch->score[(Size) u * n + i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* The lists of the users from "first" on. */
static void
put_lists(ReturnSetInfo *result, Model *model, const BatchShape *shape, int32 first)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys lists",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext row_context = AllocSetContextCreate(context, "recsys list",
													  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Batch	   *batch = batch_create(shape, model);

	for (int32 u = 0; u < shape->users; u++)
		batch->user[u] = first + u;
	batch_run(batch, model);
	MemoryContextSwitchTo(row_context);
	for (int32 u = 0; u < shape->users; u++)
	{
		CHECK_FOR_INTERRUPTS();
		put_list(result, model, batch, u);
		MemoryContextReset(row_context);
	}
	batch_release(batch);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* The lists of all users, so many of them at a time. */
static void
put_all_lists(ReturnSetInfo *result, Model *model, BatchShape *shape)
{
	int32		user_count = model->header.users;
	Size		list = Max(shape->n, 1) * (sizeof(int32) + sizeof(double));
	int32		most = (int32) Max(1, Min((Size) user_count, LIST_BYTES / list));

	shape->users = most;
	budget_require(batch_bytes(shape, model->header.items),
				   psprintf("recommending %d items at a time to all users", shape->n));
	for (int32 first = 0; first < user_count; first += shape->users)
	{
		shape->users = Min(most, user_count - first);
		put_lists(result, model, shape, first);
	}
}

PG_FUNCTION_INFO_V1(recsys_recommend_all);

/* The best items for every user of the model, as rows.  Ids are text. */
Datum
recsys_recommend_all(PG_FUNCTION_ARGS)
{
	BatchShape	shape = {.scores = true};
	Model	   *model;

	if (has_null_argument(fcinfo, 1))
		return put_nothing(fcinfo);
	model = model_argument(fcinfo, 0);
	shape.n = Min(count_argument(fcinfo, 1), model->header.items);
	shape.exclude_seen = true_unless_said(fcinfo, 2);
	if (shape.exclude_seen)
		require_seen(model);
	InitMaterializedSRF(fcinfo, 0);
	put_all_lists((ReturnSetInfo *) fcinfo->resultinfo, model, &shape);
	return (Datum) 0;
}
