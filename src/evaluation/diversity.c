/*
 * diversity.c
 *		How different from each other the items of a list are: 1 - the mean
 *		cosine of two of them, by the ratings of the training.
 *
 * What is recommended often has many ratings, so that this could take longer
 * than to recommend.  There are two ways.  Lists repeat the same items: then
 * the cosine of each pair is computed once.  Lists of a taste of their own have
 * other pairs each: then all pairs of a list together are |s|^2, of the sum s of
 * its items' ratings scaled to length 1, less the number of items.  What either
 * would cost is counted, and the cheaper is done.
 *
 * If both cost too much, a random sample of the lists has to do, of at least
 * LEAST_LISTS.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"

#include "evaluation/diversity.h"
#include "math/random.h"
#include "resources/budget.h"

/* Ratings that are looked at, at most, unless the least sample needs more. */
#define MOST_VISITS 1e8

/* The smallest sample. */
#define LEAST_LISTS 1000

/* Stream of random numbers for the sample. */
#define STREAM_LISTS 35

typedef struct Diversity
{
	const Batch *batch;
	const SparseRows *rows;		/* items x users */
	int32	   *user;			/* [lists] of the batch, whose list has two items or more */
	int32		lists;
	double	   *norm;			/* [items] of its ratings */
	double	   *scaled;			/* [users of the training] ratings scaled to length 1;
								 * zero between uses */
	int64	   *start;			/* [items + 1] where the lists with an item begin */
	int32	   *list;			/* [entries of all lists] numbers of lists, by item */
	int32	   *seen_with;		/* [items] 1 + the item to which it was last compared */
	double	   *cosine;			/* [items] with that item */
	double	   *alike;			/* [lists] sum over the pairs */
} Diversity;

/* Bytes of this, for lists of a batch by a model of ratings of given shapes. */
Size
diversity_bytes(const MatrixShape *part, const BatchShape *shape)
{
	Size		items = budget_array(part->items, 2 * sizeof(double) + sizeof(int64) + sizeof(int32));
	Size		lists = budget_array(shape->users, sizeof(double) + sizeof(int32));

	return add_size(add_size(items, budget_array(part->users, sizeof(double))),
					add_size(lists, budget_array(shape->users, Max(shape->n, 1) * sizeof(int32))));
}

/* The items of a user's list; those behind its end are not counted. */
static ItemList
list_of(const Diversity *d, int32 list)
{
	int			n = d->batch->shape.n;
	ItemList	items = {.item = d->batch->item + (Size) d->user[list] * n};

	while (items.count < n && items.item[items.count] >= 0)
		items.count++;
	return items;
}

/* Find the lists that have pairs. */
static void
find_lists(Diversity *d)
{
	const Batch *batch = d->batch;

	d->user = allocate_array(batch->shape.users, sizeof(int32));
	for (int32 u = 0; u < batch->shape.users && batch->shape.n > 1; u++)
		if (batch->item[(Size) u * batch->shape.n + 1] >= 0)
			d->user[d->lists++] = u;
}

/* The norms of the ratings of all items. */
static void
find_norms(Diversity *d)
{
	const SparseRows *rows = d->rows;

	d->norm = allocate_array_zero(rows->rows, sizeof(double));
	for (int32 item = 0; item < rows->rows; item++)
	{
		double		squares = 0;

		CHECK_FOR_INTERRUPTS();
		for (int64 e = rows->start[item]; e < rows->start[item + 1]; e++)
			squares += (double) rows->value[e] * rows->value[e];
		d->norm[item] = sqrt(squares);
	}
}

/* Which lists have which items. */
static void
index_lists(Diversity *d)
{
	memset(d->start, 0, sizeof(int64) * ((Size) d->rows->rows + 1));
	for (int32 list = 0; list < d->lists; list++)
	{
		ItemList	items = list_of(d, list);

		for (int32 i = 0; i < items.count; i++)
			d->start[items.item[i]]++;
	}
	for (int32 item = 1; item <= d->rows->rows; item++)
		d->start[item] += d->start[item - 1];
	for (int32 list = d->lists - 1; list >= 0; list--)
	{
		ItemList	items = list_of(d, list);

		for (int32 i = 0; i < items.count; i++)
			d->list[--d->start[items.item[i]]] = list;
	}
}

/* Of a pair of items the one with more ratings is the first. */
static bool
is_second(const Diversity *d, int32 first, int32 item)
{
	int64		more = sparse_row_length(d->rows, first);
	int64		less = sparse_row_length(d->rows, item);

	return less > 0 && (less < more || (less == more && item < first));
}

/* Add a value to the scaled ratings of an item; the other way it takes them off. */
static void
spread(const Diversity *d, int32 item, bool clear)
{
	const SparseRows *rows = d->rows;

	for (int64 e = rows->start[item]; e < rows->start[item + 1]; e++)
		d->scaled[rows->index[e]] = clear ? 0 :
			d->scaled[rows->index[e]] + rows->value[e] / d->norm[item];
}

/* The cosine of an item with the one whose scaled ratings are spread. */
static double
cosine_with_spread(const Diversity *d, int32 item)
{
	const SparseRows *rows = d->rows;
	double		sum = 0;

	for (int64 e = rows->start[item]; e < rows->start[item + 1]; e++)
		sum += d->scaled[rows->index[e]] * rows->value[e];
	return sum / d->norm[item];
}

/*
 * Compare an item with all that it is in a list with and that have fewer ratings:
 * add the cosines to the lists, or, if that is all that is wanted, return how many
 * ratings would be looked at.
 */
static double
compare_item(const Diversity *d, int32 first, bool only_count)
{
	double		visits = 0;

	for (int64 e = d->start[first]; e < d->start[first + 1]; e++)
	{
		ItemList	items = list_of(d, d->list[e]);

		CHECK_FOR_INTERRUPTS();
		visits += items.count;
		for (int32 i = 0; i < items.count; i++)
		{
			int32		item = items.item[i];

			if (!is_second(d, first, item))
				continue;
			if (d->seen_with[item] != first + 1)
			{
				d->seen_with[item] = first + 1;
				visits += sparse_row_length(d->rows, item);
				d->cosine[item] = only_count ? 0 : cosine_with_spread(d, item);
			}
			d->alike[d->list[e]] += d->cosine[item];
		}
	}
	return visits;
}

/* Compare all pairs of items, or count what that would cost. */
static double
compare_pairs(const Diversity *d, bool only_count)
{
	double		visits = 0;

	memset(d->seen_with, 0, sizeof(int32) * d->rows->rows);
	memset(d->alike, 0, sizeof(double) * d->lists);
	for (int32 item = 0; item < d->rows->rows; item++)
	{
		if (d->start[item] == d->start[item + 1] || d->norm[item] == 0)
			continue;
		if (!only_count)
			spread(d, item, false);
		visits += sparse_row_length(d->rows, item) + compare_item(d, item, only_count);
		if (!only_count)
			spread(d, item, true);
	}
	return visits;
}

/* The same by the sums of lists; this is what one list costs, its items twice. */
static double
count_sum(const Diversity *d, int32 list)
{
	ItemList	items = list_of(d, list);
	double		visits = 0;

	for (int32 i = 0; i < items.count; i++)
		visits += 2 * sparse_row_length(d->rows, items.item[i]);
	return visits;
}

/* All pairs of a list, by the sum of its items' scaled ratings. */
static double
alike_by_sum(const Diversity *d, int32 list)
{
	const SparseRows *rows = d->rows;
	ItemList	items = list_of(d, list);
	double		squares = 0;
	int			rated = 0;

	for (int32 i = 0; i < items.count; i++)
	{
		rated += d->norm[items.item[i]] > 0;
		if (d->norm[items.item[i]] > 0)
			spread(d, items.item[i], false);
	}
	for (int32 i = 0; i < items.count; i++)
		for (int64 e = rows->start[items.item[i]]; e < rows->start[items.item[i] + 1]; e++)
		{
			double	   *sum = &d->scaled[rows->index[e]];

			squares += *sum * *sum;
			*sum = 0;
		}
	return (squares - rated) / 2;
}

/* Put the lists in a random order, of which any number may be taken. */
static void
shuffle_lists(Diversity *d, int seed)
{
	RandomStream stream = random_stream(seed, STREAM_LISTS, 0);

	for (int32 i = d->lists - 1; i > 0; i--)
	{
		int32		other = (int32) (random_uniform(&stream) * (i + 1));
		int32		user = d->user[i];

		d->user[i] = d->user[other];
		d->user[other] = user;
	}
}

/*
 * Take so many of the lists that measuring them does not cost too much.  Returns
 * whether that is cheaper by the sums of lists.
 */
static bool
take_sample(Diversity *d, int seed)
{
	for (bool shuffled = false;; shuffled = true)
	{
		double		pairs;
		double		sums = 0;
		double		least;

		index_lists(d);
		pairs = compare_pairs(d, true);
		for (int32 list = 0; list < d->lists; list++)
			sums += count_sum(d, list);
		least = Min(pairs, sums);
		if (least <= MOST_VISITS || d->lists <= LEAST_LISTS)
			return sums < pairs;
		if (!shuffled)
			shuffle_lists(d, seed);
		d->lists = Max(LEAST_LISTS, Min(d->lists / 2, (int32) (d->lists * (MOST_VISITS / least))));
	}
}

/* Make the arrays of all lists that have pairs, in the current memory context. */
static void
allocate(Diversity *d)
{
	const Batch *batch = d->batch;
	int32		items = d->rows->rows;

	find_lists(d);
	find_norms(d);
	d->scaled = allocate_array_zero(d->rows->cols, sizeof(double));
	d->start = allocate_array((Size) items + 1, sizeof(int64));
	d->list = allocate_array(budget_array(d->lists, batch->shape.n), sizeof(int32));
	d->seen_with = allocate_array(items, sizeof(int32));
	d->cosine = allocate_array(items, sizeof(double));
	d->alike = allocate_array(d->lists, sizeof(double));
}

/*
 * The mean over the lists of two items or more, or a sample of them, of 1 - the
 * mean cosine of two items; an item without ratings is like no other.  NaN: there
 * are none.  Memory is taken from the current context.
 */
double
mean_diversity(const Batch *batch, const SparseRows *by_item, int seed)
{
	Diversity	d = {.batch = batch, .rows = by_item};
	double		sum = 0;
	bool		by_sums;

	allocate(&d);
	if (d.lists == 0)
		return get_float8_nan();
	by_sums = take_sample(&d, seed);
	if (!by_sums)
		compare_pairs(&d, false);
	for (int32 list = 0; list < d.lists; list++)
	{
		double		length = list_of(&d, list).count;

		CHECK_FOR_INTERRUPTS();
		if (by_sums)
			d.alike[list] = alike_by_sum(&d, list);
		sum += 1 - 2 * d.alike[list] / (length * (length - 1));
	}
	return sum / d.lists;
}
