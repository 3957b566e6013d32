/*
 * extend.c
 *		An interaction matrix with more items than were rated, or with nothing
 *		at all.
 *
 * Ids are in order on both sides, so the rows and columns that are there keep
 * their order: what changes is where each row starts, and the numbers of the
 * columns.  All else is shared with the matrix that is extended.
 */
#include "postgres.h"
#include "compat.h"

#include "ratings/extend.h"
#include "ratings/ids_builder.h"
#include "resources/budget.h"

/*
 * The ratings with more items, some of which may be rated already, in the
 * current memory context.  The result shares memory with "ratings".  index[i]
 * becomes the index of the id i of "items" in the result.
 */
Interactions *
interactions_add_items(const Interactions *ratings, const Ids *items, int32 *index)
{
	Interactions *extended = palloc(sizeof(Interactions));
	int32	   *rated = allocate_array(ratings->items.count, sizeof(int32));

	*extended = *ratings;
	memset(&extended->user_share, 0, sizeof(SparseShare));
	memset(&extended->item_share, 0, sizeof(SparseShare));
	ids_unite(&ratings->items, items, &extended->items, rated, index);
	extended->by_item.rows = extended->by_user.cols = extended->items.count;
	extended->by_item.start = sparse_spread_rows(&ratings->by_item, rated, extended->items.count);
	extended->by_user.index = sparse_renumber_columns(&ratings->by_user, rated);
	pfree(rated);
	check_interactions(extended);
	return extended;
}

/* A matrix without users, items and ratings, in the current memory context. */
Interactions *
interactions_empty(bool integer_users, bool integer_items)
{
	Interactions *ratings = palloc0(sizeof(Interactions));
	IdsBuilder *users = ids_builder_create(integer_users);
	IdsBuilder *items = ids_builder_create(integer_items);

	pfree(ids_builder_finish(users, &ratings->users));
	pfree(ids_builder_finish(items, &ratings->items));
	interactions_allocate(ratings, 0, false);
	check_interactions(ratings);
	return ratings;
}
