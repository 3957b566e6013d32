/*
 * row_cache.h
 *		Rows of a matrix that is never held whole, kept for when they are asked
 *		for again.
 *
 * Rows share places by their number; a row asked for takes the place of the
 * one that was there.
 */
#ifndef RECSYS_MODEL_ROW_CACHE_H
#define RECSYS_MODEL_ROW_CACHE_H

#include "postgres.h"

/* Memory for the rows of one cache, where any of them may be asked for. */
#define ROW_CACHE_BYTES ((Size) 64 * 1024 * 1024)

typedef struct RowCache RowCache;

extern RowCache *row_cache_create(int32 rows, Size row_bytes, Size bytes,
								  MemoryContext context);
extern void *row_cache_find(RowCache *cache, int32 row);
extern void *row_cache_claim(RowCache *cache, int32 row);
extern void row_cache_keep(RowCache *cache, int32 row);

#endif							/* RECSYS_MODEL_ROW_CACHE_H */
