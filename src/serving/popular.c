/*
 * popular.c
 *		The items of a model by how many have rated them.
 *
 * They are sorted once, so that the list of each of many users takes no more
 * than a look at its first items.  What nobody has rated is in no list.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/float.h"
#include "utils/memutils.h"

#include "resources/budget.h"
#include "serving/popular.h"

/* How many have rated each item, settled. */
static double *
count_ratings(Model *model)
{
	int32		item_count = model->header.items;
	double	   *counts = allocate_array(item_count, sizeof(double));

	for (int32 item = 0; item < item_count; item++)
	{
		float		count = *model_row(model, PART_ITEM_COUNTS, item);

		counts[item] = count > 0 ? count : -get_float8_infinity();
	}
	return counts;
}

/*
 * The order of the items of a model, in the current memory context.  Of the
 * items the first "depth" are sorted: lists must not need more.
 */
PopularOrder *
popular_order_create(Model *model, int32 depth)
{
	PopularOrder *order = palloc0(sizeof(PopularOrder));
	Size		capacity = Max(Min(depth, model->header.items), 1);

	order->items = model->header.items;
	order->count = count_ratings(model);
	topk_init(&order->best, (int) capacity,
			  MemoryContextAllocHuge(CurrentMemoryContext, capacity * sizeof(Scored)));
	push_scores(&order->best, order->count, order->items);
	topk_sort(&order->best);
	order->left_out = allocate_array_zero(order->items, 1);
	Assert(ranking_is_valid(&order->best, order->items));
	return order;
}

/* Fill a list, which is empty, with the most popular items but for some. */
void
popular_list(const PopularOrder *order, ItemList left_out, TopK *top)
{
	const TopK *best = &order->best;

	Assert(top->count == 0);
	Assert(item_list_is_valid(left_out, order->items));
	for (int32 i = 0; i < left_out.count; i++)
		order->left_out[left_out.item[i]] = 1;
	for (int i = 0; i < best->count && top->count < top->capacity; i++)
		if (!order->left_out[best->heap[i].index])
			top->heap[top->count++] = best->heap[i];
	for (int32 i = 0; i < left_out.count; i++)
		order->left_out[left_out.item[i]] = 0;
}

/*
 * The place of each item, the same for equal ones; what nobody has rated is
 * last.  The order must be of all items.
 */
const double *
popular_places(PopularOrder *order)
{
	const Scored *best = order->best.heap;
	int32		rated = order->best.count;

	if (order->place != NULL)
		return order->place;
	Assert(order->best.capacity >= order->items);
	order->place = MemoryContextAllocHuge(GetMemoryChunkContext(order),
										  budget_array(Max(order->items, 1), sizeof(double)));
	for (int32 item = 0; item < order->items; item++)
		order->place[item] = rated + (order->items - rated) / 2.0;
	for (int32 from = 0, to; from < rated; from = to)
	{
		for (to = from + 1; to < rated && best[to].score == best[from].score; to++)
			;
		for (int32 i = from; i < to; i++)
			order->place[best[i].index] = from + (to - from) / 2.0;
	}
	return order->place;
}
