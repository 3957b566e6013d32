/*
 * factors.c
 *		The vectors of a factor model: recsys_factors has them as they are,
 *		recsys_factor_pca as their principal components, and
 *		recsys_factor_variance says what these are worth.
 *
 * Factors are determined up to a rotation only, principal components are not:
 * vectors that are rotated, those of both sides alike, have the same scores.
 * For that the sign of a component must not come from its loadings alone,
 * which are rotated too.
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "engine/dense.h"
#include "engine/names.h"
#include "math/principal.h"
#include "model/model.h"
#include "resources/budget.h"
#include "serving/arguments.h"

static const char *const side_names[] = {"user", "item", NULL};

/* The parts of a model that have the ids, biases and factors of a side. */
typedef struct SideParts
{
	ModelPart	ids;
	ModelPart	bias;
	ModelPart	factors;
	ModelPart	other_factors;	/* those of the other side */
	int32		rows;
	int32		other_rows;
	int32		cols;			/* factors of a row; 0: none */
} SideParts;

/* Error: the model is of a form without vectors, or without factors in them. */
static void
report_no_factors(const Model *model)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("model \"%s\" has no factors", get_rel_name(model->relid)),
			 errdetail("It was trained with algorithm \"%s\".", model->header.algorithm)));
}

/* The parts of the side that an argument names, of a model of the right form. */
static SideParts
side_argument(FunctionCallInfo fcinfo, int n, Model *model)
{
	bool		items = enum_parse("side", text_to_cstring(PG_GETARG_TEXT_PP(n)), side_names) == 1;
	SideParts	side = {
		.ids = items ? PART_ITEM_IDS : PART_USER_IDS,
		.bias = items ? PART_ITEM_BIAS : PART_USER_BIAS,
		.factors = items ? PART_ITEM_FACTORS : PART_USER_FACTORS,
		.other_factors = items ? PART_USER_FACTORS : PART_ITEM_FACTORS,
		.rows = items ? model->header.items : model->header.users,
		.other_rows = items ? model->header.users : model->header.items
	};

	if (!model->form->has_factors)
		report_no_factors(model);
	/* Loading checks that the parts have the shapes that they should. */
	model_state(model);
	side.cols = model_part_cols(model, side.factors);
	return side;
}

/* An array of float4, palloc'd. */
static Datum
float4_array(const float *vector, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));
	ArrayType  *array;

	for (int i = 0; i < count; i++)
		elements[i] = Float4GetDatum(vector[i]);
	array = construct_array(elements, count, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT);
	pfree(elements);
	return PointerGetDatum(array);
}

/* An array of float8, palloc'd. */
static Datum
float8_array(const double *vector, int count)
{
	Datum	   *elements = palloc(sizeof(Datum) * count);
	ArrayType  *array;

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(vector[i]);
	array = construct_array(elements, count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
							TYPALIGN_DOUBLE);
	pfree(elements);
	return PointerGetDatum(array);
}

/* The id of a row as text, palloc'd. */
static Datum
id_of_row(Model *model, const SideParts *side, int32 row)
{
	char	   *id = id_to_cstring(model_id(model, side->ids, row));
	Datum		text = CStringGetTextDatum(id);

	pfree(id);
	return text;
}

/* The ids, biases and factors of a side as rows. */
static void
put_factors(ReturnSetInfo *result, Model *model, const SideParts *side)
{
	for (int32 row = 0; row < side->rows; row++)
	{
		Datum		values[3] = {id_of_row(model, side, row)};
		bool		nulls[3] = {false, !model_has_part(model, side->bias), false};

		if (!nulls[1])
			values[1] = Float4GetDatum(*model_row(model, side->bias, row));
		values[2] = float4_array(side->cols > 0 ? model_row(model, side->factors, row) : NULL,
								 side->cols);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(DatumGetPointer(values[0]));
		pfree(DatumGetPointer(values[2]));
		CHECK_FOR_INTERRUPTS();
	}
}

PG_FUNCTION_INFO_V1(recsys_factors);

/* The bias and the vector of each user or item. */
Datum
recsys_factors(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	SideParts	side = side_argument(fcinfo, 1, model);

	InitMaterializedSRF(fcinfo, 0);
	put_factors((ReturnSetInfo *) fcinfo->resultinfo, model, &side);
	return (Datum) 0;
}

/*
 * The rule of signs: the higher the score, the higher what the model predicts
 * on average over the other side.  For that the direction of a component is
 * held against the mean of the vectors there.
 */
static void
choose_signs(Principal *principal, Model *model, const SideParts *side)
{
	double	   *sum = palloc0(sizeof(double) * side->cols);

	for (int32 row = 0; row < side->other_rows; row++)
	{
		const float *vector = model_row(model, side->other_factors, row);

		for (int i = 0; i < side->cols; i++)
			sum[i] += vector[i];
		CHECK_FOR_INTERRUPTS();
	}
	for (int c = 0; c < principal->count; c++)
	{
		double		slope = 0;

		for (int i = 0; i < side->cols; i++)
			slope += sum[i] * principal->loading[(Size) c * side->cols + i];
		if (slope < 0)
			principal_flip(principal, c);
	}
	pfree(sum);
}

/* Find the principal components of the vectors of a side. */
static void
find_components(Principal *principal, int count, Model *model, const SideParts *side)
{
	Size		bytes = budget_array(principal_doubles(side->cols, count), sizeof(double));

	budget_require(bytes, "finding principal components");
	dense_require();
	principal_init(principal, side->cols, count, palloc_extended(bytes, MCXT_ALLOC_HUGE));
	for (int32 row = 0; row < side->rows; row++)
	{
		principal_add_mean(principal, model_row(model, side->factors, row));
		CHECK_FOR_INTERRUPTS();
	}
	for (int32 row = 0; row < side->rows; row++)
	{
		principal_add_scatter(principal, model_row(model, side->factors, row));
		CHECK_FOR_INTERRUPTS();
	}
	if (!principal_solve(principal))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the principal components of model \"%s\" could not be found",
						get_rel_name(model->relid))));
	choose_signs(principal, model, side);
}

/* The ids of a side and their scores on the components, as rows. */
static void
put_scores(ReturnSetInfo *result, Principal *principal, Model *model, const SideParts *side)
{
	double	   *score = palloc(sizeof(double) * principal->count);

	for (int32 row = 0; row < side->rows; row++)
	{
		Datum		values[2] = {id_of_row(model, side, row)};
		bool		nulls[2] = {false, false};

		principal_score(principal, model_row(model, side->factors, row), score);
		values[1] = float8_array(score, principal->count);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(DatumGetPointer(values[0]));
		pfree(DatumGetPointer(values[1]));
		CHECK_FOR_INTERRUPTS();
	}
	pfree(score);
}

PG_FUNCTION_INFO_V1(recsys_factor_pca);

/* The scores of each user or item on the first principal components. */
Datum
recsys_factor_pca(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	SideParts	side = side_argument(fcinfo, 1, model);
	int			count = PG_GETARG_INT32(2);
	Principal	principal;

	if (side.cols == 0)
		report_no_factors(model);
	if (count < 1 || count > side.cols)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"components\" is out of range: %d", count),
				 errdetail("It can be from 1 to %d, the number of factors.", side.cols)));
	find_components(&principal, count, model, &side);
	InitMaterializedSRF(fcinfo, 0);
	put_scores((ReturnSetInfo *) fcinfo->resultinfo, &principal, model, &side);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(recsys_factor_variance);

/* Of all components: the variance, its share of the whole, the direction. */
Datum
recsys_factor_variance(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	SideParts	side = side_argument(fcinfo, 1, model);
	ReturnSetInfo *result;
	Principal	principal;

	if (side.cols == 0)
		report_no_factors(model);
	find_components(&principal, side.cols, model, &side);
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int c = 0; c < side.cols; c++)
	{
		Datum		values[4] = {
			Int32GetDatum(c + 1), Float8GetDatum(principal.variance[c]),
			Float8GetDatum(principal.variance[c] / principal.total),
			float8_array(principal.loading + (Size) c * side.cols, side.cols)
		};
		bool		nulls[4] = {false, false, principal.total == 0, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
