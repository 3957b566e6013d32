/*
 * left_out.c
 *		Pairs of user and item that were read, but that training does not use.
 *
 * A rating below "min_value" is not trained on, but the user has seen the item,
 * so it must not be recommended.  Such a rating enters the matrix as NaN and is
 * taken out again here, together with the ids as they are at that time: which
 * users and items the model has is decided later, and may differ (pruning, items
 * that only a relation of items has).  What pruning takes out is added to it.
 * In a model the pairs of its users are one part; those of users of whom no
 * rating is left are another, with the ids of these.  Where ratings are implicit
 * feedback, a value of 0 is no observation at all: it is taken out and counted.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "ratings/left_out.h"
#include "resources/budget.h"

/* Is a value no observation, as the policy has it? */
static inline bool
is_nothing(float value, const RatingsPolicy *policy)
{
	return policy->values == VALUES_WEIGHTS && value == 0;
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

/* The pairs before there are any: none, of the users and items there are. */
static LeftOut *
create_empty(const Interactions *ratings)
{
	LeftOut    *left_out = palloc0(sizeof(LeftOut));

	left_out->users = ratings->users;
	left_out->items = ratings->items;
	sparse_allocate(&left_out->pairs, left_out->users.count, left_out->items.count, 0);
	return left_out;
}

/*
 * Ratings that are about to go: those whose user or item has no index, or, without
 * indexes, those that are marked by NaN.
 */
typedef struct Pruned
{
	const SparseRows *by_user;
	const int32 *user_index;	/* NULL: the marks count */
	const int32 *item_index;
	const int32 *item;			/* the place of each item among those of the pairs */
} Pruned;

/* Will the rating at a place of by_user go? */
static inline bool
is_pruned(const Pruned *pruned, int32 user, int64 e)
{
	if (pruned->user_index == NULL)
		return isnan(pruned->by_user->value[e]);
	return pruned->user_index[user] < 0 || pruned->item_index[pruned->by_user->index[e]] < 0;
}

/* How many ratings will be pruned. */
static int64
count_pruned(const Pruned *pruned)
{
	int64		count = 0;

	for (int32 user = 0; user < pruned->by_user->rows; user++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 e = pruned->by_user->start[user]; e < pruned->by_user->start[user + 1]; e++)
			count += is_pruned(pruned, user, e);
	}
	return count;
}

/*
 * Write a row of pairs: those there were, from "from" to "to", and the pruned
 * ones of a user (-1: there are none), in the order of the items.
 */
static int64
merge_row(const SparseRows *pairs, int32 row, const Pruned *pruned, int32 user,
		  SparseRows *merged, int64 out)
{
	int64		old = pairs->start[row];
	int64		e = user < 0 ? 0 : pruned->by_user->start[user];
	int64		end = user < 0 ? 0 : pruned->by_user->start[user + 1];

	for (;;)
	{
		while (e < end && !is_pruned(pruned, user, e))
			e++;
		if (e == end && old == pairs->start[row + 1])
			return out;
		merged->value[out] = 1;
		if (e == end || (old < pairs->start[row + 1] &&
						 pairs->index[old] < pruned->item[pruned->by_user->index[e]]))
			merged->index[out++] = pairs->index[old++];
		else
			merged->index[out++] = pruned->item[pruned->by_user->index[e++]];
	}
}

/*
 * Add the ratings that are about to be pruned, because their user or item is to
 * have no index, to the pairs that are left out.  The ids of the ratings must
 * be among those of the pairs, if there are any.
 */
void
left_out_add_pruned(Interactions *ratings, const int32 *user_index, const int32 *item_index)
{
	const LeftOut *before = ratings->left_out != NULL ? ratings->left_out : create_empty(ratings);
	LeftOut    *left_out = palloc(sizeof(LeftOut));
	int32	   *item = ids_places(&ratings->items, &before->items);
	int32	   *user = ids_places(&before->users, &ratings->users);
	Pruned		pruned = {&ratings->by_user, user_index, item_index, item};
	int64		out = 0;

	*left_out = *before;
	sparse_allocate(&left_out->pairs, before->pairs.rows, before->pairs.cols,
					sparse_entries(&before->pairs) + count_pruned(&pruned));
	for (int32 row = 0; row < before->pairs.rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		out = merge_row(&before->pairs, row, &pruned, user[row], &left_out->pairs, out);
		left_out->pairs.start[row + 1] = out;
	}
	pfree(item);
	pfree(user);
	check_sparse(&left_out->pairs, SPARSE_UNIQUE, true);
	ratings->left_out = left_out;
}

/* The same of ratings that are marked by NaN and about to go; all else stays. */
void
left_out_add_marked(Interactions *ratings)
{
	left_out_add_pruned(ratings, NULL, NULL);
}

/* How many pairs of a row have an item that is placed. */
static int32
count_placed(const SparseRows *pairs, int32 row, const int32 *item)
{
	int32		count = 0;

	for (int64 e = pairs->start[row]; e < pairs->start[row + 1]; e++)
		count += item[pairs->index[e]] >= 0;
	return count;
}

/*
 * The pairs by their places: row r becomes row place[r], which increases with
 * r, of "rows" rows, and column c column item[c], of "cols"; -1: it is not among
 * them.  "entries" of the pairs are.  Palloc'd; NULL: none is.
 */
static const SparseRows *
place_pairs(const SparseRows *pairs, const int32 *place, int32 rows, const int32 *item,
			int32 cols, int64 entries)
{
	SparseRows *placed;
	int32		next = 0;
	int64		end = 0;

	if (entries == 0)
		return NULL;
	placed = palloc(sizeof(SparseRows));
	sparse_allocate(placed, rows, cols, entries);
	for (int32 row = 0; row < pairs->rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		if (place[row] < 0)
			continue;
		while (next <= place[row])
			placed->start[next++] = end;
		for (int64 e = pairs->start[row]; e < pairs->start[row + 1]; e++)
			if (item[pairs->index[e]] >= 0)
			{
				placed->index[end] = item[pairs->index[e]];
				placed->value[end++] = 1;
			}
	}
	while (next <= rows)
		placed->start[next++] = end;
	check_sparse(placed, SPARSE_UNIQUE, true);
	return placed;
}

/*
 * The pairs whose items are among the given, by the places there: those of the
 * given users, and those of all others who have any, with the ids of these.
 * Ids are in order, as all are.  Palloc'd; NULL: there are none.
 */
SeenPairs
left_out_place(const LeftOut *left_out, const Ids *users, const Ids *items)
{
	SeenPairs	seen = {0};
	int64		entries = 0;
	int64		cold_entries = 0;
	int32		cold_users = 0;
	int32	   *item;
	int32	   *user;
	int32	   *cold_user;

	if (left_out == NULL)
		return seen;
	item = ids_places(&left_out->items, items);
	user = ids_places(&left_out->users, users);
	cold_user = allocate_array(left_out->users.count, sizeof(int32));
	for (int32 row = 0; row < left_out->users.count; row++)
	{
		int32		count = count_placed(&left_out->pairs, row, item);

		CHECK_FOR_INTERRUPTS();
		cold_user[row] = user[row] < 0 && count > 0 ? cold_users++ : -1;
		if (user[row] >= 0)
			entries += count;
		else
			cold_entries += count;
	}
	seen.pairs = place_pairs(&left_out->pairs, user, users->count, item, items->count,
							 entries);
	seen.cold_pairs = place_pairs(&left_out->pairs, cold_user, cold_users, item, items->count,
								  cold_entries);
	if (seen.cold_pairs != NULL)
	{
		seen.cold_users = palloc(sizeof(Ids));
		ids_select(&left_out->users, cold_user, cold_users, seen.cold_users);
	}
	pfree(item);
	pfree(user);
	pfree(cold_user);
	return seen;
}
