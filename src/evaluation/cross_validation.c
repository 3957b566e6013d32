/*
 * cross_validation.c
 *		recsys_cross_validate: how well an algorithm predicts ratings that it
 *		was not given.
 *
 * The ratings are read once and dealt into folds of equal size, the same for
 * every algorithm.  Each fold is predicted by a model of all the others, which
 * lives in memory and is asked by the code that serves stored models.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "engine/team.h"
#include "engine/train.h"
#include "evaluation/concordance.h"
#include "model/form.h"
#include "model/image.h"
#include "ratings/budget.h"
#include "ratings/reader.h"
#include "ratings/subset.h"
#include "serving/arguments.h"

/* A fold is a label of one byte. */
#define MAX_FOLDS 256

typedef struct CrossValidation
{
	const Algorithm *algorithm;
	const void *options;
	const RatingsSource *source;
	const Interactions *whole;
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
					budget_array(fold.ratings, sizeof(Judgement) + 2 * sizeof(double)));
}

/*
 * Bytes at the peak: the ratings with their labels and a model as blocks; then
 * either the training on a part of them, or a model that is ready to predict,
 * which may have the ratings both ways, and the fold that is predicted.
 */
static Size
cross_validation_bytes(const MatrixShape *shape, void *arg)
{
	const CrossValidation *run = arg;
	MatrixShape part = shape_of_part(shape, run->folds);
	Size		arrays = run->algorithm->memory(&part, run->options);
	Size		blocks = add_size(arrays, budget_array(part.ratings,
													   sizeof(int32) + sizeof(float)));
	Size		test = add_size(add_size(matrix_bytes(&part), arrays),
								test_bytes(shape, run->folds));

	return add_size(add_size(matrix_bytes(shape), shape->ratings),
					add_size(blocks, Max(train_bytes(run->algorithm, run->options, &part),
										 test)));
}

/* Should the ratings of a part be where workers can see them? */
static bool
is_to_be_shared(const CrossValidation *run)
{
	const Interactions *whole = run->whole;
	MatrixShape shape = {
		.users = whole->users.count,
		.items = whole->items.count,
		.ratings = sparse_entries(&whole->by_user)
	};
	MatrixShape part = shape_of_part(&shape, run->folds);

	return team_workers(run->algorithm, run->options, part.ratings) > 0 &&
		budget_fits_shared(train_bytes(run->algorithm, run->options, &part));
}

/*
 * The model of all folds but one, in the current memory context, with the
 * place in it of the users and items.
 */
static Model *
train_without_fold(const CrossValidation *run, Fold *fold, SubsetIndex *index)
{
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(keep, "recsys training", ALLOCSET_DEFAULT_SIZES);
	SubsetFilter filter = {.label = run->label, .value = fold->number, .equal = false};
	TrainContext training = {.algorithm = run->algorithm, .options = run->options};
	Interactions *part;
	ModelHeader header;
	Model	   *model;

	*index = subset_index(run->whole, &filter);
	MemoryContextSwitchTo(scratch);
	part = subset_create_compact(run->whole, &filter, index, is_to_be_shared(run));
	fold->train_ratings = sparse_entries(&part->by_user);
	training.source = run->source;
	training.ratings = part;
	training.progress = progress_create(run->algorithm->name);
	train_run(&training);
	header = train_header(&training, run->source);
	MemoryContextSwitchTo(keep);
	model = image_create(training.draft, &header);
	train_end(&training);
	interactions_release(part);
	MemoryContextDelete(scratch);
	return model;
}

/* Predict all ratings of the fold, in the order of its rows. */
static void
judge_rows(Model *model, const SparseRows *rows, const SubsetIndex *index,
		   Judgement *judgement)
{
	bool		items = model_is_item_by_item(model);
	int64		n = 0;

	for (int32 row = 0; row < rows->rows; row++)
		for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		{
			int32		user = items ? rows->index[e] : row;
			int32		item = items ? row : rows->index[e];
			double		rating = model->form->predict(model, index->user[user],
													  index->item[item]);

			CHECK_FOR_INTERRUPTS();
			judgement[n++] = (Judgement) {user, model_clip(model, rating), rows->value[e]};
		}
}

static void
measure_errors(Fold *fold, Judgement *judgement)
{
	double		squares = 0;
	double		absolutes = 0;

	for (int64 i = 0; i < fold->test_ratings; i++)
	{
		double		error = judgement[i].prediction - judgement[i].actual;

		squares += error * error;
		absolutes += fabs(error);
	}
	fold->mse = squares / fold->test_ratings;
	fold->rmse = sqrt(fold->mse);
	fold->mae = absolutes / fold->test_ratings;
	fold->fcp = fraction_of_concordant_pairs(judgement, fold->test_ratings);
}

static void
test_fold(const CrossValidation *run, Fold *fold, Model *model, const SubsetIndex *index)
{
	SubsetFilter filter = {.label = run->label, .value = fold->number, .equal = true};
	Interactions *test = subset_create(run->whole, &filter, false);
	Judgement  *judgement;

	fold->test_ratings = sparse_entries(&test->by_user);
	judgement = MemoryContextAllocHuge(CurrentMemoryContext,
									   budget_array(fold->test_ratings, sizeof(Judgement)));
	judge_rows(model, model_is_item_by_item(model) ? &test->by_item : &test->by_user, index,
			   judgement);
	measure_errors(fold, judgement);
}

static void
run_fold(const CrossValidation *run, Fold *fold)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys fold",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Progress   *clock = progress_create(run->algorithm->name);
	SubsetIndex index;
	Model	   *model = train_without_fold(run, fold, &index);

	fold->fit_seconds = progress_seconds(clock);
	test_fold(run, fold, model, &index);
	fold->test_seconds = progress_seconds(clock) - fold->fit_seconds;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

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

/* What is predicted has to be a rating for errors to mean something. */
static void
require_ratings(const Algorithm *algorithm, const ColumnNames *columns)
{
	if (columns->rating == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cross-validation needs ratings"),
				 errhint("Name the column with rating_col.")));
	if (algorithm->feedback == FEEDBACK_IMPLICIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" does not predict ratings", algorithm->name),
				 errhint("The view recsys_algorithms says which are for explicit feedback.")));
}

static const Interactions *
read_ratings(CrossValidation *run)
{
	ReadRequest request = {
		.source = run->source,
		.policy = train_policy(run->options),
		.total_bytes = cross_validation_bytes,
		.total_bytes_arg = run
	};
	Interactions *ratings = ratings_read(&request);
	int64		count = sparse_entries(&ratings->by_user);

	train_require_ratings(ratings, run->source, &request.policy);
	if (count < run->folds)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation %s has fewer ratings than there are folds",
						run->source->relation),
				 errdetail("There are " INT64_FORMAT " ratings and %d folds.", count,
						   run->folds)));
	return ratings;
}

static void
require_arguments(FunctionCallInfo fcinfo)
{
	require_not_null(fcinfo, 0, "ratings");
	require_not_null(fcinfo, 1, "algorithm");
	require_not_null(fcinfo, 2, "options");
	require_not_null(fcinfo, 4, "seed");
}

PG_FUNCTION_INFO_V1(recsys_cross_validate);

Datum
recsys_cross_validate(PG_FUNCTION_ARGS)
{
	CrossValidation run = {0};
	ColumnNames columns;
	Progress   *progress;

	require_arguments(fcinfo);
	run.algorithm = algorithm_lookup(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	run.folds = folds_argument(fcinfo, 3);
	columns = columns_argument(fcinfo, 5);
	require_ratings(run.algorithm, &columns);
	run.options = train_options(run.algorithm, PG_GETARG_JSONB_P(2), true);
	run.source = source_resolve(PG_GETARG_OID(0), &columns,
								((const CommonOptions *) run.options)->time_col);
	InitMaterializedSRF(fcinfo, 0);
	progress = progress_create(run.algorithm->name);
	run.whole = read_ratings(&run);
	run.label = subset_folds(run.whole, run.folds, PG_GETARG_INT32(4));
	for (int number = 0; number < run.folds; number++)
	{
		Fold		fold = {.number = number};

		run_fold(&run, &fold);
		put_fold((ReturnSetInfo *) fcinfo->resultinfo, &fold);
		progress_step(progress, "folds", number + 1, run.folds);
	}
	return (Datum) 0;
}
