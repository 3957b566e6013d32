/*
 * inspect.c
 *		Looking into models and algorithms: recsys_training_log, and what the
 *		two views are made of.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "engine/algorithm.h"
#include "model/look.h"
#include "model/table.h"
#include "serving/arguments.h"

PG_FUNCTION_INFO_V1(recsys_training_log);

/* A row for each iteration that the header of a model has. */
Datum
recsys_training_log(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ReturnSetInfo *result;
	HeaderRow	row;
	IterationLog *log;
	int			count;

	/*
	 * Opening the model checks its header; the log is not kept with it.  A
	 * policy of the table may hide at the second look what it showed at first.
	 */
	(void) model_argument(fcinfo, 0);
	if (!model_table_read_header(relid, &row) || row.meta == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the header of model \"%s\" is no longer visible", get_rel_name(relid)),
				 errhint("Check the row-level security of its table.")));
	log = header_decode_log(header_meta(&row), &count);
	if (log == NULL)
		report_corruption(relid, row.version, "header", "its training log is not one");
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int i = 0; i < count; i++)
	{
		Datum		values[4] = {
			Int32GetDatum(i + 1), Float8GetDatum(log[i].loss),
			Float8GetDatum(log[i].train_rmse), Float8GetDatum(log[i].seconds)
		};
		bool		nulls[4] = {false, isnan(log[i].loss), isnan(log[i].train_rmse), false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(recsys_model_header);

/*
 * For the view recsys_models: what the newest header of a model says.  If
 * there is none, or it is damaged, or it cannot be read just now, that is null,
 * so that one such model does not make the view unreadable, or wait.
 */
Datum
recsys_model_header(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Look	   *look = look_begin(relid, model_type(fcinfo));
	Jsonb	   *meta = NULL;
	ModelHeader header;
	TupleDesc	desc;
	Datum		values[7] = {0};
	bool		nulls[7];
	int32		version;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	memset(nulls, true, sizeof(nulls));
	if (look != NULL && look_at_header(relid, &version, &meta))
	{
		nulls[0] = false;
		values[0] = Int32GetDatum(version);
	}
	if (meta != NULL && header_decode(meta, &header) == NULL)
	{
		values[1] = CStringGetTextDatum(header.algorithm);
		values[2] = TimestampTzGetDatum(header.trained_at);
		values[3] = Int64GetDatum(header.users);
		values[4] = Int64GetDatum(header.items);
		values[5] = Int64GetDatum(header.ratings);
		values[6] = JsonbPGetDatum(header.options);
		memset(&nulls[1], false, sizeof(nulls) - sizeof(nulls[0]));
	}
	look_end(look);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

PG_FUNCTION_INFO_V1(recsys_model_bytes);

/*
 * For the view recsys_models: the bytes of a model with its indexes, or null if
 * another session holds a lock on it.
 */
Datum
recsys_model_bytes(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Look	   *look = look_begin(relid, model_type(fcinfo));
	int64		bytes;

	if (look == NULL)
		PG_RETURN_NULL();
	bytes = DatumGetInt64(DirectFunctionCall1(pg_total_relation_size, ObjectIdGetDatum(relid)));
	look_end(look);
	PG_RETURN_INT64(bytes);
}

PG_FUNCTION_INFO_V1(recsys_algorithm_list);

/* For the view recsys_algorithms: the registry as rows. */
Datum
recsys_algorithm_list(PG_FUNCTION_ARGS)
{
	static const char *const feedback_names[] = {"explicit", "implicit", "both"};
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int i = 0; algorithms[i] != NULL; i++)
	{
		const Algorithm *algorithm = algorithms[i];
		Datum		values[6] = {
			CStringGetTextDatum(algorithm->name),
			CStringGetTextDatum(algorithm->family),
			CStringGetTextDatum(feedback_names[algorithm->feedback]),
			CStringGetTextDatum(algorithm->form != NULL ? algorithm->form->name : "any"),
			CStringGetTextDatum(algorithm->description),
			JsonbPGetDatum(options_describe(&algorithm->options))
		};
		bool		nulls[6] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
