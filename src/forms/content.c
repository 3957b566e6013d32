/*
 * content.c
 *		The content form: items as vectors of terms, users as the mean of the
 *		vectors of their items, weighted by their ratings.
 *
 * Vectors of items have length 1, so that the cosine of two of them is their
 * product.  A user's vector is p = sum of r_i v_i over the items i that they have
 * rated (a mean but for its length, which a cosine does not see), and an item's
 * score is p v / |p|.  All items are scored by the terms that the user's vector
 * has: for each, by the items that have it.  An item that has none of them has
 * no score.  |p|^2 is the sum of r_i p v_i.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "forms/registry.h"
#include "ratings/matrix.h"
#include "resources/budget.h"

/* Whose vector is in state->vector, if not a user's. */
#define OF_NOBODY (-1)			/* all zero */
#define OF_UNKNOWN (-2)			/* it may be anything */

typedef struct ContentState
{
	SparseRows	by_item;		/* items x terms */
	SparseRows	by_term;
	SparseRows	ratings;		/* users x items; no rows if there are no users */
	double	   *vector;			/* [terms] of a user */
	int32		owner;			/* of the vector: a user or one of the above */
	double		length;			/* of the owner's vector */
	double	   *user_length;	/* [users] of all vectors; NULL: not known yet */
} ContentState;

/* See ModelForm. */
static void *
content_load(Model *model)
{
	const ModelHeader *header = &model->header;
	ContentState *state = palloc0(sizeof(ContentState));
	int32		terms = model_part_rows(model, PART_TERMS);

	model_require_part(model, PART_TERMS, BLOCK_TEXT, terms, 1);
	model_require_part(model, PART_ITEM_TERMS, BLOCK_SPARSE, header->items, terms);
	model_load_sparse(model, PART_ITEM_TERMS, &state->by_item);
	sparse_allocate(&state->by_term, terms, header->items, sparse_entries(&state->by_item));
	sparse_transpose(&state->by_item, &state->by_term);
	if (header->users > 0)
	{
		model_require_part(model, PART_RATINGS, BLOCK_SPARSE, header->users, header->items);
		model_load_sparse(model, PART_RATINGS, &state->ratings);
	}
	state->vector = palloc_extended(sizeof(double) * (Size) terms,
									MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	state->owner = OF_NOBODY;
	return state;
}

/* Add the vectors of the items of a profile to the user's, each times its value. */
static void
add_vectors(ContentState *state, const UserProfile *profile)
{
	const SparseRows *by_item = &state->by_item;

	for (int32 i = 0; i < profile->count; i++)
	{
		int32		item = profile->item[i];

		for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
			state->vector[by_item->index[e]] += (double) profile->value[i] * by_item->value[e];
	}
}

/* Make the user's vector zero again where some items have terms. */
static void
clear_vectors(ContentState *state, const UserProfile *profile)
{
	const SparseRows *by_item = &state->by_item;

	for (int32 i = 0; i < profile->count; i++)
	{
		int32		item = profile->item[i];

		for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
			state->vector[by_item->index[e]] = 0;
	}
}

/* The product of the user's vector and an item. */
static double
product_with_item(const ContentState *state, int32 item)
{
	const SparseRows *by_item = &state->by_item;
	double		product = 0;

	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
		product += state->vector[by_item->index[e]] * by_item->value[e];
	return product;
}

/* The length of the user's vector, which is that of a profile. */
static double
vector_length(const ContentState *state, const UserProfile *profile)
{
	double		square = 0;

	for (int32 i = 0; i < profile->count; i++)
		square += profile->value[i] * product_with_item(state, profile->item[i]);
	return square > 0 ? sqrt(square) : 0;
}

/* Make the user's vector zero, whosever it is. */
static void
clear_vector(ContentState *state)
{
	if (state->owner == OF_UNKNOWN)
		memset(state->vector, 0, sizeof(double) * (Size) state->by_term.rows);
	else if (state->owner != OF_NOBODY)
	{
		UserProfile owner = profile_of_row(&state->ratings, state->owner);

		clear_vectors(state, &owner);
	}
	state->owner = OF_NOBODY;
}

/* Let the vector be that of a user. */
static void
load_vector(ContentState *state, int32 user)
{
	UserProfile profile = profile_of_row(&state->ratings, user);

	if (state->owner == user)
		return;
	clear_vector(state);
	add_vectors(state, &profile);
	state->length = vector_length(state, &profile);
	state->owner = user;
}

/* Add the product of one term of the user's vector with all items that have it. */
static inline void
add_products(const ContentState *state, int32 term, double *products)
{
	const SparseRows *by_term = &state->by_term;
	double		weight = state->vector[term];

	for (int64 e = by_term->start[term]; e < by_term->start[term + 1]; e++)
		products[by_term->index[e]] += weight * by_term->value[e];
}

/*
 * The products of the vector of a profile with all items; returns its length.
 * Each term is taken out of the vector when it has been used.
 */
static double
all_products(ContentState *state, const UserProfile *profile, double *products)
{
	const SparseRows *by_item = &state->by_item;
	double		length;

	clear_vector(state);
	/* An interrupt may leave it half used. */
	state->owner = OF_UNKNOWN;
	add_vectors(state, profile);
	length = vector_length(state, profile);
	memset(products, 0, sizeof(double) * (Size) by_item->rows);
	for (int32 i = 0; i < profile->count; i++)
	{
		int32		item = profile->item[i];

		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
		{
			if (state->vector[by_item->index[e]] == 0)
				continue;
			add_products(state, by_item->index[e], products);
			state->vector[by_item->index[e]] = 0;
		}
	}
	state->owner = OF_NOBODY;
	return length;
}

/* The cosine of a product and two lengths, NaN where it is none or zero. */
static inline double
cosine_of(double product, double lengths)
{
	return product != 0 && lengths > 0 ? product / lengths : get_float8_nan();
}

/* The cosines of the vector of a profile and all items. */
static void
score_vector(ContentState *state, const UserProfile *profile, double *scores)
{
	double		length = all_products(state, profile, scores);

	for (int32 item = 0; item < state->by_item.rows; item++)
		scores[item] = cosine_of(scores[item], length);
}

/* See ModelForm. */
static double
content_predict(Model *model, int32 user, int32 item)
{
	ContentState *state = model_state(model);

	if (user < 0 || item < 0)
		return 0;
	load_vector(state, user);
	return state->length > 0 ? product_with_item(state, item) / state->length : 0;
}

/* See ModelForm. */
static void
content_score_items(Model *model, int32 user, double *scores)
{
	ContentState *state = model_state(model);
	UserProfile profile = profile_of_row(&state->ratings, user);

	score_vector(state, &profile, scores);
}

/* See ModelForm. */
static void
content_score_profile(Model *model, const UserProfile *profile, double *scores)
{
	score_vector(model_state(model), profile, scores);
}

/* The cosines of an item and all others. */
static void
compare_items(ContentState *state, int32 row, double *scores)
{
	float		one = 1;
	UserProfile self = {.count = 1, .item = &row, .value = &one};

	score_vector(state, &self, scores);
	scores[row] = get_float8_nan();
}

/* The lengths of the vectors of all users, found once. */
static const double *
user_lengths(Model *model, ContentState *state)
{
	int32		user_count = model->header.users;
	double	   *lengths;

	if (state->user_length != NULL)
		return state->user_length;
	lengths = allocate_array(user_count, sizeof(double));
	for (int32 user = 0; user < user_count; user++)
	{
		CHECK_FOR_INTERRUPTS();
		load_vector(state, user);
		lengths[user] = state->length;
	}
	/* Not before: what an interrupted query leaves must go with it. */
	state->user_length = MemoryContextAllocHuge(model->context,
												sizeof(double) * (Size) user_count);
	memcpy(state->user_length, lengths, sizeof(double) * (Size) user_count);
	pfree(lengths);
	return state->user_length;
}

/* The cosines of the vectors of a user and all others. */
static void
compare_users(Model *model, ContentState *state, int32 row, double *scores)
{
	const SparseRows *ratings = &state->ratings;
	const double *lengths = user_lengths(model, state);
	double	   *products = allocate_array(state->by_item.rows, sizeof(double));
	UserProfile profile = profile_of_row(ratings, row);
	double		length = all_products(state, &profile, products);

	for (int32 user = 0; user < ratings->rows; user++)
	{
		double		product = 0;

		CHECK_FOR_INTERRUPTS();
		for (int64 e = ratings->start[user]; e < ratings->start[user + 1]; e++)
			product += ratings->value[e] * products[ratings->index[e]];
		scores[user] = user == row ? get_float8_nan() :
			cosine_of(product, length * lengths[user]);
	}
	pfree(products);
}

/* See ModelForm. */
static void
content_compare(Model *model, Side side, int32 row, VectorMetric metric, double *scores)
{
	if (metric != VECTOR_COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("content models support only the metric \"cosine\""),
				 errhint("Leave out the metric.")));
	if (side == SIDE_ITEMS)
		compare_items(model_state(model), row, scores);
	else
		compare_users(model, model_state(model), row, scores);
}

const ModelForm content_form = {
	.name = "content",
	.load = content_load,
	.predict = content_predict,
	.score_items = content_score_items,
	.score_profile = content_score_profile,
	.scores_cold_items = true,
	.compare = content_compare
};
