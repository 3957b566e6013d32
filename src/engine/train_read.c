/*
 * train_read.c
 *		The ratings for a training run, if the run fits into memory.
 *
 * How much memory a run takes is known from its options and from the number
 * of users, items and ratings.  So reading stops as soon as it has found more
 * than can be trained on.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "storage/shmem.h"

#include "engine/cost.h"
#include "engine/settle.h"
#include "engine/settle_data.h"
#include "engine/suit.h"
#include "engine/team.h"
#include "engine/train_read.h"
#include "engine/validation.h"
#include "model/encode.h"
#include "ratings/extend.h"
#include "ratings/left_out.h"
#include "ratings/prune.h"
#include "ratings/reader.h"
#include "resources/budget.h"

/* Bytes of the work space of all processes; components account for their own. */
static Size
scratch_bytes(const Algorithm *algorithm, const void *options, const MatrixShape *shape)
{
	if (algorithm->components != NULL)
		return algorithm_scratch(algorithm, shape, options);
	return mul_size(1 + team_workers(algorithm, options, shape->ratings),
					algorithm_scratch(algorithm, shape, options));
}

/*
 * Bytes of a run: the matrix and what the algorithm needs; then either the
 * search for the number of iterations, or the writing of the model.
 */
Size
train_bytes(const Algorithm *algorithm, const void *options, const MatrixShape *shape)
{
	Size		bytes = add_size(matrix_bytes(shape), algorithm_memory(algorithm, shape, options));
	Size		search = validation_bytes(algorithm, options, shape);

	return add_size(add_size(bytes, scratch_bytes(algorithm, options, shape)),
					Max(search, encode_bytes(bytes)));
}

/* What the size of a run depends on besides the shape of its matrix. */
typedef struct RunSize
{
	const Algorithm *algorithm;
	const void *options;
} RunSize;

/* train_bytes, as reading asks for it while it counts. */
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
	/* Zeros that were left out made a difference, and would be counted without the column. */
	if (ratings->zeros == 0 &&
		ratings->minimum == ratings->maximum && sparse_entries(&ratings->by_user) > 1 &&
		source->rating.name != NULL && !policy->binarize)
		ereport(NOTICE,
				(errmsg("all ratings in relation %s are equal", source->relation),
				 errhint("If they only say that a user has an item, train with rating_col => NULL.")));
}

/*
 * Options that the ratings have decided may need more than those before.  What
 * was pruned is kept, as seen, in the room that it had in the matrix: see that
 * training fits beside that.
 */
static void
require_room(const Interactions *ratings, const RunSize *run, const RatingsSource *source)
{
	MatrixShape shape = interactions_shape(ratings);
	int64		left_out = ratings->left_out == NULL ? 0 :
		sparse_entries(&ratings->left_out->pairs);

	budget_require(add_size(train_bytes(run->algorithm, run->options, &shape),
							budget_array(left_out, LEFT_OUT_BYTES)),
				   ratings_describe(source, &shape));
}

/*
 * Read the ratings for a run, in the current memory context, and decide the
 * options that depend on them; there are none where the source has no relation.
 * Errors: those of ratings_read, no ratings
 * that count, and too little memory for the training that is to follow.
 */
Interactions *
train_read(const Algorithm *algorithm, void *options, const RatingsSource *source)
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
	settle_by_ratings(algorithm, options, ratings, source);
	interactions_prune(ratings, &request.policy);
	train_require_ratings(ratings, source, &request.policy);
	ratings_for_training(options, ratings);
	require_room(ratings, &run, source);
	report_seconds(algorithm, options, expected_seconds(algorithm, options, ratings), 1, ratings);
	return ratings;
}
