/*
 * gram.c
 *		Rows of X'X: how much items have in common.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"

#include "algorithms/gram.h"

/* Entries of an item that are followed between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 256

/*
 * Add the row of an item to sum [items], for the items from "from" on, with X as
 * it is, or (binary) with 1 for every rating.  Time is in proportion to the
 * ratings of the item's users.
 */
void
gram_row(const Interactions *ratings, int32 item, int32 from, bool binary, float *sum)
{
	const SparseRows *by_user = &ratings->by_user;
	const SparseRows *by_item = &ratings->by_item;

	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
	{
		int32		user = by_item->index[e];
		float		x = by_item->value[e];

		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		/* From the end: the later half is what is asked for. */
		for (int64 o = by_user->start[user + 1] - 1;
			 o >= by_user->start[user] && by_user->index[o] >= from; o--)
			sum[by_user->index[o]] += binary ? 1 : x * by_user->value[o];
	}
}
