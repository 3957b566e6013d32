/*
 * row_cache.h
 *		Rows of a matrix that is never held whole, kept for when they are asked
 *		for again.
 *
 * Rows share places by their number; a row asked for takes the place of the
 * one that was there.
 */
#ifndef RECSYS_FORMS_ROW_CACHE_H
#define RECSYS_FORMS_ROW_CACHE_H

#include "postgres.h"

typedef struct RowCache RowCache;

extern RowCache *row_cache_create(int32 rows, Size row_bytes, Size bytes,
								  MemoryContext context);
extern void *row_cache_find(RowCache *cache, int32 row);
extern void *row_cache_claim(RowCache *cache, int32 row);
extern void row_cache_keep(RowCache *cache, int32 row);

#endif							/* RECSYS_FORMS_ROW_CACHE_H */
