/*
 * prune.c
 *		Leaving out users and items with few ratings.
 *
 * The ratings of a user who is left out go too, which may leave items with too
 * few, and so on: what remains is the largest part of the ratings in which every
 * user and every item has enough.  It is found by peeling: rows with too few
 * ratings wait in a queue, and each one that leaves takes its ratings from the
 * other side, where more rows may have to leave.  This takes time linear in the
 * ratings.  The matrix is then moved together in place.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"

#include "ratings/left_out.h"
#include "ratings/prune.h"
#include "resources/budget.h"

/* One side of the matrix while it is peeled. */
typedef struct PeelSide
{
	const SparseRows *rows;
	int64		least;			/* ratings that a row needs */
	int64	   *left;			/* [rows] ratings it has; -1: it is left out */
	int32	   *queue;			/* [rows] rows left out, whose ratings are to be */
	int32		queued;
	int32		done;			/* of the queue */
} PeelSide;

/* Leave out a row: its ratings are to be taken from the other side. */
static void
leave_out(PeelSide *side, int32 row)
{
	side->left[row] = -1;
	side->queue[side->queued++] = row;
}

/*
 * Count the ratings of the rows of one side, and leave out those with too few.
 */
static void
peel_start(PeelSide *side, const SparseRows *rows, int least)
{
	*side = (PeelSide) {
		.rows = rows,
		.least = least,
		.left = allocate_array(rows->rows, sizeof(int64)),
		.queue = allocate_array(rows->rows, sizeof(int32))
	};
	for (int32 row = 0; row < rows->rows; row++)
	{
		side->left[row] = sparse_row_length(rows, row);
		if (side->left[row] < least)
			leave_out(side, row);
	}
}

/*
 * Take the ratings of the rows that are left out from the other side, of which
 * rows may be left out in turn.
 */
static void
peel(PeelSide *side, PeelSide *other)
{
	while (side->done < side->queued)
	{
		int32		row = side->queue[side->done++];

		CHECK_FOR_INTERRUPTS();
		for (int64 e = side->rows->start[row]; e < side->rows->start[row + 1]; e++)
		{
			int32		col = side->rows->index[e];

			if (other->left[col] >= 0 && --other->left[col] < other->least)
				leave_out(other, col);
		}
	}
}

/*
 * The new index of each row, or -1 if it is left out; *count becomes the
 * number of rows left.  Palloc'd.
 */
static int32 *
number_left(const PeelSide *side, int32 *count)
{
	int32	   *index = allocate_array(side->rows->rows, sizeof(int32));

	*count = 0;
	for (int32 row = 0; row < side->rows->rows; row++)
		index[row] = side->left[row] < 0 ? -1 : (*count)++;
	return index;
}

/*
 * Move the rows and entries that are left together, in place; index as in
 * number_left.
 */
static void
move_together(SparseRows *matrix, const int32 *row_index, const int32 *col_index)
{
	int64		to = 0;
	int64		next = matrix->start[0];

	for (int32 row = 0; row < matrix->rows; row++)
	{
		int64		from = next;

		CHECK_FOR_INTERRUPTS();
		/* Kept here, because it may be overwritten. */
		next = matrix->start[row + 1];
		if (row_index[row] < 0)
			continue;
		for (int64 e = from; e < next; e++)
		{
			int32		col = col_index[matrix->index[e]];

			if (col < 0)
				continue;
			matrix->index[to] = col;
			matrix->value[to++] = matrix->value[e];
		}
		matrix->start[row_index[row] + 1] = to;
	}
}

/* Reduce the matrix to the users and items that have an index, in place. */
static void
keep(Interactions *ratings, const int32 *user_index, int32 user_count, const int32 *item_index,
	 int32 item_count)
{
	SparseRows *by_user = &ratings->by_user;
	SparseRows *by_item = &ratings->by_item;
	Ids			kept;

	move_together(by_user, user_index, item_index);
	by_user->rows = by_item->cols = user_count;
	by_user->cols = by_item->rows = item_count;
	sparse_transpose(by_user, by_item);
	ids_select(&ratings->users, user_index, user_count, &kept);
	ratings->users = kept;
	ids_select(&ratings->items, item_index, item_count, &kept);
	ratings->items = kept;
	interactions_describe(ratings);
	check_interactions(ratings);
}

/*
 * Leave out users and items until all that are left have enough ratings: at
 * least so many of a user, and of an item.  remember: what is left out was seen
 * all the same.
 */
static void
prune_to(Interactions *ratings, int least_of_user, int least_of_item, bool remember)
{
	PeelSide	users;
	PeelSide	items;
	int32		user_count;
	int32		item_count;
	int32	   *user_index;
	int32	   *item_index;

	check_interactions(ratings);
	peel_start(&users, &ratings->by_user, least_of_user);
	peel_start(&items, &ratings->by_item, least_of_item);
	while (users.done < users.queued || items.done < items.queued)
	{
		peel(&users, &items);
		peel(&items, &users);
	}
	user_index = number_left(&users, &user_count);
	item_index = number_left(&items, &item_count);
	if (users.queued + items.queued > 0 && remember)
		left_out_add_pruned(ratings, user_index, item_index);
	if (users.queued + items.queued > 0)
		keep(ratings, user_index, user_count, item_index, item_count);
	pfree(users.left);
	pfree(users.queue);
	pfree(items.left);
	pfree(items.queue);
	pfree(user_index);
	pfree(item_index);
}

/*
 * Leave out the users and items with fewer ratings than the policy wants,
 * repeatedly, until all that are left have enough of those that are left.
 */
void
interactions_prune(Interactions *ratings, const RatingsPolicy *policy)
{
	if (policy->min_user_ratings > 1 || policy->min_item_ratings > 1)
		prune_to(ratings, policy->min_user_ratings, policy->min_item_ratings,
				 policy->keep_pruned);
}

/* Leave out the users and items without a rating. */
void
interactions_drop_empty(Interactions *ratings)
{
	prune_to(ratings, 1, 1, false);
}
