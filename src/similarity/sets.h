/*
 * sets.h
 *		The Jaccard similarity of two arrays taken as sets.
 */
#ifndef RECSYS_SIMILARITY_SETS_H
#define RECSYS_SIMILARITY_SETS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/typcache.h"

extern TypeCacheEntry *element_type(FunctionCallInfo fcinfo, Oid oid);
extern Datum jaccard_of_sets(FunctionCallInfo fcinfo, ArrayType *first,
							 ArrayType *second, TypeCacheEntry *type);

#endif							/* RECSYS_SIMILARITY_SETS_H */
