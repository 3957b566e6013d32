/*
 * matrix.c
 *		The interaction matrix: its memory, and its statistics.
 *
 * It is built from rows by matrix_builder.c, from a part of another one by
 * subset.c, made smaller by prune.c and larger by extend.c.  All of them leave
 * it as interactions_describe and, in builds with assertions,
 * check_interactions have it.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "ratings/matrix.h"
#include "resources/budget.h"

/* How many entries are worked on between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 1000000

/* Bytes of a finished matrix, with its ids. */
Size
matrix_bytes(const MatrixShape *shape)
{
	Size		ids = (Size) shape->users + shape->items;

	return add_size(budget_array(shape->ratings, 2 * (sizeof(int32) + sizeof(float))),
					add_size(budget_array(ids, 2 * sizeof(int64)), shape->id_bytes));
}

/*
 * Allocate the arrays of one side of a matrix with so many ratings, whose ids
 * are known: in shared memory if that is asked and there is room, else in the
 * current memory context.
 */
void
interactions_allocate_side(Interactions *ratings, Side side, int64 entries, bool shared)
{
	int32		user_count = ratings->users.count;
	int32		item_count = ratings->items.count;
	SparseRows *matrix = side == SIDE_USERS ? &ratings->by_user : &ratings->by_item;
	SparseShare *share = side == SIDE_USERS ? &ratings->user_share : &ratings->item_share;
	int32		rows = side == SIDE_USERS ? user_count : item_count;
	int32		cols = side == SIDE_USERS ? item_count : user_count;

	if (!shared || !sparse_allocate_shared(matrix, rows, cols, entries, share))
		sparse_allocate(matrix, rows, cols, entries);
}

/* The same for both sides. */
void
interactions_allocate(Interactions *ratings, int64 entries, bool shared)
{
	interactions_allocate_side(ratings, SIDE_USERS, entries, shared);
	interactions_allocate_side(ratings, SIDE_ITEMS, entries, shared);
}

/*
 * The matrix of another process, which has shared it, in this one.  Its ids
 * are not shared: they are only valid in the other process.
 */
void
interactions_attach(const Interactions *there, Interactions *here)
{
	*here = *there;
	sparse_attach(&here->by_user, there->by_user.rows, there->by_user.cols,
				  &here->user_share);
	sparse_attach(&here->by_item, there->by_item.rows, there->by_item.cols,
				  &here->item_share);
	check_sparse(&here->by_user, SPARSE_UNIQUE, true);
	check_sparse(&here->by_item, SPARSE_UNIQUE, true);
	check_transposed(&here->by_user, &here->by_item);
}

/* Can other processes attach the matrix? */
bool
interactions_are_shared(const Interactions *ratings)
{
	return ratings->user_share.segment != NULL && ratings->item_share.segment != NULL;
}

/*
 * Give back the shared memory of the matrix; private memory goes with its
 * context.
 */
void
interactions_release(Interactions *ratings)
{
	if (ratings->user_share.segment != NULL)
		dsm_detach(ratings->user_share.segment);
	if (ratings->item_share.segment != NULL)
		dsm_detach(ratings->item_share.segment);
}

/* Fill in mean, standard deviation and range of the ratings. */
void
interactions_describe(Interactions *ratings)
{
	const SparseRows *by_user = &ratings->by_user;
	int64		n = sparse_entries(by_user);
	double		sum = 0;
	double		squares = 0;

	ratings->minimum = FLT_MAX;
	ratings->maximum = -FLT_MAX;
	for (int64 e = 0; e < n; e++)
	{
		sum += by_user->value[e];
		ratings->minimum = Min(ratings->minimum, by_user->value[e]);
		ratings->maximum = Max(ratings->maximum, by_user->value[e]);
		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
	}
	ratings->mean = n > 0 ? sum / n : 0;
	for (int64 e = 0; e < n; e++)
	{
		double		difference = by_user->value[e] - ratings->mean;

		squares += difference * difference;
		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
	}
	ratings->stddev = n > 0 ? sqrt(squares / n) : 0;
}

#ifdef USE_ASSERT_CHECKING
/* The invariants of what is left out: one pair at most of a user and an item. */
static void
check_left_out(const LeftOut *left_out)
{
	check_ids(&left_out->users);
	check_ids(&left_out->items);
	Assert(left_out->pairs.rows == left_out->users.count);
	Assert(left_out->pairs.cols == left_out->items.count);
	check_sparse(&left_out->pairs, SPARSE_UNIQUE, true);
}

/*
 * The invariants of the matrix: ids in order, one finite rating at most of a
 * user for an item, the same ratings by user and by item, and statistics that
 * can be theirs.
 */
void
check_interactions(const Interactions *ratings)
{
	check_ids(&ratings->users);
	check_ids(&ratings->items);
	Assert(ratings->by_user.rows == ratings->users.count);
	Assert(ratings->by_item.rows == ratings->items.count);
	check_sparse(&ratings->by_user, SPARSE_UNIQUE, true);
	check_sparse(&ratings->by_item, SPARSE_UNIQUE, true);
	check_transposed(&ratings->by_user, &ratings->by_item);
	Assert(isfinite(ratings->mean) && ratings->stddev >= 0);
	Assert(sparse_entries(&ratings->by_user) == 0 || ratings->minimum <= ratings->maximum);
	if (ratings->left_out != NULL)
		check_left_out(ratings->left_out);
}
#endif
