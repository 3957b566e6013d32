/*
 * held_gram.c
 *		How much the most popular items have in common, held in memory.
 *
 * Elements of X'X can be made from the ratings when they are needed: in little
 * time for an item that few have, but not for one that many have.  So those of
 * the most popular items are held, as many as there is room for: items are ranked
 * by popularity, and rows and columns are the first ranks.  Both halves are there,
 * though they are equal, so that whoever asks for a row finds it in one place.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"

#include "algorithms/held_gram.h"
#include "engine/team.h"
#include "math/topk.h"
#include "resources/budget.h"

/* Entries of an item that are followed between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 256

/* How many items to hold, of so many, in so many bytes. */
int32
held_gram_count(int32 items, Size room)
{
	return Min(Min(items, HELD_GRAM_MOST), sqrt(room / sizeof(float)));
}

/* Bytes of the matrix and the ranks; for a moment the leader has these twice. */
Size
held_gram_bytes(int32 items, int32 count)
{
	return add_size(budget_array((Size) count * count, sizeof(float)),
					budget_array(items, sizeof(int32) + sizeof(Scored)));
}

/* Empty, in shared arrays from "number" on. */
HeldGram
held_gram_attach(TrainContext *context, int number, int32 items, int32 count)
{
	return (HeldGram) {
		.count = count,
		.rank = team_array(context, number, budget_array(items, sizeof(int32))),
		.matrix = team_array(context, number + 1,
							   budget_array(Max((Size) count * count, 1), sizeof(float)))
	};
}

/* The leader: rank the items by their number of ratings. */
void
held_gram_rank(HeldGram *held, const SparseRows *by_item)
{
	TopK		popular;

	topk_init(&popular, by_item->rows, allocate_array(by_item->rows, sizeof(Scored)));
	for (int32 item = 0; item < by_item->rows; item++)
		topk_push(&popular, sparse_row_length(by_item, item), item);
	topk_sort(&popular);
	for (int32 rank = 0; rank < popular.count; rank++)
		held->rank[popular.heap[rank].index] = rank;
	pfree(popular.heap);
}

/*
 * Fill the row of an item, if it is held, with X as it is, or (binary) with 1 for
 * every rating.  Time is in proportion to the ratings of the item's users.
 */
void
held_gram_fill(HeldGram *held, const Interactions *ratings, int32 item, bool binary)
{
	const SparseRows *by_user = &ratings->by_user;
	const SparseRows *by_item = &ratings->by_item;
	int32		rank = held->rank[item];
	float	   *row = held->matrix + (Size) rank * held->count;

	if (rank >= held->count)
		return;
	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
	{
		int32		user = by_item->index[e];
		float		x = by_item->value[e];

		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		for (int64 o = by_user->start[user]; o < by_user->start[user + 1]; o++)
			if (held->rank[by_user->index[o]] < held->count)
				row[held->rank[by_user->index[o]]] += binary ? 1 : x * by_user->value[o];
	}
}
