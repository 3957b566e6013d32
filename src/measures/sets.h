/*
 * sets.h
 *		Which values two arrays have in common, and the Jaccard similarity of
 *		the two taken as sets.
 */
#ifndef RECSYS_MEASURES_SETS_H
#define RECSYS_MEASURES_SETS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/typcache.h"

/* Where a value of two arrays is. */
typedef struct SetMember
{
	int			position;		/* its first in the first array, nulls not counted, or -1 */
	bool		in_second;
} SetMember;

typedef void (*SetVisitor) (SetMember member, void *arg);

extern TypeCacheEntry *element_type(FunctionCallInfo fcinfo, Oid oid);
extern void visit_values(FunctionCallInfo fcinfo, ArrayType *first, ArrayType *second,
						 TypeCacheEntry *type, SetVisitor visitor, void *arg);
extern Datum jaccard_of_sets(FunctionCallInfo fcinfo, ArrayType *first,
							 ArrayType *second, TypeCacheEntry *type);

#endif							/* RECSYS_MEASURES_SETS_H */
