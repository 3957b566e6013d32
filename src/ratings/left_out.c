/*
 * left_out.c
 *		Pairs of user and item that were read, but that training does not use.
 *
 * A rating below "min_value" is not trained on, but the user has seen the item,
 * so it must not be recommended.  Such a rating enters the matrix as NaN and is
 * taken out again here, together with the ids as they are at that time: which
 * users and items the model has is decided later, and may differ (pruning, items
 * that only a relation of items has).  Where ratings are implicit feedback, a
 * value of 0 is no observation at all: it is taken out and counted.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "ratings/budget.h"
#include "ratings/left_out.h"

/* Is a value no observation, as the policy has it? */
static inline bool
is_nothing(float value, const RatingsPolicy *policy)
{
	return policy->skip_zeros && value == 0;
}

/*
 * Count the pairs that will be taken out: those that are only seen (NaN), and
 * weights of 0.
 */
static void
count_pairs(const Interactions *ratings, const RatingsPolicy *policy, int64 *seen,
			int64 *zeros)
{
	const SparseRows *by_user = &ratings->by_user;

	*seen = *zeros = 0;
	for (int32 user = 0; user < by_user->rows; user++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
		{
			*seen += isnan(by_user->value[e]);
			*zeros += is_nothing(by_user->value[e], policy);
		}
	}
}

/*
 * Move the ratings that count together, in place, and the pairs that are only
 * seen to "pairs".
 */
static void
move_pairs(Interactions *ratings, const RatingsPolicy *policy, SparseRows *pairs)
{
	SparseRows *by_user = &ratings->by_user;
	int64		to = 0;
	int64		out = 0;
	int64		end = 0;

	for (int32 user = 0; user < by_user->rows; user++)
	{
		int64		from = end;

		CHECK_FOR_INTERRUPTS();
		/* Read before the start of the next row is written. */
		end = by_user->start[user + 1];
		for (int64 e = from; e < end; e++)
		{
			if (isnan(by_user->value[e]))
			{
				pairs->index[out] = by_user->index[e];
				pairs->value[out++] = 1;
			}
			else if (!is_nothing(by_user->value[e], policy))
			{
				by_user->index[to] = by_user->index[e];
				by_user->value[to++] = by_user->value[e];
			}
		}
		by_user->start[user + 1] = to;
		pairs->start[user + 1] = out;
	}
}

/*
 * Take what training does not use out of the ratings by user, in place; only
 * by_user is right then.  Users and items may be left without any: see
 * interactions_drop_empty.
 */
void
left_out_split(Interactions *ratings, const RatingsPolicy *policy)
{
	LeftOut    *left_out;
	int64		seen;

	check_sparse(&ratings->by_user, SPARSE_UNIQUE, false);
	count_pairs(ratings, policy, &seen, &ratings->zeros);
	if (seen + ratings->zeros == 0)
		return;
	left_out = palloc0(sizeof(LeftOut));
	left_out->users = ratings->users;
	left_out->items = ratings->items;
	sparse_allocate(&left_out->pairs, ratings->users.count, ratings->items.count, seen);
	move_pairs(ratings, policy, &left_out->pairs);
	check_sparse(&ratings->by_user, SPARSE_UNIQUE, true);
	check_sparse(&left_out->pairs, SPARSE_UNIQUE, true);
	if (seen > 0)
		ratings->left_out = left_out;
}

/*
 * Add the pairs of a row whose item i is among the items, as item[i], to the
 * end of a matrix; returns the new end.
 */
static int64
place_row(const SparseRows *from, int32 row, const int32 *item, SparseRows *to, int64 end)
{
	for (int64 e = from->start[row]; e < from->start[row + 1]; e++)
		if (item[from->index[e]] >= 0)
		{
			to->index[end] = item[from->index[e]];
			to->value[end++] = 1;
		}
	return end;
}

/*
 * The pairs whose users and items are among the given ones, by their indexes
 * there: a matrix [users x items], palloc'd.  NULL: there is none.
 */
const SparseRows *
left_out_place(const LeftOut *left_out, const Ids *users, const Ids *items)
{
	SparseRows *placed;
	int32	   *row;
	int32	   *item;
	int64		end = 0;

	if (left_out == NULL)
		return NULL;
	placed = palloc(sizeof(SparseRows));
	sparse_allocate(placed, users->count, items->count, sparse_entries(&left_out->pairs));
	row = ids_places(users, &left_out->users);
	item = ids_places(&left_out->items, items);
	for (int32 user = 0; user < users->count; user++)
	{
		CHECK_FOR_INTERRUPTS();
		if (row[user] >= 0)
			end = place_row(&left_out->pairs, row[user], item, placed, end);
		placed->start[user + 1] = end;
	}
	pfree(row);
	pfree(item);
	check_sparse(placed, SPARSE_UNIQUE, true);
	return end > 0 ? placed : NULL;
}
