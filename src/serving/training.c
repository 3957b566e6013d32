/*
 * training.c
 *		recsys_train, recsys_retrain, mf_train: from a table of ratings to
 *		a new version of a model.
 *
 * All of a training run is in the caller's transaction: an error, a cancel or
 * a crash leaves the model as it was.  The model is locked against other
 * writers first, so that of two runs the second writes the newer version; the
 * table of a new model is only made at the end.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "engine/divergence.h"
#include "engine/run.h"
#include "engine/settle.h"
#include "engine/train.h"
#include "engine/train_header.h"
#include "engine/train_read.h"
#include "model/json.h"
#include "model/table.h"
#include "serving/arguments.h"

/* What is asked for. */
typedef struct TrainRequest
{
	ModelTarget target;
	Oid			type;			/* recsys_model */
	const Algorithm *algorithm;
	const Jsonb *options;
	bool		has_ratings;
	Oid			relid;			/* of the ratings */
	Oid			claimant;		/* whose model says all this; InvalidOid: the caller does */
	ColumnNames columns;
	Jsonb	   *choice;			/* how algorithm and options were once chosen; NULL: by the caller */
} TrainRequest;

/* Error unless the caller may make the table of a new model in the schema. */
static void
require_create_right(const ModelTarget *target)
{
	Oid			schema = get_namespace_oid(target->schema, false);

	if (!allowSystemTableMods && IsCatalogNamespace(schema))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for schema %s", target->schema),
				 errdetail("It is a system schema.")));
	if (pg_namespace_aclcheck(schema, GetUserId(), ACL_CREATE) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for schema %s", target->schema),
				 errdetail("A new model is stored in a new table in this schema.")));
}

/*
 * Keep other sessions from making a model of this name until the end of the
 * transaction.
 * Names share locks by their hash, which at worst makes one training wait for
 * another.
 */
static void
lock_name(Oid schema, const char *name)
{
	uint16		hash = (uint16) hash_bytes((const unsigned char *) name, strlen(name));

	LockDatabaseObject(NamespaceRelationId, schema, Max(hash, 1), ExclusiveLock);
}

/* The table to write to; another session may have made it meanwhile. */
static Oid
table_for_writing(const TrainRequest *request)
{
	Oid			schema;
	Oid			relid;

	/* An existing model was locked before training. */
	if (OidIsValid(request->target.relid))
		return request->target.relid;
	schema = get_namespace_oid(request->target.schema, false);
	lock_name(schema, request->target.name);
	relid = get_relname_relid(request->target.name, schema);
	if (!OidIsValid(relid))
		return model_table_create(&request->target, request->type);
	if (!model_table_is_model(relid, request->type))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a model", request->target.name)));
	model_table_lock_for_writing(relid);
	return relid;
}

/* The row that training returns. */
static Datum
result_row(FunctionCallInfo fcinfo, Oid relid, int32 version, const ModelHeader *header)
{
	TupleDesc	desc;
	Datum		values[9];
	bool		nulls[9] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = ObjectIdGetDatum(relid);
	values[1] = Int32GetDatum(version);
	values[2] = CStringGetTextDatum(header->algorithm);
	values[3] = Int64GetDatum(header->users);
	values[4] = Int64GetDatum(header->items);
	values[5] = Int64GetDatum(header->ratings);
	values[6] = Int32GetDatum(header->iterations);
	values[7] = Float8GetDatum(header->train_rmse);
	nulls[7] = isnan(header->train_rmse);
	values[8] = Float8GetDatum(header->seconds);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* Where the ratings come from.  Error: nowhere, and the algorithm needs some. */
static RatingsSource *
request_source(const TrainRequest *request, const char *time_col)
{
	RatingsSource *source;

	if (!request->has_ratings && !request->algorithm->ratings_optional)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"ratings\" must not be null")));
	source = request->has_ratings ?
		source_resolve(request->relid, &request->columns, time_col) :
		source_of_nothing(&request->columns);
	if (OidIsValid(request->claimant))
		source_claimed(source, request->claimant);
	return source;
}

/* Train and write, and return the row that says what has been made. */
static Datum
train(FunctionCallInfo fcinfo, const TrainRequest *request)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys training",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	/* What a model says of its options nobody could say by other names. */
	void	   *options = train_options(request->algorithm, request->options,
										request->columns.rating != NULL,
										!OidIsValid(request->claimant));
	CommonOptions *common = options;
	RatingsSource *source;
	Interactions *ratings;
	TrainContext run = {request->algorithm, options, .choice = request->choice};
	ModelHeader header;
	Oid			relid;
	int32		version;
	Datum		row;

	source = request_source(request, common->time_col);
	if (OidIsValid(request->target.relid))
		model_table_lock_for_writing(request->target.relid);
	else
		require_create_right(&request->target);
	run.progress = progress_create(request->algorithm->name);
	ratings = train_read(request->algorithm, options, source);
	run.source = source;
	run.ratings = ratings;
	train_run(&run);
	header = train_header(&run, source);
	require_scores(run.draft, &header);
	relid = table_for_writing(request);
	version = model_table_write_version(relid, run.draft, header_encode(&header),
								  common->keep_versions);
	train_end(&run);
	interactions_release(ratings);
	header.seconds = progress_seconds(run.progress);
	MemoryContextSwitchTo(old);
	row = result_row(fcinfo, relid, version, &header);
	MemoryContextDelete(context);
	return row;
}

/* Better said before training than after. */
static void
require_writable(FunctionCallInfo fcinfo)
{
	const char *command = psprintf("%s()", get_func_name(fcinfo->flinfo->fn_oid));

	PreventCommandIfReadOnly(command);
	PreventCommandIfParallelMode(command);
}

/* The first three arguments of both training functions. */
static TrainRequest
common_arguments(FunctionCallInfo fcinfo)
{
	TrainRequest request = {.type = model_type(fcinfo)};

	require_writable(fcinfo);
	require_not_null(fcinfo, 0, "model");
	require_not_null(fcinfo, 2, "algorithm");
	request.algorithm = algorithm_lookup(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	request.target = model_target(PG_GETARG_TEXT_PP(0), request.type);
	request.has_ratings = !PG_ARGISNULL(1);
	request.relid = request.has_ratings ? PG_GETARG_OID(1) : InvalidOid;
	return request;
}

PG_FUNCTION_INFO_V1(recsys_train);

/* Trains a model, or the next version of one; returns a row that describes it. */
Datum
recsys_train(PG_FUNCTION_ARGS)
{
	TrainRequest request = common_arguments(fcinfo);

	require_not_null(fcinfo, 3, "options");
	request.options = PG_GETARG_JSONB_P(3);
	request.columns = columns_argument(fcinfo, 4);
	return train(fcinfo, &request);
}

/* Error unless the algorithm is a matrix factorization. */
static void
require_factorization(const Algorithm *algorithm)
{
	if (option_lookup(&algorithm->options, "factors") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" is not a matrix factorization", algorithm->name),
				 errhint("Train it with recsys_train.")));
}

/*
 * The options of mf_train: its typed arguments (from the 4th on) and the JSON.
 * An option may be given in one of the two places.
 */
static Jsonb *
mf_options(FunctionCallInfo fcinfo, const Algorithm *algorithm)
{
	Jsonb	   *given = PG_GETARG_JSONB_P(8);
	StringInfoData typed;
	JsonbValue	value;
	static const char *const names[] = {
		"factors", "iterations", "learning_rate", "regularization", "seed"
	};

	json_start(&typed);
	for (int i = 0; i < lengthof(names); i++)
	{
		/* A seed of 0 is the default, and some algorithms have none. */
		if (PG_ARGISNULL(3 + i) || (i == 4 && PG_GETARG_INT32(7) == 0))
			continue;
		if (json_get(given, names[i], &value))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is given twice", names[i]),
					 errhint("Give it as an argument or in options, not both.")));
		if ((i == 2 || i == 3) && !isfinite(PG_GETARG_FLOAT8(3 + i)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is out of range: %g", names[i],
							PG_GETARG_FLOAT8(3 + i))));
		if (i == 2 || i == 3)
			json_add_number(&typed, names[i], PG_GETARG_FLOAT8(3 + i));
		else
			json_add_integer(&typed, names[i], PG_GETARG_INT32(3 + i));
	}
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(given),
											  JsonbPGetDatum(json_finish(&typed))));
}

PG_FUNCTION_INFO_V1(mf_train);

/* The same, with the options of factorizations as arguments; NULL is the default. */
Datum
mf_train(PG_FUNCTION_ARGS)
{
	TrainRequest request = common_arguments(fcinfo);

	require_factorization(request.algorithm);
	require_not_null(fcinfo, 8, "options");
	request.options = mf_options(fcinfo, request.algorithm);
	request.columns = columns_argument(fcinfo, 9);
	return train(fcinfo, &request);
}

/*
 * The relation that a model was trained on, if it was on one.  Error: it is no
 * longer there.
 */
static Oid
source_of_model(const Model *model)
{
	LOCAL_FCINFO(call, 1);
	Datum		relid;

	if (model->header.relation == NULL)
		return InvalidOid;

	/* Not DirectFunctionCall: the result is null if there is no such relation. */
	InitFunctionCallInfoData(*call, NULL, 1, InvalidOid, NULL, NULL);
	call->args[0].value = CStringGetTextDatum(model->header.relation);
	call->args[0].isnull = false;
	relid = to_regclass(call);
	if (call->isnull)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation %s, on which model \"%s\" was trained, does not exist",
						model->header.relation, get_rel_name(model->relid)),
				 errhint("Train the model with recsys_train on the relation that has the ratings now.")));
	return DatumGetObjectId(relid);
}

/*
 * The model to train again, locked.  Its newest version is looked for after
 * waiting for the lock, and so not by the snapshot of the calling query.
 */
static Model *
model_for_retraining(FunctionCallInfo fcinfo)
{
	Oid			relid = PG_GETARG_OID(0);
	Model	   *model;

	require_writable(fcinfo);
	if (model_table_is_model(relid, model_type(fcinfo)))
		model_table_lock_for_writing(relid);
	PushActiveSnapshot(GetTransactionSnapshot());
	model = model_argument(fcinfo, 0);
	PopActiveSnapshot();
	return model;
}

/*
 * What is wrong with a relation may be hinted at by arguments and options of
 * recsys_train, which recsys_retrain has not.
 */
static void
hint_at_train(void *arg)
{
	switch (geterrcode())
	{
		case ERRCODE_UNDEFINED_COLUMN:
		case ERRCODE_DATATYPE_MISMATCH:
		case ERRCODE_CARDINALITY_VIOLATION:
			errhint("recsys_retrain uses the columns and options of the newest version. To give others, train the model with recsys_train.");
	}
}

/* Trains, with such hints. */
static Datum
train_again(FunctionCallInfo fcinfo, const TrainRequest *request)
{
	ErrorContextCallback callback = {error_context_stack, hint_at_train, NULL};
	Datum		row;

	error_context_stack = &callback;
	row = train(fcinfo, request);
	error_context_stack = callback.previous;
	return row;
}

/*
 * Have the algorithm and its options chosen anew, as they were before, or, if
 * they were not, the options alone; what the model has is tried too.
 */
static void
request_choice(TrainRequest *request, const ModelHeader *header)
{
	Jsonb	   *asked = header->choice == NULL ? NULL : json_get_container(header->choice, "asked");
	StringInfoData json;

	json_start(&json);
	if (asked == NULL)
		json_add_raw(&json, "algorithms", psprintf("[\"%s\"]", header->algorithm));
	json_add_raw(&json, "start", psprintf("{\"algorithm\": \"%s\", \"options\": %s}",
										  header->algorithm, json_to_cstring(header->options)));
	request->algorithm = algorithm_lookup("auto");
	request->options = json_finish(&json);
	if (asked != NULL)
		request->options = DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(asked),
															  JsonbPGetDatum(request->options)));
}

PG_FUNCTION_INFO_V1(recsys_retrain);

/*
 * Trains the next version by what the newest one says of itself, or searches
 * again.  The function of 0.1.0 has one argument.
 */
Datum
recsys_retrain(PG_FUNCTION_ARGS)
{
	Model	   *model = model_for_retraining(fcinfo);
	const ModelHeader *header = &model->header;
	TrainRequest request = {
		.target = {
			.schema = get_namespace_name(get_rel_namespace(model->relid)),
			.name = get_rel_name(model->relid),
			.relid = model->relid
		},
		.type = model_type(fcinfo),
		.algorithm = algorithm_lookup(header->algorithm),
		.options = header->options,
		.has_ratings = header->relation != NULL,
		.claimant = model_owner(model->relid),
		.relid = source_of_model(model),
		.columns = {header->user_col, header->item_col, header->rating_col},
		.choice = header->choice
	};

	if (PG_NARGS() > 1 && PG_GETARG_BOOL(1))
		request_choice(&request, header);
	return train_again(fcinfo, &request);
}
