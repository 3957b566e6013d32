/*
 * settle.c
 *		The options of a training run, settled before anything is read.
 *
 * Some options are given, some have their default, and some depend on the
 * data: whether there are ratings at all decides how rows for the same user
 * and item are put together, and whether a value of 0 means anything.  From
 * the settled options follows the policy of reading.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "utils/float.h"

#include "engine/settle.h"
#include "math/weights.h"
#include "model/json.h"

/* Error: the algorithm learns from ratings that differ, and there are none. */
static void
require_values(const Algorithm *algorithm, const CommonOptions *common, bool has_values)
{
	if (!has_values && algorithm->feedback == FEEDBACK_EXPLICIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" needs ratings", algorithm->name),
				 errdetail(common->binarize ?
						   "It learns from how ratings differ; the option \"binarize\" makes them all 1." :
						   common->weight_transform > TRANSFORM_NONE ?
						   "It learns from how ratings differ; the option \"weight_transform\" is for weights." :
						   "It learns from how ratings differ; without a rating column they are all 1."),
				 errhint("Name the column with rating_col, or use an algorithm for implicit feedback, such as ials: recsys_algorithms says which are.")));
}

/* Error: weights are to be transformed, and the scores are ratings. */
static void
refuse_transform(const Algorithm *algorithm, const CommonOptions *common)
{
	if (common->weight_transform > TRANSFORM_NONE && predicts_ratings(algorithm, common))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"weight_transform\" is not for scores that are ratings"),
				 errhint("Choose another score, or train on a view that has the ratings transformed.")));
}

/*
 * What the values of the ratings are, as far as that is known before they are
 * read; prepare may know better of an algorithm for both kinds of feedback.
 */
static ValueKind
kind_of_values(const Algorithm *algorithm, bool has_values)
{
	return algorithm->feedback == FEEDBACK_IMPLICIT || !has_values ? VALUES_WEIGHTS :
		VALUES_RATINGS;
}

/* Error: the model needs its ratings, and is not to keep them. */
static void
require_stored_ratings(const Algorithm *algorithm, const CommonOptions *common)
{
	if (algorithm->needs_stored_ratings && !common->store_ratings)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" requires stored ratings", algorithm->name),
				 errhint("Leave out the option \"store_ratings\".")));
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
	void	   *options = options_parse(algorithm->name, &algorithm->options, given);

	memcpy(options, common, sizeof(CommonOptions));
	/* What ranks beside the whole does not rank beside its parts. */
	((CommonOptions *) options)->list_options = NULL;
	if (common->report_renamed)
		options_report_renamed(&algorithm->options, given);
	require_values(algorithm, common, has_values);
	if (algorithm->feedback == FEEDBACK_IMPLICIT)
		((CommonOptions *) options)->clip = false;
	if (algorithm->prepare != NULL)
		algorithm->prepare(options, has_values);
	require_stored_ratings(algorithm, options);
	return options;
}

/*
 * How repeated rows become one, where nobody has said it.  As long as ratings may
 * turn out to be weights it is left to the kind of values (DUPLICATES_BY_KIND).
 */
static void
decide_duplicates(const Algorithm *algorithm, CommonOptions *common, bool has_values)
{
	if (common->duplicates >= 0)
		return;
	if (algorithm->feedback == FEEDBACK_IMPLICIT || !has_values)
		common->duplicates = DUPLICATES_SUM;
	else if (common->values == VALUES_RATINGS)
		common->duplicates = DUPLICATES_MEAN;
}

/*
 * Add to settled options those of the model that ranks beside, if there is one.
 * It learns who has rated what, whatever the ratings are.
 */
void
train_add_list_options(const Algorithm *algorithm, void *options)
{
	CommonOptions common = *(const CommonOptions *) options;

	if (algorithm->list_algorithm == NULL || !lists_are_damped(algorithm, options))
		return;
	common.binarize = true;
	common.values = VALUES_WEIGHTS;
	common.weight_transform = TRANSFORM_NONE;
	common.max_user_ratings = 0;
	common.duplicates = DUPLICATES_SUM;
	common.ranks_beside = true;
	((CommonOptions *) options)->list_options =
		train_component_options(algorithm->list_algorithm,
								json_from_cstring(algorithm->list_options), &common, false);
}

/*
 * The options of a run: the given ones, the defaults, and those that depend on
 * the data.  Error: the algorithm needs ratings and there are none.  Notice, if
 * report_renamed: an option, also one of a component, has a new name.
 */
void *
train_options(const Algorithm *algorithm, const Jsonb *given, bool has_values,
			  bool report_renamed)
{
	void	   *options;
	CommonOptions *common;

	options = options_parse(algorithm->name, &algorithm->options, given);
	common = options;
	common->report_renamed = report_renamed;
	if (report_renamed)
		options_report_renamed(&algorithm->options, given);
	common->given = given;
	has_values = has_values && !common->binarize && common->weight_transform <= TRANSFORM_NONE;
	require_values(algorithm, common, has_values);
	common->has_values = has_values;
	common->values = kind_of_values(algorithm, has_values);
	if (algorithm->feedback == FEEDBACK_IMPLICIT)
		common->clip = false;
	if (common->time_col == NULL &&
		(common->duplicates == DUPLICATES_FIRST || common->duplicates == DUPLICATES_LAST))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("duplicates policy \"%s\" requires option \"time_col\"",
						common->duplicates == DUPLICATES_FIRST ? "first" : "last"),
				 errhint("For example '{\"duplicates\": \"last\", \"time_col\": \"rated_at\"}'.")));
	if (algorithm->prepare != NULL)
		algorithm->prepare(options, has_values);
	refuse_transform(algorithm, common);
	require_stored_ratings(algorithm, options);
	decide_duplicates(algorithm, common, has_values);
	train_add_list_options(algorithm, options);
	return options;
}

/* The options that a model was trained with, from its header. */
void *
model_options(const Algorithm *algorithm, const Jsonb *written)
{
	void	   *options = options_parse(algorithm->name, &algorithm->options, written);

	((CommonOptions *) options)->values = predicts_ratings(algorithm, options) ?
		VALUES_RATINGS : VALUES_WEIGHTS;
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
			.keep_pruned = common->store_ratings,
			.values = common->values
	};
}
