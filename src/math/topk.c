/*
 * topk.c
 *		The k best of a stream of scored indexes: heap maintenance.
 */
#include "math/topk.h"

/* Make an empty selection of at most "capacity" entries, kept in "heap". */
void
topk_init(TopK *top, int capacity, Scored *heap)
{
	top->capacity = capacity;
	top->count = 0;
	top->heap = heap;
}

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
