/*
 * quality.c
 *		How good a model is on ratings that it was not given: errors of its
 *		predictions, and the lists that it recommends.
 *
 * What is relevant and unknown to the model is missed by its lists.  Everything
 * that is known of items (who has rated them, how often) is of the training of
 * the model.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "evaluation/fold.h"
#include "evaluation/list_measures.h"
#include "evaluation/quality.h"
#include "evaluation/test_batch.h"
#include "resources/budget.h"

/*
 * Bytes of measuring a model of ratings of a given shape on others, besides
 * the model as it is served here: it takes "served" bytes in each worker.
 */
Size
quality_bytes(const MatrixShape *part, const MatrixShape *held_out,
			  const MeasureOptions *wanted, const TestSet *test, Size served)
{
	Size		predictions = metrics_wanted(wanted, METRICS_OF_ERRORS) ?
		budget_array(held_out->ratings, sizeof(Prediction)) : 0;
	BatchShape	shape = test_batch_most(test, part, held_out, wanted);
	Size		bytes = add_size(matrix_bytes(held_out), matrix_bytes(part));

	if (!metrics_wanted(wanted, ~METRICS_OF_ERRORS))
		return add_size(bytes, predictions);
	served = mul_size(served, batch_workers(&shape, part->items));
	return add_size(bytes, Max(predictions,
							   add_size(add_size(batch_bytes(&shape, part->items), served),
										add_size(lists_bytes(part, &shape, wanted),
												 test_gains_bytes(test, held_out)))));
}

/* Errors of the means of the items in training, or of the mean of all. */
static PredictionErrors
errors_of_means(const PlacedTest *placed, Prediction *prediction)
{
	const SparseRows *rows = &placed->test->held_out->by_item;
	int64		n = 0;

	for (int32 row = 0; row < rows->rows; row++)
	{
		int32		item = placed->index.item[row];
		double		mean = item < 0 ? placed->model->header.mean : training_mean(&placed->training, item);

		CHECK_FOR_INTERRUPTS();
		for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
			prediction[n++] = (Prediction) {0, isnan(mean) ? placed->model->header.mean : mean,
				rows->value[e]};
	}
	return prediction_errors(prediction, n);
}

/* Put errors among what was measured. */
static void
put_errors(Quality *quality, PredictionErrors errors)
{
	quality->value[METRIC_RMSE] = sqrt(errors.mse);
	quality->value[METRIC_MAE] = errors.mae;
}

/* Predict what is held out, by the model and by the means of the items. */
static void
measure_errors(const PlacedTest *placed, const MeasureOptions *wanted, Quality *quality,
			   Quality *popular)
{
	int64		count = sparse_entries(&placed->test->held_out->by_user);
	Prediction *prediction = allocate_array(count, sizeof(Prediction));

	fold_predict(placed->model, placed->test->held_out, &placed->index, prediction);
	put_errors(quality, prediction_errors(prediction, count));
	if (wanted->popular)
		put_errors(popular, errors_of_means(placed, prediction));
	pfree(prediction);
}

/* Rank for the users of the test, by the model and by popularity. */
static void
measure_ranking(const PlacedTest *placed, const MeasureOptions *wanted, Quality *quality,
				Quality *popular)
{
	TestBatch	lists = test_batch_create(placed, wanted);
	Batch	   *batch = lists.batch;
	bool		listed = batch->shape.users > 0 && metrics_wanted(wanted, METRICS_OF_LISTS);

	if (listed)
	{
		batch_run(batch, placed->model);
		lists_measure(&lists, wanted, &placed->training, placed->test->seed, quality);
	}
	if (listed && wanted->popular)
	{
		batch->shape.popular = true;
		batch_run(batch, placed->model);
		lists_measure(&lists, wanted, &placed->training, placed->test->seed, popular);
	}
	if (metrics_wanted(wanted, METRIC_BIT(METRIC_USERS)))
		quality->value[METRIC_USERS] = popular->value[METRIC_USERS] = batch->shape.users;
	batch_release(batch);
}

/* Nothing has been measured yet. */
static void
clear_quality(Quality *quality)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		quality->value[i] = get_float8_nan();
}

/*
 * Measure a model, and, if that is asked, the popularity list and the item
 * means beside it; what is not asked, or undefined, is NaN.  The model has to
 * have its ratings.
 */
void
quality_measure(Model *model, const TestSet *test, const MeasureOptions *wanted,
				Quality *quality, Quality *popular)
{
	PlacedTest	placed = {.model = model, .test = test};

	clear_quality(quality);
	clear_quality(popular);
	placed.index = fold_index(model, test->held_out);
	training_load(model, &placed.training);
	if (metrics_wanted(wanted, METRICS_OF_ERRORS))
		measure_errors(&placed, wanted, quality, popular);
	if (metrics_wanted(wanted, ~METRICS_OF_ERRORS))
		measure_ranking(&placed, wanted, quality, popular);
}
