/*
 * slope_one.c
 *		The form of slope one: a user's ratings of other items, shifted by the mean
 *		differences between the items.
 *
 * dev(i, j) is the mean of r_ui - r_uj over the users u who have rated both.
 * With R the items of a user that have such users in common with i, but for i
 * itself, the rating predicted is (Lemire and Maclachlan 2005, section 3)
 *
 *		mean_u + sum over R of dev(i, j) / |R|					slope one
 *		sum over R of n_ij (dev(i, j) + r_uj) / sum of n_ij		weighted
 *
 * where n_ij is the number of these users; the mean of the user where R is
 * empty.  The matrix of deviations is never held: a row is computed when it is
 * needed and kept for a while.  As dev(i, j) = -dev(j, i), all items of a user
 * are scored by the rows of those that they have rated.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "forms/registry.h"
#include "forms/row_cache.h"
#include "model/json.h"
#include "resources/budget.h"
#include "similarity/rows.h"

/* Entries of a row that are accumulated between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 256

typedef struct SlopeOneState
{
	bool		weighted;
	SparseRows	by_user;
	SparseRows	by_item;
	double	   *user_mean;		/* [users] */
	RowCache   *rows;
	CooccurrenceSums *sums;		/* [items] work space */
} SlopeOneState;

/* What the items of a user say of another one, as it adds up. */
typedef struct Tally
{
	double		sum;
	double		weight;
} Tally;

/* The mean of a row of the ratings; of all ratings if it has none. */
static double
row_mean(const SparseRows *rows, int32 row, double mean)
{
	double		sum = 0;

	if (sparse_row_length(rows, row) == 0)
		return mean;
	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		sum += rows->value[e];
	return sum / sparse_row_length(rows, row);
}

/* The means of all rows. */
static double *
all_means(const SparseRows *rows, double mean)
{
	double	   *means = allocate_array(rows->rows, sizeof(double));

	for (int32 row = 0; row < rows->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		means[row] = row_mean(rows, row, mean);
	}
	return means;
}

/* Is the model weighted?  Error: it does not say. */
static bool
read_weighted(const Model *model)
{
	JsonbValue	value;

	if (!json_get(model->header.params, "weighted", &value) || value.type != jbvBool)
		report_corruption(model->relid, model->version, "header",
						  "it does not say whether it is weighted");
	return value.val.boolean;
}

/* See ModelForm. */
static void *
slope_one_load(Model *model)
{
	SlopeOneState *state = palloc0(sizeof(SlopeOneState));
	int32		item_count = model->header.items;
	Size		numbers = (Size) item_count * sizeof(float);

	state->weighted = read_weighted(model);
	model_load_ratings(model, &state->by_user, &state->by_item);
	state->user_mean = all_means(&state->by_user, model->header.mean);
	state->rows = row_cache_create(item_count, state->weighted ? 2 * numbers : numbers,
								   model->row_cache_bytes, CurrentMemoryContext);
	state->sums = allocate_array(item_count, sizeof(CooccurrenceSums));
	return state;
}

/* Differences of an item to all others, summed up in state->sums. */
static void
sum_differences(SlopeOneState *state, int32 item)
{
	const SparseRows *by_item = &state->by_item;
	int64		end = by_item->start[item + 1];

	memset(state->sums, 0, sizeof(CooccurrenceSums) * (Size) by_item->rows);
	for (int64 e = by_item->start[item]; e < end; e += ENTRIES_PER_CHECK)
	{
		CHECK_FOR_INTERRUPTS();
		row_differences_add(by_item, &state->by_user, e, Min(e + ENTRIES_PER_CHECK, end),
							state->sums);
	}
}

/*
 * The deviations of an item from all others, NaN where there is none, as from
 * itself; if they are weighted, the numbers of common users follow them.
 */
static const float *
load_row(const Model *model, SlopeOneState *state, int32 item)
{
	int32		item_count = state->by_item.rows;
	float	   *deviation = row_cache_find(state->rows, item);

	if (deviation != NULL)
		return deviation;
	sum_differences(state, item);
	state->sums[item].n = 0;
	deviation = row_cache_claim(state->rows, item);
	for (int32 i = 0; i < item_count; i++)
	{
		int32		n = state->sums[i].n;

		deviation[i] = n > 0 ? (float) (state->sums[i].sum / n) : get_float4_nan();
		if (n > 0)
			(void) finite_score(model, deviation[i]);
		if (state->weighted)
			deviation[item_count + i] = n;
	}
	row_cache_keep(state->rows, item);
	return deviation;
}

/*
 * Add what "from", a rating of some item, or the mean for all, says of an item
 * that deviates from it so much.
 */
static inline void
tally_add(Tally *tally, double from, double deviation, double weight)
{
	if (isnan(deviation))
		return;
	tally->sum += weight * (from + deviation);
	tally->weight += weight;
}

/* See ModelForm. */
static double
slope_one_predict(Model *model, int32 user, int32 item)
{
	SlopeOneState *state = model_state(model);
	const SparseRows *by_user = &state->by_user;
	int32		item_count = state->by_item.rows;
	Tally		tally = {0};
	const float *deviation;
	double		mean;

	if (user < 0)
		return item < 0 ? model->header.mean :
			row_mean(&state->by_item, item, model->header.mean);
	mean = state->user_mean[user];
	if (item < 0)
		return mean;
	deviation = load_row(model, state, item);
	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		int32		other = by_user->index[e];

		if (state->weighted)
			tally_add(&tally, by_user->value[e], deviation[other], deviation[item_count + other]);
		else
			tally_add(&tally, mean, deviation[other], 1);
	}
	return tally.weight > 0 ? tally.sum / tally.weight : mean;
}

/* A user with no item in common with it is predicted their mean. */
static double
slope_one_fallback(Model *model, int32 user, int32 item)
{
	const SlopeOneState *state = model_state(model);

	return state->user_mean[user];
}

/* Add what one item of a user says of all others: the deviations turned round. */
static void
tally_item(const Model *model, SlopeOneState *state, int32 own, double from, Tally *tally)
{
	const float *deviation = load_row(model, state, own);
	int32		item_count = state->by_item.rows;

	for (int32 item = 0; item < item_count; item++)
		tally_add(&tally[item], from, -deviation[item],
				  state->weighted ? deviation[item_count + item] : 1);
}

/* See ModelForm. */
static void
slope_one_score_items(Model *model, int32 user, double *scores)
{
	SlopeOneState *state = model_state(model);
	const SparseRows *by_user = &state->by_user;
	int32		item_count = state->by_item.rows;
	double		mean = state->user_mean[user];
	Tally	   *tally = MemoryContextAllocExtended(CurrentMemoryContext,
												   sizeof(Tally) * (Size) item_count,
												   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		CHECK_FOR_INTERRUPTS();
		tally_item(model, state, by_user->index[e],
				   state->weighted ? by_user->value[e] : mean, tally);
	}
	for (int32 item = 0; item < item_count; item++)
		scores[item] = tally[item].weight > 0 ? tally[item].sum / tally[item].weight :
			get_float8_nan();
	pfree(tally);
}

/* What is computed are rows of items. */
static bool
items_are_rows(const Model *model)
{
	return true;
}

const ModelForm slope_one_form = {
	.name = "slope_one",
	.old_name = "deviation",
	.load = slope_one_load,
	.prefers_item_order = items_are_rows,
	.predict = slope_one_predict,
	.fallback = slope_one_fallback,
	.score_items = slope_one_score_items
};
