/*
 * train.c
 *		A training run from ratings to draft.
 *
 * Options, reading and training are three steps, so that evaluation can train
 * on a part of what was read.  Nothing here writes.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "engine/dense.h"
#include "engine/divergence.h"
#include "engine/team.h"
#include "engine/train.h"
#include "model/encode.h"
#include "model/json.h"
#include "ratings/budget.h"
#include "ratings/extend.h"
#include "ratings/id_type.h"
#include "ratings/left_out.h"
#include "ratings/prune.h"
#include "ratings/reader.h"

static void
require_values(const Algorithm *algorithm, const CommonOptions *common, bool has_values)
{
	if (!has_values && algorithm->feedback == FEEDBACK_EXPLICIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" needs ratings", algorithm->name),
				 errdetail(common->binarize ?
						   "It learns from how ratings differ; the option \"binarize\" makes them all 1." :
						   "It learns from how ratings differ; without a rating column they are all 1."),
				 errhint("Name the column with rating_col, or use an algorithm for implicit feedback: recsys_algorithms says which are.")));
}

/*
 * The options of a component: those common to all algorithms are the whole's,
 * the others are given, or decided as those of any run.  has_values: there are
 * ratings.  Errors as of train_options.
 */
void *
train_component_options(const Algorithm *algorithm, const Jsonb *given,
						const CommonOptions *common, bool has_values)
{
	void	   *options = options_parse(algorithm, given);

	memcpy(options, common, sizeof(CommonOptions));
	require_values(algorithm, common, has_values);
	if (algorithm->feedback == FEEDBACK_IMPLICIT)
		((CommonOptions *) options)->clip = false;
	if (algorithm->prepare != NULL)
		algorithm->prepare(options, has_values);
	return options;
}

/*
 * The options of a run: the given ones, the defaults, and those that depend on
 * the data.  Error: the algorithm needs ratings and there are none.
 */
void *
train_options(const Algorithm *algorithm, const Jsonb *given, bool has_values)
{
	void	   *options;
	CommonOptions *common;

	options = options_parse(algorithm, given);
	common = options;
	has_values = has_values && !common->binarize;
	require_values(algorithm, common, has_values);
	if (algorithm->feedback == FEEDBACK_IMPLICIT)
	{
		common->clip = false;
		common->weights = true;
	}
	if (common->time_col == NULL &&
		(common->duplicates == DUPLICATES_FIRST || common->duplicates == DUPLICATES_LAST))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("which row is first or last needs the option \"time_col\""),
				 errhint("For example '{\"duplicates\": \"last\", \"time_col\": \"rated_at\"}'.")));
	if (algorithm->prepare != NULL)
		algorithm->prepare(options, has_values);
	if (common->duplicates < 0)
		common->duplicates = algorithm->feedback == FEEDBACK_IMPLICIT || !has_values ?
			DUPLICATES_SUM : DUPLICATES_MEAN;
	return options;
}

/* Which rows count under these options, and as what. */
RatingsPolicy
train_policy(const void *options)
{
	const CommonOptions *common = options;

	return (RatingsPolicy) {
		.duplicates = common->duplicates,
			.min_value = isnan(common->min_value) ? -get_float8_infinity() : common->min_value,
			.binarize = common->binarize,
			.min_user_ratings = common->min_user_ratings,
			.min_item_ratings = common->min_item_ratings,
			.keep_left_out = common->store_ratings && !isnan(common->min_value),
			.skip_zeros = common->weights
	};
}

/* Bytes of the work space of all processes; components account for their own. */
static Size
scratch_bytes(const Algorithm *algorithm, const void *options, const MatrixShape *shape)
{
	if (algorithm->scratch == NULL)
		return 0;
	if (algorithm->components != NULL)
		return algorithm->scratch(shape, options);
	return mul_size(1 + team_workers(algorithm, options, shape->ratings),
					algorithm->scratch(shape, options));
}

/*
 * Bytes of a run: the matrix and what the algorithm needs; then either the
 * search for the number of iterations, or the writing of the model.
 */
Size
train_bytes(const Algorithm *algorithm, const void *options, const MatrixShape *shape)
{
	Size		bytes = add_size(matrix_bytes(shape), algorithm->memory(shape, options));
	Size		search = iteration_search_bytes(iteration_options(algorithm, options), shape);

	return add_size(add_size(bytes, scratch_bytes(algorithm, options, shape)),
					Max(search, encode_bytes(bytes)));
}

typedef struct RunSize
{
	const Algorithm *algorithm;
	const void *options;
} RunSize;

static Size
run_bytes(const MatrixShape *shape, void *arg)
{
	const RunSize *run = arg;

	return train_bytes(run->algorithm, run->options, shape);
}

/* Error: there are no ratings.  Notice: they are all equal. */
void
train_require_ratings(const Interactions *ratings, const RatingsSource *source,
					  const RatingsPolicy *policy)
{
	bool		leaves_out = !isinf(policy->min_value) || policy->min_user_ratings > 1 ||
		policy->min_item_ratings > 1;

	if (sparse_entries(&ratings->by_user) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation %s has no ratings", source->relation),
				 errdetail(ratings->zeros > 0 ?
						   "A weight of 0 is no observation, and there are no others." :
						   leaves_out ?
						   "None is left by the options min_value, min_user_ratings and min_item_ratings." :
						   "It has no rows that the current user can see, or the rating is null in all of them.")));
	if (ratings->minimum == ratings->maximum && sparse_entries(&ratings->by_user) > 1 &&
		source->rating.name != NULL && !policy->binarize)
		ereport(NOTICE,
				(errmsg("all ratings in relation %s are equal", source->relation),
				 errhint("If they only say that a user has an item, give rating_col => NULL.")));
}

/*
 * Read the ratings for a run, in the current memory context; there are none
 * where the source has no relation.  Errors: those of ratings_read, no ratings
 * that count, and too little memory for the training that is to follow.
 */
Interactions *
train_read(const Algorithm *algorithm, const void *options, const RatingsSource *source)
{
	RunSize		run = {algorithm, options};
	ReadRequest request = {
		.source = source,
		.policy = train_policy(options),
		.share_from = team_share_from(algorithm, options),
		.total_bytes = run_bytes,
		.total_bytes_arg = &run
	};
	Interactions *ratings;

	if (source->relation == NULL)
		return interactions_empty(false, false);
	ratings = ratings_read(&request);
	interactions_prune(ratings, &request.policy);
	train_require_ratings(ratings, source, &request.policy);
	return ratings;
}

/* The number of ratings of each item, as stored. */
static float *
item_counts(const Interactions *ratings)
{
	float	   *counts = palloc_extended(sizeof(float) * (Size) ratings->items.count,
										 MCXT_ALLOC_HUGE);

	for (int32 item = 0; item < ratings->items.count; item++)
		counts[item] = sparse_row_length(&ratings->by_item, item);
	return counts;
}

static void
add_common_parts(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	ModelDraft *draft = context->draft;
	const SparseRows *seen;

	draft_add_ids(draft, PART_USER_IDS, &ratings->users);
	draft_add_ids(draft, PART_ITEM_IDS, &ratings->items);
	draft_add_floats(draft, PART_ITEM_COUNTS, item_counts(ratings),
					 ratings->items.count, 1, 1);
	if (!((const CommonOptions *) context->options)->store_ratings)
		return;
	draft_add_sparse(draft, PART_RATINGS, &ratings->by_user);
	seen = left_out_place(ratings->left_out, &ratings->users, &ratings->items);
	if (seen != NULL)
		draft_add_sparse(draft, PART_SEEN, seen);
}

/*
 * Train on context->ratings, which fills context->draft with what the
 * algorithm leaves: it is in the current memory context and in the shared
 * memory of the run.
 */
void
train_once(TrainContext *context)
{
	const Algorithm *algorithm = context->algorithm;
	const Interactions *ratings = context->ratings;
	int			workers = 0;

	/* Components have a team each. */
	if (interactions_are_shared(ratings) && algorithm->components == NULL)
		workers = team_workers(algorithm, context->options, sparse_entries(&ratings->by_user));
	dense_require_for(algorithm, context->options);
	context->draft = draft_create();
	if (workers > 0)
		context->team = team_create(workers);
	if (algorithm->attach != NULL)
		context->state = algorithm->attach(context);
	if (context->team != NULL)
		team_launch(context);
	algorithm->train(context);
	if (context->team != NULL)
		team_dismiss(context);
}

/* All of a run but for what any model has. */
static void
train_parts(TrainContext *context)
{
	const IterationOptions *iteration = iteration_options(context->algorithm,
														  context->options);

	if (context->algorithm->feedback == FEEDBACK_IMPLICIT)
		require_weights(context->algorithm, context->ratings);
	if (iteration != NULL && iteration->validation > 0)
		iteration_search(context, interactions_are_shared(context->ratings));
	train_once(context);
	require_finite(context->draft);
}

/* Give the model of a component, made of some ratings, the items of others. */
static void
extend_component(TrainContext *run, const Interactions *from, const Interactions *to)
{
	int32	   *index = ids_places(&from->items, &to->items);

	draft_add_items(run->draft, run->algorithm->form->neighbor_side, index,
					to->items.count);
	pfree(index);
}

/*
 * Train the next component of a run, on the same ratings, which adds to the
 * run's draft.  Returns the component's own run, which lives as long.
 *
 * Only an algorithm that learns from something besides ratings sees the items
 * that one before it has added to them; what the others leave is extended.
 */
TrainContext *
train_component(TrainContext *whole, const Component *component)
{
	TrainContext *run = palloc0(sizeof(TrainContext));

	if (whole->components == 0)
		whole->rated = whole->ratings;
	run->algorithm = component->algorithm;
	run->options = component->options;
	run->source = whole->source;
	run->ratings = component->algorithm->ratings_optional ? whole->ratings : whole->rated;
	run->progress = progress_of_component(whole->progress, component->algorithm->name);
	train_parts(run);
	whole->progress->last_notice = run->progress->last_notice;
	if (component->algorithm->ratings_optional && run->ratings != whole->ratings)
	{
		for (int c = 0; c < whole->components; c++)
			extend_component(whole->component[c], whole->ratings, run->ratings);
		whole->ratings = run->ratings;
	}
	else if (whole->ratings != whole->rated)
		extend_component(run, whole->rated, whole->ratings);
	if (OidIsValid(run->item_type))
		whole->item_type = run->item_type;
	whole->component[whole->components++] = run;
	draft_add_component(whole->draft, run->draft);
	return run;
}

/*
 * A whole training run, which makes context->draft.  The caller has set the
 * algorithm, the options, the source, the ratings and the progress.  The draft lives in
 * the current memory context and in the shared memory of the run, until
 * train_end.
 */
void
train_run(TrainContext *context)
{
	train_parts(context);
	add_common_parts(context);
}

/* What the header says of the components of a run; NULL if it has none. */
static Jsonb *
describe_components(const TrainContext *run)
{
	StringInfoData json;

	if (run->components == 0)
		return NULL;
	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int c = 0; c < run->components; c++)
	{
		const TrainContext *component = run->component[c];
		StringInfoData params = component->draft->params;

		header_encode_component(&json, component->algorithm->name,
								component->algorithm->form->name,
								options_encode(component->algorithm, component->options),
								json_finish(&params));
	}
	appendStringInfoChar(&json, ']');
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}

/*
 * The error on the training ratings at the end; the log of a run of components
 * has those of each, and none of the whole.
 */
static double
final_rmse(const TrainContext *run)
{
	const Progress *progress = run->progress;

	if (progress->done == 0 || run->components > 0)
		return NAN;
	return progress->log[progress->done - 1].train_rmse;
}

/* The name of a type, or NULL if there is none. */
static const char *
type_name(Oid type)
{
	return OidIsValid(type) ? id_type_name(type) : NULL;
}

/* The header of the model that a run has made; it may point into the run. */
ModelHeader
train_header(const TrainContext *run, const RatingsSource *source)
{
	const Interactions *ratings = run->ratings;
	const Progress *progress = run->progress;
	StringInfoData params = run->draft->params;
	ModelHeader header = {
		.algorithm = run->algorithm->name,
		.form = run->algorithm->form->name,
		.options = options_encode(run->algorithm, run->options),
		.params = json_finish(&params),
		.components = describe_components(run),
		.relation = source->relation,
		.user_col = source->user.name,
		.item_col = source->item.name,
		.rating_col = source->rating.name,
		.user_type = type_name(source->user.type),
		.item_type = type_name(OidIsValid(source->item.type) ? source->item.type :
							   run->item_type),
		.encoding = GetDatabaseEncodingName(),
		.ascii = draft_is_ascii(run->draft),
		.users = ratings->users.count,
		.items = ratings->items.count,
		.ratings = sparse_entries(&ratings->by_user),
		.mean = ratings->mean,
		.stddev = ratings->stddev,
		.minimum = ratings->minimum,
		.maximum = ratings->maximum,
		.clip = ((const CommonOptions *) run->options)->clip,
		.trained_at = GetCurrentTimestamp(),
		.iterations = progress->done,
		.train_rmse = final_rmse(run),
		.seconds = progress_seconds(progress),
		.log = progress->log
	};

	return header;
}

/* Give back the shared memory of a run, whose draft is then of no use. */
void
train_end(TrainContext *context)
{
	for (int c = 0; c < context->components; c++)
		train_end(context->component[c]);
	if (context->team != NULL)
		team_release(context->team);
}
