/*
 * factor.c
 *		The factor form: offset + b_u + b_i + p_u . q_i.
 *
 * Matrix factorizations of every kind, and baselines, which have no factors.
 * The item side is held whole, because every recommendation scans it; of the
 * user side only the rows that are asked for are read.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "forms/fold_in_solve.h"
#include "forms/registry.h"
#include "math/kernels.h"
#include "model/json.h"
#include "resources/budget.h"

/* Items whose scores are computed between two looks for an interrupt. */
#define ITEMS_AT_A_TIME 2048

/* Algorithms make half of it at most; folding in needs the square of it. */
#define MOST_FACTORS 8192

typedef struct FactorState
{
	double		offset;
	double		unknown;		/* what takes the place of the offset and the
								 * product where user or item is not known */
	int			factors;		/* 0: none */
	int			stride;			/* of the padded vectors */
	float	   *item_factors;	/* [items x stride], aligned; NULL if none */
	float	   *item_bias;		/* [items]; NULL if none */
	float	   *user;			/* [stride] the vector of the user at hand */
	float	   *scores;			/* [items] work space */
	FoldIn	   *fold_in;		/* NULL: nobody can be folded in */
	FoldItems	fold_items;		/* its count is 0 until somebody is */
} FactorState;

/* Error unless the parts have the shapes that they should. */
static void
check_parts(Model *model)
{
	const ModelHeader *header = &model->header;
	int32		factors = model_part_cols(model, PART_ITEM_FACTORS);

	if (model_has_part(model, PART_USER_BIAS))
		model_require_part(model, PART_USER_BIAS, BLOCK_FLOAT4, header->users, 1);
	if (model_has_part(model, PART_ITEM_BIAS))
		model_require_part(model, PART_ITEM_BIAS, BLOCK_FLOAT4, header->items, 1);
	if (!model_has_part(model, PART_ITEM_FACTORS) &&
		!model_has_part(model, PART_USER_FACTORS))
		return;
	if (factors > MOST_FACTORS)
		report_corruption(model->relid, model->version, "item_factors",
						  "it has more factors than any algorithm makes");
	model_require_part(model, PART_USER_FACTORS, BLOCK_FLOAT4, header->users, factors);
	model_require_part(model, PART_ITEM_FACTORS, BLOCK_FLOAT4, header->items, factors);
}

/* See ModelForm. */
static void *
factor_load(Model *model)
{
	FactorState *state = palloc0(sizeof(FactorState));

	check_parts(model);
	state->offset = json_get_number(model->header.params, "offset");
	if (!(fabs(state->offset) <= LARGEST_NUMBER))
		report_corruption(model->relid, model->version, "header", "it has no offset");
	state->unknown = json_get_number(model->header.params, "unknown");
	if (isnan(state->unknown))
		state->unknown = model->header.mean;
	if (fabs(state->unknown) > LARGEST_NUMBER)
		report_corruption(model->relid, model->version, "header",
						  "its parameters are out of range");
	if (model_has_part(model, PART_ITEM_BIAS))
		state->item_bias = model_load_floats(model, PART_ITEM_BIAS, 1);
	if (model_has_part(model, PART_ITEM_FACTORS))
	{
		state->factors = model_part_cols(model, PART_ITEM_FACTORS);
		state->stride = KERNEL_PADDED(state->factors);
		state->item_factors = model_load_floats(model, PART_ITEM_FACTORS, state->stride);
		state->user = palloc0(sizeof(float) * state->stride);
	}
	state->fold_in = fold_in_load(model);
	if (state->fold_in != NULL && state->item_factors == NULL &&
		state->fold_in->kind >= FOLD_IN_WEIGHTED)
		report_corruption(model->relid, model->version, "header", "it has no factors to fold in by");
	state->scores = allocate_array(model->header.items, sizeof(float));
	return state;
}

/* The vector of a user, padded. */
static const float *
user_vector(Model *model, FactorState *state, int32 user)
{
	memcpy(state->user, model_row(model, PART_USER_FACTORS, user),
		   sizeof(float) * state->factors);
	return state->user;
}

/* A user's bias, 0 if there is none. */
static double
user_part(Model *model, int32 user)
{
	if (user < 0 || !model_has_part(model, PART_USER_BIAS))
		return 0;
	return *model_row(model, PART_USER_BIAS, user);
}

/* An item's bias, 0 if there is none. */
static double
item_part(const FactorState *state, int32 item)
{
	return item < 0 || state->item_bias == NULL ? 0 : state->item_bias[item];
}

/* See ModelForm. */
static double
factor_predict(Model *model, int32 user, int32 item)
{
	FactorState *state = model_state(model);
	double		bias = user_part(model, user) + item_part(state, item);

	if (state->item_factors == NULL)
		return state->offset + bias;
	if (user < 0 || item < 0)
		return state->unknown + bias;
	return state->offset + bias +
		kernels->dot(state->stride, user_vector(model, state, user),
					 state->item_factors + (Size) item * state->stride);
}

/* Scores of all items for a user of the given bias, and vector, if there are any. */
static void
score_vector(Model *model, FactorState *state, double bias, const float *vector,
			 double *scores)
{
	double		base = state->offset + bias;

	if (state->item_factors != NULL)
		kernels->matrix_vector(model->header.items, state->stride, state->item_factors,
							   vector, state->scores);
	for (int32 item = 0; item < model->header.items; item++)
		scores[item] = finite_score(model, base + item_part(state, item) +
									(state->item_factors != NULL ? state->scores[item] : 0));
}

/* See ModelForm. */
static void
factor_score_items(Model *model, int32 user, double *scores)
{
	FactorState *state = model_state(model);

	score_vector(model, state, user_part(model, user),
				 state->item_factors != NULL ? user_vector(model, state, user) : NULL, scores);
}

/* Sums of the items' observations, for drawing as often. */
static double *
make_drawn(Model *model)
{
	int32		item_count = model->header.items;
	double	   *drawn = allocate_array((Size) item_count + 1, sizeof(double));

	model_require_part(model, PART_ITEM_COUNTS, BLOCK_FLOAT4, item_count, 1);
	drawn[0] = 0;
	for (int32 item = 0; item < item_count; item++)
		drawn[item + 1] = drawn[item] + Max(*model_row(model, PART_ITEM_COUNTS, item), 0);
	return drawn;
}

/* What folding in needs of the items, made when it is first asked for. */
static const FoldItems *
fold_items(Model *model, FactorState *state)
{
	FoldItems  *items = &state->fold_items;
	MemoryContext old;

	if (items->count > 0)
		return items;
	old = MemoryContextSwitchTo(model->context);
	items->stride = state->stride;
	items->vectors = state->item_factors;
	items->bias = state->item_bias;
	items->offset = state->offset;
	if (state->fold_in->kind == FOLD_IN_WEIGHTED)
	{
		float	   *gram = palloc(sizeof(float) * state->stride * state->stride);

		kernels->gram(model->header.items, state->stride, state->item_factors, gram);
		items->gram = gram;
	}
	if (state->fold_in->kind == FOLD_IN_RANKING && state->fold_in->popularity)
		items->drawn = make_drawn(model);
	MemoryContextSwitchTo(old);
	items->count = model->header.items;
	return items;
}

/* See ModelForm. */
static void
factor_score_profile(Model *model, const UserProfile *profile, double *scores)
{
	FactorState *state = model_state(model);
	double		bias = 0;

	if (state->fold_in == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this model of algorithm \"%s\" cannot fold in users who were not in training",
						model->header.algorithm),
				 errhint("Retrain it with this version of recsys; not all algorithms can fold users in.")));
	fold_in_solve(state->fold_in, fold_items(model, state), profile, state->user, &bias);
	score_vector(model, state, bias, state->user, scores);
}

/* The vectors of some users [count x stride], palloc'd. */
static float *
user_vectors(Model *model, const FactorState *state, const int32 *user, int count)
{
	Size		bytes = budget_array(count, sizeof(float) * state->stride);
	float	   *vectors = MemoryContextAllocExtended(CurrentMemoryContext, bytes,
													 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int u = 0; u < count; u++)
		memcpy(vectors + (Size) u * state->stride,
			   model_row(model, PART_USER_FACTORS, user[u]),
			   sizeof(float) * state->factors);
	return vectors;
}

/* What is known of some users and of all items before the inner products. */
static void
start_scores(Model *model, const FactorState *state, const int32 *user, int count,
			 float *scores)
{
	int32		item_count = model->header.items;

	for (int u = 0; u < count; u++)
	{
		double		base = state->offset + user_part(model, user[u]);
		float	   *row = scores + (Size) u * item_count;

		CHECK_FOR_INTERRUPTS();
		for (int32 item = 0; item < item_count; item++)
			row[item] = base + item_part(state, item);
	}
}

/* Add the inner products, some items at a time. */
static void
add_products(Model *model, const FactorState *state, const int32 *user, int count,
			 float *scores)
{
	int32		item_count = model->header.items;
	float	   *vectors;

	if (state->item_factors == NULL)
		return;
	vectors = user_vectors(model, state, user, count);
	for (int32 item = 0; item < item_count; item += ITEMS_AT_A_TIME)
	{
		CHECK_FOR_INTERRUPTS();
		kernels->products(count, Min(ITEMS_AT_A_TIME, item_count - item), state->stride, vectors,
						  state->item_factors + (Size) item * state->stride,
						  scores + item, item_count);
	}
	pfree(vectors);
}

/* See ModelForm. */
static void
factor_score_users(Model *model, const int32 *user, int count, float *scores)
{
	FactorState *state = model_state(model);

	start_scores(model, state, user, count, scores);
	add_products(model, state, user, count, scores);
	for (Size i = 0; i < (Size) count * model->header.items; i++)
		(void) finite_score(model, scores[i]);
}

/* NaN: a vector of zeros has no cosine. */
static double
compare_vectors(const Model *model, VectorMetric metric, int stride, const float *x,
				const float *y)
{
	double		dot;
	double		norms;

	switch (metric)
	{
		case VECTOR_EUCLIDEAN:
			return finite_score(model, sqrt(kernels->squared_distance(stride, x, y)));
		case VECTOR_MANHATTAN:
			return finite_score(model, kernels->manhattan_distance(stride, x, y));
		default:
			dot = finite_score(model, kernels->dot(stride, x, y));
			if (metric == VECTOR_DOT)
				return dot;
			norms = finite_score(model, sqrt(kernels->dot(stride, x, x)) *
								 sqrt(kernels->dot(stride, y, y)));
			/* Rounding must not make it more than 1. */
			return norms > 0 ? Max(Min(dot / norms, 1), -1) : get_float8_nan();
	}
}

/* See ModelForm. */
static void
factor_compare(Model *model, Side side, int32 row, VectorMetric metric, double *scores)
{
	FactorState *state = model_state(model);
	int32		count = model_side_count(model, side);
	float	   *vector;
	float	   *other;

	vector = palloc0(sizeof(float) * state->stride);
	other = palloc0(sizeof(float) * state->stride);
	memcpy(vector, side == SIDE_ITEMS ? state->item_factors + (Size) row * state->stride :
		   model_row(model, PART_USER_FACTORS, row), sizeof(float) * state->factors);
	for (int32 r = 0; r < count; r++)
	{
		const float *against = state->item_factors + (Size) r * state->stride;

		CHECK_FOR_INTERRUPTS();
		if (side == SIDE_USERS)
			against = memcpy(other, model_row(model, PART_USER_FACTORS, r),
							 sizeof(float) * state->factors);
		scores[r] = r == row ? get_float8_nan() :
			compare_vectors(model, metric, state->stride, vector, against);
	}
	pfree(vector);
	pfree(other);
}

/* A baseline has no factors.  One part without the other is found when they are loaded. */
static bool
factor_can_compare(const Model *model)
{
	return model_has_part(model, PART_ITEM_FACTORS) || model_has_part(model, PART_USER_FACTORS);
}

const ModelForm factor_form = {
	.name = "factor",
	.load = factor_load,
	.predict = factor_predict,
	.score_items = factor_score_items,
	.score_users = factor_score_users,
	.score_profile = factor_score_profile,
	.has_factors = true,
	.compare = factor_compare,
	.can_compare = factor_can_compare
};
