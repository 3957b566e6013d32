/*
 * subset.c
 *		Parts of an interaction matrix: folds, and what is held out.
 *
 * Every rating of the whole has a label of one byte, in the order of by_user.  A
 * subset consists of the ratings with a given label, or of all others.  A label
 * depends only on the seed and on the place of the rating in the matrix, so the
 * same rows always fall into the same parts, whatever is trained on them.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"

#include "math/random.h"
#include "ratings/subset.h"
#include "resources/budget.h"

#define LABELS_PER_CHECK 1000000

/* Labels of 0, palloc'd. */
static uint8 *
allocate_labels(int64 count)
{
	return allocate_array_zero(count, 1);
}

/*
 * Labels 0 .. folds - 1, at most 256 of them, in random order; no label is
 * given to two ratings more than another.  Palloc'd [ratings].
 */
uint8 *
subset_folds(const Interactions *whole, int folds, int seed)
{
	int64		count = sparse_entries(&whole->by_user);
	uint8	   *label = allocate_labels(count);
	RandomStream stream = random_stream(seed, 0, 0);

	for (int64 e = 0; e < count; e++)
	{
		/* The shuffle of Fisher and Yates, from the inside out. */
		int64		other = (int64) (random_uniform(&stream) * (e + 1));

		label[e] = label[other];
		label[other] = (uint8) (e % folds);
		if (e % LABELS_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return label;
}

/*
 * Label 1 for about a share (0 to 1) of the ratings, 0 for the others, among
 * which every user and every item keeps one at least.  Palloc'd [ratings].
 */
uint8 *
subset_hold_out(const Interactions *whole, double share, int seed)
{
	const SparseRows *by_user = &whole->by_user;
	uint8	   *label = allocate_labels(sparse_entries(by_user));
	int64	   *left = allocate_array(by_user->cols, sizeof(int64));

	for (int32 item = 0; item < by_user->cols; item++)
		left[item] = sparse_row_length(&whole->by_item, item);
	for (int32 user = 0; user < by_user->rows; user++)
	{
		RandomStream stream = random_stream(seed, 1, user);
		int64		user_left = sparse_row_length(by_user, user);

		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
		{
			bool		chosen = random_uniform(&stream) < share;

			if (!chosen || user_left == 1 || left[by_user->index[e]] == 1)
				continue;
			label[e] = 1;
			user_left--;
			left[by_user->index[e]]--;
		}
	}
	pfree(left);
	return label;
}

/* Does a filter keep the rating at a place of by_user? */
static inline bool
is_in_subset(const SubsetFilter *filter, int64 entry)
{
	return (filter->label[entry] == filter->value) == filter->equal;
}

/* How many ratings a filter keeps. */
static int64
count_entries(const Interactions *whole, const SubsetFilter *filter)
{
	int64		count = sparse_entries(&whole->by_user);
	int64		kept = 0;

	for (int64 e = 0; e < count; e++)
	{
		kept += is_in_subset(filter, e);
		if (e % LABELS_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return kept;
}

/* Fill by_user of the subset; index is NULL where all users and items stay. */
static void
copy_entries(const Interactions *whole, const SubsetFilter *filter,
			 const SubsetIndex *index, SparseRows *to)
{
	const SparseRows *from = &whole->by_user;
	int64		place = 0;

	for (int32 user = 0; user < from->rows; user++)
	{
		int32		row = index == NULL ? user : index->user[user];

		CHECK_FOR_INTERRUPTS();
		if (row < 0)
			continue;
		to->start[row] = place;
		for (int64 e = from->start[user]; e < from->start[user + 1]; e++)
		{
			if (!is_in_subset(filter, e))
				continue;
			to->index[place] = index == NULL ? from->index[e] : index->item[from->index[e]];
			to->value[place++] = from->value[e];
		}
	}
	to->start[to->rows] = place;
}

/*
 * Fill the matrix of a subset whose ids are known, which say how many rows it
 * has.
 */
static Interactions *
fill_subset(const Interactions *whole, const SubsetFilter *filter, bool shared,
			const SubsetIndex *index, Interactions *subset)
{
	interactions_allocate(subset, count_entries(whole, filter), shared);
	copy_entries(whole, filter, index, &subset->by_user);
	sparse_transpose(&subset->by_user, &subset->by_item);
	interactions_describe(subset);
	check_interactions(subset);
	return subset;
}

/*
 * A part of the ratings, with all users and items of the whole, whose ids it
 * shares, in the current memory context or in shared memory.
 */
Interactions *
subset_create(const Interactions *whole, const SubsetFilter *filter, bool shared)
{
	Interactions *subset = palloc0(sizeof(Interactions));

	subset->users = whole->users;
	subset->items = whole->items;
	subset->left_out = whole->left_out;
	return fill_subset(whole, filter, shared, NULL, subset);
}

/*
 * Number the rows that are marked by 0, in their order; returns how many there
 * are.
 */
static int32
number_rows(int32 *index, int32 rows)
{
	int32		count = 0;

	for (int32 row = 0; row < rows; row++)
		if (index[row] == 0)
			index[row] = count++;
	return count;
}

/* An array of -1, palloc'd. */
static int32 *
unnumbered_rows(int32 rows)
{
	Size		bytes = budget_array(rows, sizeof(int32));

	return memset(MemoryContextAllocHuge(CurrentMemoryContext, bytes), -1, bytes);
}

/*
 * Number the users and items that have a rating in a subset; the others have
 * -1.  Palloc'd.
 */
SubsetIndex
subset_index(const Interactions *whole, const SubsetFilter *filter)
{
	const SparseRows *by_user = &whole->by_user;
	SubsetIndex index = {
		.user = unnumbered_rows(by_user->rows),
		.item = unnumbered_rows(by_user->cols)
	};

	for (int32 user = 0; user < by_user->rows; user++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
			if (is_in_subset(filter, e))
				index.user[user] = index.item[by_user->index[e]] = 0;
	}
	index.users = number_rows(index.user, by_user->rows);
	index.items = number_rows(index.item, by_user->cols);
	return index;
}

/*
 * A part of the ratings, with only the users and items that have one in it, as
 * if nothing else had been read.  The index is that of the same filter.
 * Memory as in subset_create.
 */
Interactions *
subset_create_compact(const Interactions *whole, const SubsetFilter *filter,
					  const SubsetIndex *index, bool shared)
{
	Interactions *subset = palloc0(sizeof(Interactions));

	ids_select(&whole->users, index->user, index->users, &subset->users);
	ids_select(&whole->items, index->item, index->items, &subset->items);
	subset->left_out = whole->left_out;
	return fill_subset(whole, filter, shared, index, subset);
}
