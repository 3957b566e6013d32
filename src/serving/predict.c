/*
 * predict.c
 *		recsys_predict: one rating or preference.
 *
 * Meant to be called for many rows of a query: the model is opened once for
 * all calls that can see no newer version, and ids are converted by functions
 * looked up once.
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "model/model.h"
#include "model/table.h"
#include "serving/arguments.h"

typedef struct PredictState
{
	Oid			relid;
	Model	   *model;
	IdConverter user;
	IdConverter item;
	MemoryContext use;			/* ends the use of the model when reset */

	/* The role that opened the model, in which (sub)transaction. */
	Oid			role;
	SubTransactionId subtransaction;

	/* The snapshot by which the model was the newest. */
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	CommandId	curcid;
} PredictState;

/* Is the model that was opened still the one that this call would open? */
static bool
is_current(const PredictState *state, Oid relid)
{
	Snapshot	snapshot = GetActiveSnapshot();

	return state->model != NULL && state->relid == relid &&
		state->role == GetUserId() &&
		state->subtransaction == GetCurrentSubTransactionId() &&
		state->xmin == snapshot->xmin && state->xmax == snapshot->xmax &&
		state->xcnt == snapshot->xcnt && state->curcid == snapshot->curcid;
}

/* Open the model, and remember by which role and snapshot. */
static void
open_model(PredictState *state, FunctionCallInfo fcinfo, Oid relid)
{
	Snapshot	snapshot = GetActiveSnapshot();

	state->model = NULL;
	MemoryContextReset(state->use);
	state->model = model_open(relid, model_type(fcinfo), state->use);
	state->relid = relid;
	state->role = GetUserId();
	state->subtransaction = GetCurrentSubTransactionId();
	state->xmin = snapshot->xmin;
	state->xmax = snapshot->xmax;
	state->xcnt = snapshot->xcnt;
	state->curcid = snapshot->curcid;
}

/* The state that is kept between calls, made by the first. */
static PredictState *
predict_state(FunctionCallInfo fcinfo)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	PredictState *state = fcinfo->flinfo->fn_extra;

	if (state != NULL)
		return state;
	state = MemoryContextAllocZero(context, sizeof(PredictState));
	id_argument_init(&state->user, fcinfo, 1, SIDE_USERS, context);
	id_argument_init(&state->item, fcinfo, 2, SIDE_ITEMS, context);
	state->use = AllocSetContextCreate(context, "recsys model in use",
									   ALLOCSET_SMALL_SIZES);
	fcinfo->flinfo->fn_extra = state;
	return state;
}

PG_FUNCTION_INFO_V1(recsys_predict);

/* One prediction.  Both ids may be of any type, and neither need be known. */
Datum
recsys_predict(PG_FUNCTION_ARGS)
{
	PredictState *state = predict_state(fcinfo);
	Oid			relid = PG_GETARG_OID(0);
	Model	   *model;
	int32		user;
	int32		item;

	if (!is_current(state, relid))
		open_model(state, fcinfo, relid);
	model = state->model;
	user = find_user(model, id_from_datum(&state->user, PG_GETARG_DATUM(1)));
	item = find_item(model, id_from_datum(&state->item, PG_GETARG_DATUM(2)));
	PG_RETURN_FLOAT8(model_clip(model, model->form->predict(model, user, item)));
}
