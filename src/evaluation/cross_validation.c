/*
 * cross_validation.c
 *		recsys_cross_validate: how well an algorithm predicts ratings that it
 *		was not given.
 *
 * The ratings are read once and dealt into folds of equal size, the same for
 * every algorithm.  Each fold is predicted by a model of all the others.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "engine/cost.h"
#include "engine/settle.h"
#include "engine/settle_data.h"
#include "engine/train_read.h"
#include "evaluation/fold.h"
#include "ratings/reader.h"
#include "resources/budget.h"
#include "serving/arguments.h"

/* A fold is a label of one byte. */
#define MAX_FOLDS 256

typedef struct CrossValidation
{
	TrainedFold fold;
	int			folds;
	const uint8 *label;			/* [ratings] the fold of each */
} CrossValidation;

/* A fold and what came of it. */
typedef struct Fold
{
	uint8		number;
	int64		train_ratings;
	int64		test_ratings;
	double		rmse;
	double		mae;
	double		mse;
	double		fcp;			/* NaN: there are no pairs */
	double		fit_seconds;
	double		test_seconds;
} Fold;

/* The most that the ratings without one fold can be. */
static MatrixShape
shape_of_part(const MatrixShape *whole, int folds)
{
	MatrixShape part = *whole;

	part.ratings -= whole->ratings / folds;
	return part;
}

/* Bytes of predicting a fold: its ratings, and what is made of them. */
static Size
test_bytes(const MatrixShape *shape, int folds)
{
	MatrixShape fold = *shape;

	fold.ratings = shape->ratings / folds + 1;
	return add_size(matrix_bytes(&fold),
					budget_array(fold.ratings, sizeof(Prediction) + 2 * sizeof(double)));
}

/* Bytes at the peak: the ratings with their labels, and a fold. */
static Size
cross_validation_bytes(const MatrixShape *shape, void *arg)
{
	const CrossValidation *run = arg;
	MatrixShape part = shape_of_part(shape, run->folds);

	return add_size(add_size(matrix_bytes(shape), shape->ratings),
					fold_bytes(run->fold.algorithm, run->fold.options, &part,
							   test_bytes(shape, run->folds)));
}

/* Predict a fold by the model of all others, and compare. */
static void
test_fold(const CrossValidation *run, Fold *fold, Model *model)
{
	SubsetFilter filter = {.label = run->label, .value = fold->number, .equal = true};
	Interactions *test = subset_create(run->fold.whole, &filter, false);
	FoldIndex	index = fold_index(model, test);
	PredictionErrors errors;
	Prediction *prediction;

	fold->test_ratings = sparse_entries(&test->by_user);
	prediction = allocate_array(fold->test_ratings, sizeof(Prediction));
	fold_predict(model, test, &index, prediction);
	errors = prediction_errors(prediction, fold->test_ratings);
	fold->mse = errors.mse;
	fold->rmse = sqrt(errors.mse);
	fold->mae = errors.mae;
	fold->fcp = fraction_of_concordant_pairs(prediction, fold->test_ratings);
}

/* Train without a fold, then predict it. */
static void
run_fold(const CrossValidation *run, Fold *fold)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys fold",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	SubsetFilter filter = {.label = run->label, .value = fold->number, .equal = false};
	Progress   *clock = progress_create(run->fold.algorithm->name);
	Model	   *model = fold_train(&run->fold, &filter);

	fold->train_ratings = model->header.ratings;
	fold->fit_seconds = progress_seconds(clock);
	test_fold(run, fold, model);
	fold->test_seconds = progress_seconds(clock) - fold->fit_seconds;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* A row of the result. */
static void
put_fold(ReturnSetInfo *result, const Fold *fold)
{
	Datum		values[9];
	bool		nulls[9] = {false};

	values[0] = Int32GetDatum(fold->number + 1);
	values[1] = Int64GetDatum(fold->train_ratings);
	values[2] = Int64GetDatum(fold->test_ratings);
	values[3] = Float8GetDatum(fold->rmse);
	values[4] = Float8GetDatum(fold->mae);
	values[5] = Float8GetDatum(fold->mse);
	values[6] = Float8GetDatum(fold->fcp);
	nulls[6] = isnan(fold->fcp);
	values[7] = Float8GetDatum(fold->fit_seconds);
	values[8] = Float8GetDatum(fold->test_seconds);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The number of folds.  Error: out of range. */
static int
folds_argument(FunctionCallInfo fcinfo, int n)
{
	int			folds;

	require_not_null(fcinfo, n, "folds");
	folds = PG_GETARG_INT32(n);
	if (folds < 2 || folds > MAX_FOLDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of folds is out of range: %d", folds),
				 errdetail("It must be from 2 to %d.", MAX_FOLDS)));
	return folds;
}

/* Error unless there are ratings to predict. */
static void
require_ratings(const ColumnNames *columns)
{
	if (columns->rating == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cross-validation needs ratings"),
				 errhint("Name the column with rating_col.")));
}

/* Error unless the algorithm predicts ratings. */
static void
require_predictions(const Algorithm *algorithm, const void *options)
{
	if (!predicts_ratings(algorithm, options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" does not predict ratings", algorithm->name),
				 errdetail("With these options its scores are preferences, not ratings."),
				 errhint("The view recsys_algorithms says which are for explicit feedback.")));
}

/* Read all ratings.  Error: there are fewer than folds. */
static const Interactions *
read_ratings(CrossValidation *run)
{
	const RatingsSource *source = run->fold.source;
	ReadRequest request = {
		.source = source,
		.policy = train_policy(run->fold.options),
		.total_bytes = cross_validation_bytes,
		.total_bytes_arg = run
	};
	Interactions *ratings = ratings_read(&request);
	int64		count = sparse_entries(&ratings->by_user);

	train_require_ratings(ratings, source, &request.policy);
	if (count < run->folds)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation %s has fewer ratings than folds",
						source->relation),
				 errdetail("There are " INT64_FORMAT " ratings and %d folds.", count,
						   run->folds)));
	return ratings;
}

/* Error if an argument is null that must not be. */
static void
require_arguments(FunctionCallInfo fcinfo)
{
	require_not_null(fcinfo, 0, "ratings");
	require_not_null(fcinfo, 1, "algorithm");
	require_not_null(fcinfo, 2, "options");
	require_not_null(fcinfo, 4, "seed");
}

/* The options to be tried, without the model that ranks beside: nobody asks for lists. */
static void *
options_argument(const Algorithm *algorithm, const Jsonb *given)
{
	CommonOptions *options = train_options(algorithm, given, true, true);

	options->list_options = NULL;
	return options;
}

PG_FUNCTION_INFO_V1(recsys_cross_validate);

/* The errors of each fold, as rows. */
Datum
recsys_cross_validate(PG_FUNCTION_ARGS)
{
	CrossValidation run = {0};
	TrainedFold *fold = &run.fold;
	ColumnNames columns;
	Progress   *progress;
	void	   *options;

	require_arguments(fcinfo);
	fold->algorithm = algorithm_lookup(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	run.folds = folds_argument(fcinfo, 3);
	columns = columns_argument(fcinfo, 5);
	require_ratings(&columns);
	options = options_argument(fold->algorithm, PG_GETARG_JSONB_P(2));
	fold->options = options;
	require_predictions(fold->algorithm, options);
	settle_as_ratings(options);
	fold->source = source_resolve(PG_GETARG_OID(0), &columns,
								  ((const CommonOptions *) fold->options)->time_col);
	InitMaterializedSRF(fcinfo, 0);
	progress = progress_create(fold->algorithm->name);
	fold->whole = read_ratings(&run);
	settle_by_ratings(fold->algorithm, options, fold->whole, fold->source);
	report_seconds(fold->algorithm, options, run.folds *
				   expected_seconds(fold->algorithm, options, fold->whole), run.folds, fold->whole);
	run.label = subset_folds(fold->whole, run.folds, PG_GETARG_INT32(4));
	for (int number = 0; number < run.folds; number++)
	{
		Fold		fold = {.number = number};

		run_fold(&run, &fold);
		put_fold((ReturnSetInfo *) fcinfo->resultinfo, &fold);
		progress_step(progress, "folds", number + 1, run.folds);
	}
	return (Datum) 0;
}
