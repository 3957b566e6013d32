/*
 * draft_items.c
 *		A draft with more items than it was trained on.
 *
 * One component of a model may know items that the others have never seen,
 * because nobody has rated them.  The others then get rows for these items, all
 * zero, in those parts that have a row for each item.  Their scores mean nothing,
 * and are not used (forms/blend.c).
 */
#include "postgres.h"
#include "compat.h"

#include "storage/shmem.h"
#include "utils/memutils.h"

#include "miscadmin.h"
#include "model/draft.h"
#include "ratings/matrix.h"
#include "ratings/sparse_rows.h"
#include "resources/budget.h"

/* Where items go: item i becomes item index[i] of the draft with more. */
typedef struct ItemMap
{
	const int32 *index;			/* in increasing order */
	int32		items;
} ItemMap;

/*
 * Has a part a row for each item?  "neighbors": whose neighbors the model has.
 */
static bool
has_item_rows(ModelPart part, Side neighbors)
{
	switch (part)
	{
		case PART_ITEM_BIAS:
		case PART_ITEM_FACTORS:
		case PART_ITEM_CLUSTERS:
		case PART_ITEM_TERMS:
		case PART_WEIGHTS:
		case PART_DENSE_WEIGHTS:
			return true;
		case PART_NEIGHBORS:
			return neighbors == SIDE_ITEMS;
		default:
			return false;
	}
}

/* Has a part a column for each item? */
static bool
has_item_columns(ModelPart part, Side neighbors)
{
	return part == PART_WEIGHTS || part == PART_DENSE_WEIGHTS ||
		(part == PART_NEIGHBORS && neighbors == SIDE_ITEMS);
}

/* Zeroed memory for a part.  Error: it exceeds maintenance_work_mem. */
static void *
allocate_part(Size rows, Size row_bytes)
{
	Size		bytes = budget_array(rows, row_bytes);

	budget_require(bytes, "a model with items that nobody has rated");
	return allocate_array_zero(bytes, 1);
}

/* Give a dense part rows, and columns if asked, for all items. */
static void
spread_floats(DraftPart *part, bool columns, const ItemMap *map)
{
	int32		cols = columns ? map->items : part->cols;
	float	   *floats = allocate_part(map->items, budget_array(cols, sizeof(float)));

	for (int32 row = 0; row < part->rows; row++)
	{
		const float *from = part->floats + (Size) row * part->stride;
		float	   *to = floats + (Size) map->index[row] * cols;

		CHECK_FOR_INTERRUPTS();
		for (int32 col = 0; col < part->cols; col++)
			to[columns ? map->index[col] : col] = from[col];
	}
	part->floats = floats;
	part->cols = part->stride = cols;
}

/* Give a part of uint32s rows for all items. */
static void
spread_uint32s(DraftPart *part, const ItemMap *map)
{
	uint32	   *uint32s = allocate_part(map->items, sizeof(uint32));

	for (int32 row = 0; row < part->rows; row++)
		uint32s[map->index[row]] = part->uint32s[row];
	part->uint32s = uint32s;
}

/*
 * Give a sparse part rows, and columns if asked, for all items; values are
 * shared with the old one.
 */
static void
spread_sparse(DraftPart *part, bool columns, const ItemMap *map)
{
	SparseRows *sparse = palloc(sizeof(SparseRows));

	*sparse = *part->sparse;
	sparse->rows = map->items;
	sparse->start = sparse_spread_rows(part->sparse, map->index, map->items);
	if (columns)
	{
		sparse->cols = map->items;
		sparse->index = sparse_renumber_columns(part->sparse, map->index);
		part->cols = map->items;
	}
	part->sparse = sparse;
}

/*
 * Give a draft more items: its item i becomes item index[i] of item_count items.
 * neighbors: whose neighbors the model has, if any.  The new arrays are in the
 * current memory context.  Error: they exceed maintenance_work_mem.
 */
void
draft_add_items(ModelDraft *draft, Side neighbors, const int32 *index, int32 item_count)
{
	ItemMap		map = {index, item_count};

	for (int p = 0; p < PART_COUNT; p++)
	{
		DraftPart  *part = &draft->part[p];
		bool		columns = has_item_columns(p, neighbors);

		if (!part->present || !has_item_rows(p, neighbors))
			continue;
		if (part->floats != NULL)
			spread_floats(part, columns, &map);
		else if (part->uint32s != NULL)
			spread_uint32s(part, &map);
		else
			spread_sparse(part, columns, &map);
		part->rows = item_count;
		Assert(part->sparse == NULL || part->sparse->rows == part->rows);
	}
}
