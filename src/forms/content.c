/*
 * content.c
 *		The content form: items as vectors of terms, users as the mean of the
 *		vectors of their items, weighted by their ratings.
 *
 * Vectors of items have length 1, so that the cosine of two of them is their
 * product.  A user's profile is p = sum of r_i v_i over his items i (a mean but
 * for its length, which a cosine does not see), and an item's score is
 * p v / |p|.  All items are scored by the terms that the profile has: for each,
 * by the items that have it.  An item that has none of them has no score.
 * |p|^2 is the sum of r_i p v_i.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "forms/registry.h"
#include "ratings/matrix.h"

/* Whose profile is in state->profile, if not a user's. */
#define OF_NOBODY (-1)			/* all zero */
#define OF_UNKNOWN (-2)			/* it may be anything */

/* Items, with what somebody thinks of them. */
typedef struct Opinions
{
	const int32 *item;
	const float *value;
	int32		count;
} Opinions;

typedef struct ContentState
{
	SparseRows	by_item;		/* items x terms */
	SparseRows	by_term;
	SparseRows	ratings;		/* users x items; no rows if there are no users */
	double	   *profile;		/* [terms] */
	int32		owner;			/* of the profile: a user or one of the above */
	double		length;			/* of the owner's profile */
	double	   *user_length;	/* [users] of all profiles; NULL: not known yet */
} ContentState;

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
	state->profile = palloc_extended(sizeof(double) * (Size) terms,
									 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	state->owner = OF_NOBODY;
	return state;
}

static Opinions
opinions_of_user(const ContentState *state, int32 user)
{
	int64		start = state->ratings.start[user];

	return (Opinions) {
		.item = state->ratings.index + start,
			.value = state->ratings.value + start,
			.count = sparse_row_length(&state->ratings, user)
	};
}

/* Add the vectors of some items to the profile, each times its value. */
static void
add_vectors(ContentState *state, Opinions opinions)
{
	const SparseRows *by_item = &state->by_item;

	for (int32 i = 0; i < opinions.count; i++)
	{
		int32		item = opinions.item[i];

		for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
			state->profile[by_item->index[e]] += (double) opinions.value[i] * by_item->value[e];
	}
}

/* Make the profile zero again where some items have terms. */
static void
clear_vectors(ContentState *state, Opinions opinions)
{
	const SparseRows *by_item = &state->by_item;

	for (int32 i = 0; i < opinions.count; i++)
	{
		int32		item = opinions.item[i];

		for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
			state->profile[by_item->index[e]] = 0;
	}
}

/* The product of the profile and an item. */
static double
product_with_item(const ContentState *state, int32 item)
{
	const SparseRows *by_item = &state->by_item;
	double		product = 0;

	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
		product += state->profile[by_item->index[e]] * by_item->value[e];
	return product;
}

/* The length of the profile of some items. */
static double
profile_length(const ContentState *state, Opinions opinions)
{
	double		square = 0;

	for (int32 i = 0; i < opinions.count; i++)
		square += opinions.value[i] * product_with_item(state, opinions.item[i]);
	return square > 0 ? sqrt(square) : 0;
}

/* Make the profile zero, whoever has it. */
static void
clear_profile(ContentState *state)
{
	if (state->owner == OF_UNKNOWN)
		memset(state->profile, 0, sizeof(double) * (Size) state->by_term.rows);
	else if (state->owner != OF_NOBODY)
		clear_vectors(state, opinions_of_user(state, state->owner));
	state->owner = OF_NOBODY;
}

/* Let the profile be that of a user. */
static void
load_profile(ContentState *state, int32 user)
{
	Opinions	opinions = opinions_of_user(state, user);

	if (state->owner == user)
		return;
	clear_profile(state);
	add_vectors(state, opinions);
	state->length = profile_length(state, opinions);
	state->owner = user;
}

/* Add the product of one term of the profile with all items that have it. */
static inline void
add_products(const ContentState *state, int32 term, double *products)
{
	const SparseRows *by_term = &state->by_term;
	double		weight = state->profile[term];

	for (int64 e = by_term->start[term]; e < by_term->start[term + 1]; e++)
		products[by_term->index[e]] += weight * by_term->value[e];
}

/*
 * The products of the profile of some items with all items; returns its length.
 * Each term is taken out of the profile when it has been used.
 */
static double
all_products(ContentState *state, Opinions opinions, double *products)
{
	const SparseRows *by_item = &state->by_item;
	double		length;

	clear_profile(state);
	/* An interrupt may leave it half used. */
	state->owner = OF_UNKNOWN;
	add_vectors(state, opinions);
	length = profile_length(state, opinions);
	memset(products, 0, sizeof(double) * (Size) by_item->rows);
	for (int32 i = 0; i < opinions.count; i++)
	{
		int32		item = opinions.item[i];

		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
		{
			if (state->profile[by_item->index[e]] == 0)
				continue;
			add_products(state, by_item->index[e], products);
			state->profile[by_item->index[e]] = 0;
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

static void
score_opinions(ContentState *state, Opinions opinions, double *scores)
{
	double		length = all_products(state, opinions, scores);

	for (int32 item = 0; item < state->by_item.rows; item++)
		scores[item] = cosine_of(scores[item], length);
}

static double
content_predict(Model *model, int32 user, int32 item)
{
	ContentState *state = model_state(model);

	if (user < 0 || item < 0)
		return 0;
	load_profile(state, user);
	return state->length > 0 ? product_with_item(state, item) / state->length : 0;
}

static void
content_score_items(Model *model, int32 user, double *scores)
{
	ContentState *state = model_state(model);

	score_opinions(state, opinions_of_user(state, user), scores);
}

static void
content_score_profile(Model *model, const int32 *item, const float *value,
					  int32 count, double *scores)
{
	Opinions	opinions = {item, value, count};

	score_opinions(model_state(model), opinions, scores);
}

/* The cosines of an item and all others. */
static void
compare_items(ContentState *state, int32 row, double *scores)
{
	float		one = 1;
	Opinions	opinions = {&row, &one, 1};

	score_opinions(state, opinions, scores);
	scores[row] = get_float8_nan();
}

/* The lengths of the profiles of all users, found once. */
static const double *
user_lengths(Model *model, ContentState *state)
{
	int32		users = model->header.users;
	double	   *lengths;

	if (state->user_length != NULL)
		return state->user_length;
	lengths = palloc_extended(sizeof(double) * (Size) users, MCXT_ALLOC_HUGE);
	for (int32 user = 0; user < users; user++)
	{
		CHECK_FOR_INTERRUPTS();
		load_profile(state, user);
		lengths[user] = state->length;
	}
	/* Not before: what an interrupted query leaves must go with it. */
	state->user_length = MemoryContextAllocHuge(model->context,
												sizeof(double) * (Size) users);
	memcpy(state->user_length, lengths, sizeof(double) * (Size) users);
	pfree(lengths);
	return state->user_length;
}

/* The cosines of the profiles of a user and all others. */
static void
compare_users(Model *model, ContentState *state, int32 row, double *scores)
{
	const SparseRows *ratings = &state->ratings;
	const double *lengths = user_lengths(model, state);
	double	   *products = palloc_extended(sizeof(double) * (Size) state->by_item.rows,
										   MCXT_ALLOC_HUGE);
	double		length = all_products(state, opinions_of_user(state, row), products);

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

static void
content_compare(Model *model, Side side, int32 row, VectorMetric metric, double *scores)
{
	if (metric != VECTOR_COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a content model compares by cosine alone"),
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
