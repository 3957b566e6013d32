/*
 * evaluate.c
 *		recsys_evaluate: how good an algorithm is on ratings held out from it;
 *		and recsys_evaluate_model: how good a trained model is on others.
 *
 * Beside each number is that of a baseline, the items with the most ratings, or,
 * for errors, the items' mean ratings: a recommender should be better.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "engine/settle.h"
#include "evaluation/experiment.h"
#include "evaluation/training.h"
#include "ratings/reader.h"
#include "resources/budget.h"
#include "serving/arguments.h"
#include "serving/request.h"

/* What was measured, as rows: those asked for, or of all what either column has. */
static void
put_quality(FunctionCallInfo fcinfo, MetricSet asked, const Quality *quality,
			const Quality *popular)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int i = 0; i < METRIC_COUNT; i++)
	{
		Datum		values[3] = {CStringGetTextDatum(metric_names[i]),
			Float8GetDatum(quality->value[i]), Float8GetDatum(popular->value[i])
		};
		bool		nulls[3] = {false, isnan(quality->value[i]), isnan(popular->value[i])};

		if (asked == 0 ? !nulls[1] || !nulls[2] : (asked & METRIC_BIT(i)) != 0)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(recsys_evaluate);

/* A row for each metric, of a model trained on a part of the ratings. */
Datum
recsys_evaluate(PG_FUNCTION_ARGS)
{
	Experiment	experiment = {.candidates = 1};
	void	   *options;
	Quality		quality;
	Quality		popular;

	require_not_null(fcinfo, 0, "ratings");
	require_not_null(fcinfo, 1, "algorithm");
	require_not_null(fcinfo, 2, "options");
	require_not_null(fcinfo, 3, "split");
	experiment.algorithm = algorithm_lookup(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	experiment.relid = PG_GETARG_OID(0);
	experiment.columns = columns_argument(fcinfo, 5);
	options = train_options(experiment.algorithm, PG_GETARG_JSONB_P(2),
							experiment.columns.rating != NULL, true);
	experiment.options = &options;
	experiment.split_options = split_parse(PG_GETARG_JSONB_P(3),
										   ((const CommonOptions *) options)->time_col);
	experiment.wanted = (MeasureOptions) {
		.errors = experiment_predicts_ratings(&experiment, 0),
			.ranking = true,
			.metrics = experiment.split_options.metrics,
			.popular = true,
			.n = list_length_argument(fcinfo, 4)
	};
	InitMaterializedSRF(fcinfo, 0);
	experiment_prepare(&experiment);
	/* Values that turn out to be counts are not predicted. */
	experiment.wanted.errors = experiment_predicts_ratings(&experiment, 0);
	experiment_run(&experiment, 0, &quality, &popular);
	put_quality(fcinfo, experiment.wanted.metrics, &quality, &popular);
	return (Datum) 0;
}

/* What measuring a stored model needs. */
typedef struct ModelTest
{
	const Model *model;
	const Algorithm *algorithm;
	const void *options;
	MeasureOptions wanted;
} ModelTest;

/* Bytes of testing a model by ratings of a given shape. */
static Size
model_test_bytes(const MatrixShape *shape, void *arg)
{
	const ModelTest *run = arg;
	const ModelHeader *header = &run->model->header;
	MatrixShape training = {
		.users = header->users,
		.items = header->items,
		.ratings = header->ratings
	};
	TestSet		test = {0};

	Size		served = fold_served_bytes(run->algorithm, run->options, &training);

	return add_size(served, quality_bytes(&training, shape, &run->wanted, &test, served));
}

/* Read what a model is to be tested by. */
static Interactions *
read_test(ModelTest *run, Oid relid, const ColumnNames *columns)
{
	const CommonOptions *common = run->options;
	ReadRequest request = {
		.source = source_resolve(relid, columns, common->time_col),
		.policy = train_policy(run->options),
		.total_bytes = model_test_bytes,
		.total_bytes_arg = run
	};
	Interactions *test = ratings_read(&request);

	if (sparse_entries(&test->by_user) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation %s has no ratings to test a model with",
						request.source->relation)));
	return test;
}

/* Without what the model was trained on.  Error: then nothing is left. */
static const Interactions *
require_unseen(Model *model, const Interactions *read)
{
	FoldIndex	index = fold_index(model, read);
	Training	training;
	const Interactions *test;

	training_load(model, &training);
	test = test_without_training(read, index.user, index.item, &training.by_user,
								 model->header.relation);
	if (sparse_entries(&test->by_user) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" was trained on all rows of the test",
						get_rel_name(model->relid)),
				 errhint("Train it on other rows, or have recsys_evaluate hold some out.")));
	return test;
}

PG_FUNCTION_INFO_V1(recsys_evaluate_model);

/* The same of a trained model, on the rows of another relation. */
Datum
recsys_evaluate_model(PG_FUNCTION_ARGS)
{
	ModelTest	run = {0};
	ColumnNames columns;
	TestSet		test = {.relevant_from = -INFINITY};
	Model	   *model;
	Quality		quality;
	Quality		popular;

	require_not_null(fcinfo, 0, "model");
	require_not_null(fcinfo, 1, "test");
	model = model_argument(fcinfo, 0);
	columns = columns_argument(fcinfo, 3);
	run.model = model;
	run.algorithm = algorithm_lookup(model->header.algorithm);
	run.options = model_options(run.algorithm, model->header.options);
	run.wanted = (MeasureOptions) {
		.errors = columns.rating != NULL && !((const CommonOptions *) run.options)->binarize &&
			predicts_ratings(run.algorithm, run.options),
			.ranking = true,
			.popular = true,
			.n = list_length_argument(fcinfo, 2)
	};
	require_seen(model);
	InitMaterializedSRF(fcinfo, 0);
	test.held_out = require_unseen(model, read_test(&run, PG_GETARG_OID(1), &columns));
	quality_measure(model, &test, &run.wanted, &quality, &popular);
	put_quality(fcinfo, 0, &quality, &popular);
	return (Datum) 0;
}
