/*
 * inspect.c
 *		Looking into models and algorithms: recsys_factors,
 *		recsys_training_log, and what the two views are made of.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "engine/algorithm.h"
#include "model/form.h"
#include "serving/arguments.h"

static const char *const side_names[] = {"user", "item", NULL};

static Datum
float_array(const float *vector, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));
	ArrayType  *array;

	for (int i = 0; i < count; i++)
		elements[i] = Float4GetDatum(vector[i]);
	array = construct_array(elements, count, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT);
	pfree(elements);
	return PointerGetDatum(array);
}

/* The parts of a model that have the ids, biases and factors of a side. */
typedef struct SideParts
{
	ModelPart	ids;
	ModelPart	bias;
	ModelPart	factors;
	int32		rows;
} SideParts;

static void
put_factors(ReturnSetInfo *result, Model *model, const SideParts *side)
{
	int32		factors = model_part_cols(model, side->factors);

	for (int32 row = 0; row < side->rows; row++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};
		char	   *id = id_to_cstring(model_id(model, side->ids, row));

		values[0] = CStringGetTextDatum(id);
		nulls[1] = !model_has_part(model, side->bias);
		if (!nulls[1])
			values[1] = Float4GetDatum(*model_row(model, side->bias, row));
		values[2] = float_array(factors > 0 ? model_row(model, side->factors, row) : NULL,
								factors);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(id);
		pfree(DatumGetPointer(values[0]));
		pfree(DatumGetPointer(values[2]));
		CHECK_FOR_INTERRUPTS();
	}
}

PG_FUNCTION_INFO_V1(recsys_factors);

Datum
recsys_factors(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	bool		items = enum_parse("side", text_to_cstring(PG_GETARG_TEXT_PP(1)), side_names) == 1;
	SideParts	side = {
		.ids = items ? PART_ITEM_IDS : PART_USER_IDS,
		.bias = items ? PART_ITEM_BIAS : PART_USER_BIAS,
		.factors = items ? PART_ITEM_FACTORS : PART_USER_FACTORS,
		.rows = items ? model->header.items : model->header.users
	};

	if (model->form != &factor_form)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" has no factors", get_rel_name(model->relid)),
				 errdetail("It was trained with algorithm \"%s\".", model->header.algorithm)));
	/* Loading checks that the parts have the shapes that they should. */
	model_state(model);
	InitMaterializedSRF(fcinfo, 0);
	put_factors((ReturnSetInfo *) fcinfo->resultinfo, model, &side);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(recsys_training_log);

Datum
recsys_training_log(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	ReturnSetInfo *result;
	HeaderRow	row;
	IterationLog *log;
	int			count;

	/* Opening the model checks its header; the log is not kept with it. */
	(void) model_argument(fcinfo, 0);
	if (!table_read_header(relid, &row))
		elog(ERROR, "the header of model %u has gone", relid);
	log = header_decode_log(header_meta(&row), &count);
	if (log == NULL)
		report_damage(relid, row.version, "header", "its training log is not one");
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
 * there is none, or it is damaged, or the model is just being dropped, that is
 * null, so that one such model does not make the view unreadable.
 */
Datum
recsys_model_header(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	HeaderRow	row;
	Jsonb	   *meta = NULL;
	ModelHeader header;
	TupleDesc	desc;
	Datum		values[7] = {0};
	bool		nulls[7];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	memset(nulls, true, sizeof(nulls));
	if (ConditionalLockRelationOid(relid, AccessShareLock) &&
		table_is_model(relid, model_type(fcinfo)) && table_read_header(relid, &row))
	{
		nulls[0] = false;
		values[0] = Int32GetDatum(row.version);
		meta = header_meta(&row);
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
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
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
			CStringGetTextDatum(algorithm->form),
			CStringGetTextDatum(algorithm->description),
			JsonbPGetDatum(options_describe(algorithm))
		};
		bool		nulls[6] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
