/*
 * experiment.c
 *		Trying one or several settings of an algorithm on one split.
 *
 * The ratings are read and split once.  All settings read them alike, or their
 * results could not be compared.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "engine/cost.h"
#include "engine/settle.h"
#include "engine/settle_data.h"
#include "engine/train_read.h"
#include "evaluation/experiment.h"
#include "forms/row_cache.h"
#include "model/memory_model.h"
#include "model/model.h"
#include "ratings/reader.h"
#include "resources/budget.h"
#include "serving/arguments.h"

/* Can a setting's predictions be held against the ratings that were held out? */
bool
experiment_predicts_ratings(const Experiment *experiment, int candidate)
{
	const void *options = experiment->options[candidate];

	return experiment->columns.rating != NULL && !((const CommonOptions *) options)->binarize &&
		experiment->split_options.method != SPLIT_USERS &&
		predicts_ratings(experiment->algorithm, options);
}

/* The length of a list; NULL means the default.  Error: not positive. */
int
list_length_argument(FunctionCallInfo fcinfo, int n)
{
	int			length = PG_ARGISNULL(n) ? DEFAULT_COUNT : PG_GETARG_INT32(n);

	if (length < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the length of the lists must be positive, not %d", length)));
	return length;
}

/* Can a model serve users who were not in training?  Of components, one will do. */
bool
experiment_can_fold_in(const Algorithm *algorithm, const void *options)
{
	int			count;
	const Component *component;

	if (algorithm->choose != NULL)
		return true;
	if (algorithm->components == NULL)
		return algorithm->form->score_profile != NULL;
	component = algorithm->components(options, &count);
	for (int c = 0; c < count; c++)
		if (experiment_can_fold_in(component[c].algorithm, component[c].options))
			return true;
	return false;
}

/* Users who are held out whole need a form that can serve them. */
static void
require_fold_in(const Experiment *experiment)
{
	bool		all = true;

	for (int i = 0; i < experiment->candidates; i++)
		all = all && experiment_can_fold_in(experiment->algorithm, experiment->options[i]);
	if (experiment->split_options.method == SPLIT_USERS && !all)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a model of algorithm \"%s\" cannot serve users who were not in training",
						experiment->algorithm->name),
				 errhint("Split by \"per_user\" or \"random\", so that every user is trained on in part.")));
}

/* What is a rating for one of the settings is one for all that leave it open. */
static void
agree_on_values(Experiment *experiment)
{
	bool		ratings = false;

	for (int i = 0; i < experiment->candidates; i++)
		ratings = ratings ||
			((const CommonOptions *) experiment->options[i])->values == VALUES_RATINGS;
	for (int i = 0; ratings && i < experiment->candidates; i++)
		settle_as_ratings(experiment->options[i]);
}

/* All settings have to read the same. */
static void
require_same_reading(const Experiment *experiment)
{
	const CommonOptions *first = experiment->options[0];

	for (int i = 1; i < experiment->candidates; i++)
	{
		const CommonOptions *other = experiment->options[i];
		const char *differs = NULL;

		if (other->duplicates != first->duplicates)
			differs = "duplicates";
		else if (memcmp(&other->min_value, &first->min_value, sizeof(double)) != 0)
			differs = "min_value";
		else if (other->binarize != first->binarize)
			differs = "binarize";
		else if (other->values != first->values)
			differs = "weight_transform";
		else if ((other->time_col == NULL) != (first->time_col == NULL) ||
				 (other->time_col != NULL && strcmp(other->time_col, first->time_col) != 0))
			differs = "time_col";
		if (differs != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" must be the same for all candidates", differs),
					 errdetail("It determines which ratings are read: candidates that differ in it cannot be compared.")));
	}
}

/* Bytes at the peak: the ratings, what is held out, and the greediest fold. */
static Size
experiment_bytes(const MatrixShape *shape, void *arg)
{
	const Experiment *experiment = arg;
	const TestSet *test = &experiment->split.test;
	MatrixShape held_out = split_held_out_shape(&experiment->split_options, shape, test);
	Size		most = 0;
	Size		least = SIZE_MAX;
	Size		bytes = add_size(matrix_bytes(shape), shape->ratings);

	if (experiment->split_options.time_col != NULL)
		bytes = add_size(bytes, budget_array(shape->ratings, sizeof(float)));
	for (int i = 0; i < experiment->candidates; i++)
	{
		const void *options = experiment->options[i];
		Size		served = fold_served_bytes(experiment->algorithm, options, shape);
		Size		wanted = quality_bytes(shape, &held_out, &experiment->wanted, test,
										   served);

		wanted = fold_bytes(experiment->algorithm, options, shape, wanted);
		least = Min(least, wanted);
		if (experiment->too_large != NULL)
			experiment->too_large[i] = add_size(bytes, wanted) > budget_limit();
		if (experiment->too_large == NULL || !experiment->too_large[i])
			most = Max(most, wanted);
	}
	return add_size(bytes, most == 0 ? least : most);
}

/*
 * Decide the options of all settings that depend on the ratings, and the policy
 * with them.  Notices are those of the first.  Error: there is no memory for that.
 */
static void
settle_candidates(Experiment *experiment)
{
	const Interactions *whole = experiment->whole;
	MatrixShape shape = interactions_shape(whole);
	double		seconds = 0;

	for (int i = 0; i < experiment->candidates; i++)
	{
		CommonOptions *common = experiment->options[i];

		common->quiet = common->quiet || i > 0;
		settle_by_ratings(experiment->algorithm, common, whole, experiment->sources.ratings);
		seconds += expected_seconds(experiment->algorithm, common, whole);
	}
	experiment->sources.policy = train_policy(experiment->options[0]);
	budget_require(experiment_bytes(&shape, experiment),
				   ratings_describe(experiment->sources.ratings, &shape));
	report_seconds(experiment->algorithm, experiment->options[0], seconds,
				   experiment->candidates, whole);
}

/*
 * Read the ratings and split them, in the current memory context.  Errors:
 * those of reading and splitting, settings that do not read alike, and users to
 * be held out that the algorithm could not serve.
 */
void
experiment_prepare(Experiment *experiment)
{
	const CommonOptions *options = experiment->options[0];
	SplitSources *sources = &experiment->sources;
	ReadRequest request = {.total_bytes = experiment_bytes, .total_bytes_arg = experiment};

	require_fold_in(experiment);
	agree_on_values(experiment);
	require_same_reading(experiment);
	for (int i = 0; i < experiment->candidates; i++)
	{
		CommonOptions *common = (CommonOptions *) experiment->options[i];

		/* What users have seen is asked of the model. */
		common->store_ratings = true;
		/* Only lists need what ranks beside a model. */
		if (!experiment->wanted.ranking)
			common->list_options = NULL;
	}
	sources->columns = &experiment->columns;
	sources->ratings = source_resolve(experiment->relid, &experiment->columns,
									  options->time_col);
	sources->policy = train_policy(options);
	experiment->split.test = split_read(&experiment->split_options, sources);
	request.source = sources->ratings;
	request.policy = sources->policy;
	experiment->whole = ratings_read(&request);
	settle_candidates(experiment);
	train_require_ratings(experiment->whole, sources->ratings, &request.policy);
	experiment->split = split_make(&experiment->split_options, sources,
								   &experiment->split.test, experiment->whole);
}

/* Train with one of the settings, and measure what comes of it. */
void
experiment_run(const Experiment *experiment, int candidate, Quality *quality,
			   Quality *popular)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys experiment",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	TrainedFold fold = {
		.algorithm = experiment->algorithm,
		.options = experiment->options[candidate],
		.source = experiment->sources.ratings,
		.whole = experiment->whole
	};
	SubsetFilter filter = {
		.label = experiment->split.label,
		.value = LABEL_TRAINING,
		.equal = true
	};
	Model	   *model = fold_train(&fold, &filter);

	if (metrics_wanted(&experiment->wanted, METRICS_OF_LISTS))
		model->row_cache_bytes = Min(ROW_CACHE_BYTES, budget_limit() / 8);
	quality_measure(model, &experiment->split.test, &experiment->wanted, quality, popular);
	memory_model_release(model);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
