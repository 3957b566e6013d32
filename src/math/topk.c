/*
 * topk.c
 *		The k best of a stream of scored indexes: heap maintenance; and the
 *		k-th largest of an array.
 */
#include "math/topk.h"

/*
 * Make an empty selection of at most "capacity" entries, kept in "heap"
 * [capacity], which stays the caller's.
 */
void
topk_init(TopK *top, int capacity, Scored *heap)
{
	top->capacity = capacity;
	top->count = 0;
	top->heap = heap;
}

/*
 * Put an entry into a heap whose root, or the hole below it, is free: entries
 * that are worse move up.
 */
static void
sift_down(Scored *heap, int count, int hole, Scored entry)
{
	for (;;)
	{
		int			child = 2 * hole + 1;

		if (child >= count)
			break;
		if (child + 1 < count && scored_before(heap[child], heap[child + 1]))
			child++;
		if (!scored_before(entry, heap[child]))
			break;
		heap[hole] = heap[child];
		hole = child;
	}
	heap[hole] = entry;
}

/* Put "entry" in the place of the worst; the selection must be full. */
void
topk_replace_worst(TopK *top, Scored entry)
{
	sift_down(top->heap, top->count, 0, entry);
}

/* Add "entry"; the selection must not be full. */
void
topk_append(TopK *top, Scored entry)
{
	int			hole = top->count++;

	while (hole > 0)
	{
		int			parent = (hole - 1) / 2;

		if (!scored_before(top->heap[parent], entry))
			break;
		top->heap[hole] = top->heap[parent];
		hole = parent;
	}
	top->heap[hole] = entry;
}

/* Order the entries, best first.  Nothing may be pushed afterwards. */
void
topk_sort(TopK *top)
{
	for (int count = top->count - 1; count > 0; count--)
	{
		Scored		last = top->heap[count];

		top->heap[count] = top->heap[0];
		sift_down(top->heap, count, 0, last);
	}
}

/* The median of three numbers. */
static double
median(double a, double b, double c)
{
	if (a < b)
		return b < c ? b : (a < c ? c : a);
	return a < c ? a : (b < c ? c : b);
}

/*
 * Move the numbers greater than a bound, or not less than it, to the front;
 * returns how many there are.  It has no branches, because their outcome could
 * not be predicted.
 */
static int64_t
partition(double *number, int64_t count, double bound, bool or_equal)
{
	int64_t		front = 0;

	for (int64_t i = 0; i < count; i++)
	{
		double		value = number[i];

		number[i] = number[front];
		number[front] = value;
		front += (value > bound) | (or_equal & (value == bound));
	}
	return front;
}

/* Move the k largest numbers to the front (Hoare's "Find", CACM 1961). */
static void
select_largest(double *number, int64_t count, int64_t k)
{
	while (k > 0 && k < count)
	{
		double		pivot = median(number[0], number[count / 2], number[count - 1]);
		int64_t		front = partition(number, count, pivot, false);

		if (k <= front)
		{
			count = front;
			continue;
		}
		/* There may be many that are equal to the pivot, one at least. */
		front += partition(number + front, count - front, pivot, true);
		if (k <= front)
			return;
		number += front;
		count -= front;
		k -= front;
	}
}

/* The least of count > 0 numbers. */
static double
least(const double *number, int64_t count)
{
	double		result = number[0];

	for (int64_t i = 1; i < count; i++)
		result = number[i] < result ? number[i] : result;
	return result;
}

/*
 * The k-th largest of numbers, of which there are at least k and none is NaN.
 * They are overwritten: the k largest are at the front afterwards.  A number
 * that cannot be among the k largest of those seen so far costs one
 * comparison; the others gather at the front until there are 2 k.
 */
double
kth_largest(double *number, int64_t count, int64_t k)
{
	double		bound = least(number, k);
	int64_t		kept = k;

	for (int64_t i = k; i < count; i++)
	{
		double		value = number[i];

		number[kept] = value;
		kept += value > bound;
		if (kept == 2 * k)
		{
			select_largest(number, kept, k);
			bound = least(number, k);
			kept = k;
		}
	}
	select_largest(number, kept, k);
	return least(number, k);
}
