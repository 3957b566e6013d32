/*
 * settle_data.c
 *		The options of a training run that its ratings decide.
 *
 * Whether a column has ratings or counts, and whether weights span orders of
 * magnitude, is known when all have been read.  It is decided once, on all of
 * them, so that folds and candidates are trained alike, and written into the
 * options.  What is decided then changes what is trained on, not what is held
 * out: evaluation does it to the part it trains on.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "engine/cost.h"
#include "engine/limit.h"
#include "engine/settle.h"
#include "engine/settle_data.h"
#include "engine/suit.h"
#include "ratings/weights.h"

/* Nobody minds a run that is longer by so many seconds. */
#define FELT_SECONDS 1

/* Values that are open are ratings, because they are to be predicted. */
void
settle_as_ratings(void *options)
{
	CommonOptions *common = options;

	if (common->values == VALUES_OPEN)
		common->values = VALUES_RATINGS;
	if (common->duplicates < 0)
		common->duplicates = DUPLICATES_MEAN;
}

/*
 * Settle all options once more, now that values are known to be weights.  What
 * callers have set besides stays.
 */
static void
settle_as_weights(const Algorithm *algorithm, void *options)
{
	CommonOptions was = *(CommonOptions *) options;
	CommonOptions *common = options;

	memcpy(options, train_options(algorithm, was.given, false, false), algorithm->options.size);
	common->report_renamed = was.report_renamed;
	common->store_ratings = was.store_ratings;
	common->quiet = was.quiet;
}

/* Notice: what was made of counts. */
static void
report_counts(const Algorithm *algorithm, const RatingsSource *source,
			  const WeightSpread *spread, bool were_ratings)
{
	ereport(NOTICE,
			(errmsg("values in relation %s span orders of magnitude: each counts by its rank among the user's",
					source->relation),
			 errdetail("The largest hundredth are on average %.0f times the mean of all.%s",
					   spread->top, were_ratings ?
					   "  Scores are sums of weights, not predicted values." : ""),
			 errhint("Use the option \"weight_transform\": \"none\" for the values as they are.")));
}

/* Decide what becomes of weights. */
static void
settle_transform(const Algorithm *algorithm, CommonOptions *common, const Interactions *ratings,
				 const RatingsSource *source, bool were_ratings)
{
	WeightSpread spread = spread_of_rows(&ratings->by_user);
	bool		open = common->weight_transform < 0;

	if (open)
		common->weight_transform = spread.counts ? TRANSFORM_RANK : TRANSFORM_NONE;
	if (common->weight_transform != TRANSFORM_NONE)
		require_weights(algorithm, ratings);
	if ((common->weight_transform == TRANSFORM_LOG || common->weight_transform == TRANSFORM_SQRT) &&
		isnan(common->weight_unit))
		common->weight_unit = spread.unit;
	if (open && common->weight_transform == TRANSFORM_RANK && !common->quiet)
		report_counts(algorithm, source, &spread, were_ratings);
}

/* Notice: some users have absurdly many ratings. */
static void
report_limit(const LimitEffect *effect)
{
	ereport(NOTICE,
			(errmsg_plural("%d user has more than %d ratings, of which " INT64_FORMAT " are not trained on",
						   "%d users have more than %d ratings, of which " INT64_FORMAT " are not trained on",
						   effect->users, effect->users, effect->limit, effect->ratings),
			 errdetail("Training would take most of its time for them.  What they have still counts as seen."),
			 errhint("Use the option \"max_user_ratings\": 0 to train on all.")));
}

/* What a run costs; of the algorithms that one may choose, one that walks all pairs. */
static double
seconds_for_pairs(const Algorithm *algorithm, const CommonOptions *common,
				  const DataTraits *traits)
{
	return algorithm->choose != NULL ? cost_of_pairs(traits->user_pairs, traits->shape.items) :
		algorithm_cost(algorithm, traits, common);
}

/*
 * Limit the ratings of users, where a few users would take more than half of the
 * time, and that is long enough to be felt.
 */
static void
settle_limit(const Algorithm *algorithm, CommonOptions *common, const Interactions *ratings)
{
	DataTraits	traits = traits_of_ratings(ratings);
	LimitEffect effect;
	double		all;
	double		limited;

	if (common->max_user_ratings >= 0)
		return;
	effect = limit_for_pairs(&ratings->by_user);
	if (effect.limit == 0)
		return;
	all = seconds_for_pairs(algorithm, common, &traits);
	traits.user_pairs = effect.pairs;
	limited = seconds_for_pairs(algorithm, common, &traits);
	if (all - limited < FELT_SECONDS || limited > all / 2)
		return;
	common->max_user_ratings = effect.limit;
	if (!common->quiet)
		report_limit(&effect);
}

/*
 * Decide the options that depend on the ratings, all that were read, in place.
 * Notice: weights are not taken as they are, unless that was asked for.  Error:
 * they are negative and should be transformed.
 */
void
settle_by_ratings(const Algorithm *algorithm, void *options, const Interactions *ratings,
				  const RatingsSource *source)
{
	CommonOptions *common = options;
	bool		were_ratings = predicts_ratings(algorithm, options);

	if (ratings->counts && algorithm->feedback == FEEDBACK_BOTH &&
		common->values != VALUES_RATINGS)
		settle_as_weights(algorithm, options);
	settle_as_ratings(options);
	if (common->values == VALUES_RATINGS)
		common->weight_transform = TRANSFORM_NONE;
	else if (!common->plain_weights)
		settle_transform(algorithm, common, ratings, source, were_ratings);
	settle_limit(algorithm, common, ratings);
}

/* What is trained on has been made already: training is not to do it again. */
void
settle_as_made(CommonOptions *common)
{
	common->weight_transform = TRANSFORM_NONE;
	common->max_user_ratings = 0;
}

/*
 * Make of ratings, in place, what is trained on under settled options: weights
 * transformed, and of each user no more than the limit.
 */
void
ratings_for_training(const void *options, Interactions *ratings)
{
	const CommonOptions *common = options;

	if (common->weight_transform > TRANSFORM_NONE)
		interactions_transform(ratings, &(WeightRule) {common->weight_transform,
							   common->weight_unit});
	if (common->max_user_ratings > 0)
		interactions_limit(ratings, common->max_user_ratings, common->store_ratings);
}
