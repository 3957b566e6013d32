/*
 * row_cache.c
 *		Rows of a matrix that is never held whole, kept for when they are asked
 *		for again.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/memutils.h"

#include "forms/row_cache.h"

typedef struct CachedRow
{
	int32		row;			/* -1: none */
	void	   *values;			/* NULL until the place is first claimed */
} CachedRow;

struct RowCache
{
	MemoryContext context;
	Size		row_bytes;
	int32		places;
	CachedRow	place[FLEXIBLE_ARRAY_MEMBER];	/* by row modulo their number */
};

/*
 * A cache for rows of row_bytes each, as many of them as there is room for in
 * so many bytes, or one.  It lives in the given context.
 */
RowCache *
row_cache_create(int32 rows, Size row_bytes, Size bytes, MemoryContext context)
{
	int32		places = Max(1, Min(rows, bytes / Max(row_bytes, 1)));
	RowCache   *cache = MemoryContextAllocHuge(context, offsetof(RowCache, place) +
											   sizeof(CachedRow) * (Size) places);

	cache->context = context;
	cache->row_bytes = row_bytes;
	cache->places = places;
	for (int32 p = 0; p < places; p++)
		cache->place[p] = (CachedRow) {.row = -1};
	return cache;
}

/* Where a row is kept, if it is. */
static CachedRow *
place_of_row(RowCache *cache, int32 row)
{
	return &cache->place[row % cache->places];
}

/* The values of a row, or NULL if they are not there. */
void *
row_cache_find(RowCache *cache, int32 row)
{
	const CachedRow *place = place_of_row(cache, row);

	return place->row == row ? place->values : NULL;
}

/*
 * Room for the values of a row.  They are found only once the row is kept: what
 * fills them may be interrupted.
 */
void *
row_cache_claim(RowCache *cache, int32 row)
{
	CachedRow  *place = place_of_row(cache, row);

	place->row = -1;
	if (place->values == NULL)
		place->values = MemoryContextAllocHuge(cache->context, cache->row_bytes);
	return place->values;
}

/* The values of the row that was claimed last for its place are complete. */
void
row_cache_keep(RowCache *cache, int32 row)
{
	place_of_row(cache, row)->row = row;
}
