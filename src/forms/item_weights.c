/*
 * item_weights.c
 *		The form of item weights: what each of a user's items adds to the others.
 *
 * The score of item i for a user is the sum over their items j of x_uj W[j][i],
 * x_uj being their rating, or 1.  Row j of W says what item j speaks for: it is
 * sparse (PART_WEIGHTS), or dense (PART_DENSE_WEIGHTS) where everything speaks
 * for or against everything.  The weights are held whole, of the ratings only
 * the rows that are asked for.  Nothing here depends on the user but their items,
 * so that somebody who was not in training is scored in the same way.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "forms/neighbor.h"
#include "forms/registry.h"
#include "math/kernels.h"

/* Rows of dense weights that are added up between two looks for an interrupt. */
#define ROWS_PER_CHECK 256

typedef struct ItemWeightsState
{
	SparseRows	sparse;			/* the weights, or else ... */
	float	   *dense;			/* [items x stride], aligned; NULL: they are sparse */
	int			stride;
	float	   *scores;			/* [stride] work space */
	Neighborhood *users;		/* to compare them; NULL until needed */
} ItemWeightsState;

/* See ModelForm. */
static void *
item_weights_load(Model *model)
{
	ItemWeightsState *state = palloc0(sizeof(ItemWeightsState));
	int32		item_count = model->header.items;

	model_require_part(model, PART_RATINGS, BLOCK_SPARSE, model->header.users, item_count);
	state->stride = KERNEL_PADDED(item_count);
	if (model_has_part(model, PART_DENSE_WEIGHTS))
	{
		model_require_part(model, PART_DENSE_WEIGHTS, BLOCK_FLOAT4, item_count, item_count);
		state->dense = model_load_floats(model, PART_DENSE_WEIGHTS, state->stride);
	}
	else
	{
		model_require_part(model, PART_WEIGHTS, BLOCK_SPARSE, item_count, item_count);
		model_load_sparse(model, PART_WEIGHTS, &state->sparse);
	}
	state->scores = MemoryContextAllocHuge(CurrentMemoryContext,
										   sizeof(float) * state->stride);
	return state;
}

/* Add the weights of a profile's items where all are stored. */
static void
add_dense_rows(const ItemWeightsState *state, const UserProfile *profile)
{
	for (int32 i = 0; i < profile->count; i += ROWS_PER_CHECK)
	{
		CHECK_FOR_INTERRUPTS();
		kernels->gather_sum(Min(ROWS_PER_CHECK, profile->count - i), state->stride, state->dense,
							profile->item + i, profile->value + i, state->scores);
	}
}

/* Add the weights of a profile's items where only some are stored. */
static void
add_sparse_rows(const ItemWeightsState *state, const UserProfile *profile)
{
	const SparseRows *weights = &state->sparse;

	for (int32 i = 0; i < profile->count; i++)
	{
		int32		item = profile->item[i];
		float		value = profile->value[i];
		int64		end = weights->start[item + 1];

		CHECK_FOR_INTERRUPTS();
		for (int64 e = weights->start[item]; e < end; e++)
			state->scores[weights->index[e]] += value * weights->value[e];
	}
}

/*
 * Sum up what the items of a profile say of all others, in state->scores.  Of
 * those whose sum is exactly zero nothing was said.
 */
static const float *
sum_weights(ItemWeightsState *state, const UserProfile *profile)
{
	memset(state->scores, 0, sizeof(float) * state->stride);
	if (state->dense != NULL)
		add_dense_rows(state, profile);
	else
		add_sparse_rows(state, profile);
	return state->scores;
}

/* See ModelForm. */
static void
item_weights_score_profile(Model *model, const UserProfile *profile, double *scores)
{
	const float *sums = sum_weights(model_state(model), profile);

	for (int32 i = 0; i < model->header.items; i++)
		scores[i] = sums[i] != 0 ? finite_score(model, sums[i]) : get_float8_nan();
}

/* See ModelForm. */
static void
item_weights_score_items(Model *model, int32 user, double *scores)
{
	UserProfile profile;

	(void) model_state(model);
	profile = model_profile(model, user);
	item_weights_score_profile(model, &profile, scores);
}

/* See ModelForm. */
static void
item_weights_score_users(Model *model, const int32 *user, int count, float *scores)
{
	ItemWeightsState *state = model_state(model);
	int32		item_count = model->header.items;

	for (int u = 0; u < count; u++, scores += item_count)
	{
		UserProfile profile = model_profile(model, user[u]);
		const float *sums = sum_weights(state, &profile);

		for (int32 i = 0; i < item_count; i++)
			scores[i] = sums[i] != 0 ? finite_score(model, sums[i]) : get_float4_nan();
	}
}

/* What one item says of another, 0 if it is not stored. */
static double
weight_of(const ItemWeightsState *state, int32 from, int32 to)
{
	int64		entry;

	if (state->dense != NULL)
		return state->dense[(Size) from * state->stride + to];
	entry = sparse_find(&state->sparse, from, to);
	return entry >= 0 ? state->sparse.value[entry] : 0;
}

/* See ModelForm. */
static double
item_weights_predict(Model *model, int32 user, int32 item)
{
	ItemWeightsState *state = model_state(model);
	UserProfile own;
	double		score = 0;

	if (user < 0 || item < 0)
		return 0;
	own = model_profile(model, user);
	for (int32 i = 0; i < own.count; i++)
		score += own.value[i] * weight_of(state, own.item[i], item);
	return score;
}

/* What an item says of all others, NaN where that is nothing. */
static void
compare_items(const ItemWeightsState *state, int32 item_count, int32 item, double *scores)
{
	const SparseRows *weights = &state->sparse;

	for (int32 i = 0; i < item_count; i++)
	{
		float		weight = state->dense == NULL ? 0 :
			state->dense[(Size) item * state->stride + i];

		scores[i] = weight != 0 && i != item ? weight : get_float8_nan();
	}
	if (state->dense != NULL)
		return;
	for (int64 e = weights->start[item]; e < weights->start[item + 1]; e++)
		if (weights->index[e] != item)
			scores[weights->index[e]] = weights->value[e];
}

/* Users are compared by the cosine of what they have. */
static Neighborhood *
users_of_model(Model *model, ItemWeightsState *state)
{
	NeighborParams params = {
		.measure = {.kind = SIMILARITY_COSINE, .min_support = 1},
		.score = SCORE_SUM,
		.k = 1
	};
	MemoryContext old;

	if (state->users == NULL)
	{
		old = MemoryContextSwitchTo(model->context);
		state->users = model_neighborhood(model, &params);
		MemoryContextSwitchTo(old);
	}
	return state->users;
}

/* See ModelForm. */
static void
item_weights_compare(Model *model, Side side, int32 row, VectorMetric metric, double *scores)
{
	ItemWeightsState *state = model_state(model);

	if (metric != VECTOR_COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of item weights support only the metric \"cosine\""),
				 errdetail("The similarity of two items is the weight of one for the other, that of two users the cosine of their ratings."),
				 errhint("Leave out the metric, or train a factorization, such as als or svd.")));
	if (side == SIDE_ITEMS)
		compare_items(state, model->header.items, row, scores);
	else
		neighborhood_compare(users_of_model(model, state), SIDE_USERS, row, scores, NULL);
}

const ModelForm item_weights_form = {
	.name = "item_weights",
	.load = item_weights_load,
	.predict = item_weights_predict,
	.score_items = item_weights_score_items,
	.score_users = item_weights_score_users,
	.score_profile = item_weights_score_profile,
	.compare = item_weights_compare
};
