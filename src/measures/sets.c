/*
 * sets.c
 *		Which values two arrays have in common, and the Jaccard similarity of
 *		the two taken as sets.
 *
 * The elements of both are put in order, by hash where their type has one and
 * else by value, so that equal ones stand together; then each run of them is
 * visited, value by value.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "measures/sets.h"

/* An element of one of two sets that are being compared. */
typedef struct SetElement
{
	Datum		value;
	uint32		hash;			/* 0 where the type cannot be hashed */
	bool		second;			/* is it of the second set? */
	int			position;		/* in its array, nulls not counted */
} SetElement;

typedef struct SetOrder
{
	TypeCacheEntry *type;
	Oid			collation;
	bool		hashed;			/* ordered by hash, else by value */
	SetVisitor	visitor;
	void	   *arg;
} SetOrder;

/*
 * What is known about the element type of two sets, kept in the call's memory
 * for the next call.  Error: values of the type cannot be compared.
 */
TypeCacheEntry *
element_type(FunctionCallInfo fcinfo, Oid oid)
{
	TypeCacheEntry *type = fcinfo->flinfo->fn_extra;

	if (type == NULL || type->type_id != oid)
	{
		type = lookup_type_cache(oid,
								 TYPECACHE_EQ_OPR_FINFO |
								 TYPECACHE_CMP_PROC_FINFO |
								 TYPECACHE_HASH_PROC_FINFO |
								 TYPECACHE_DOMAIN_BASE_INFO);
		if (!OidIsValid(type->eq_opr_finfo.fn_oid))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("could not identify an equality operator for type %s",
							format_type_be(oid))));
		fcinfo->flinfo->fn_extra = type;
	}
	return type;
}

/*
 * Append the elements of an array, except nulls, to the n there are; returns
 * the new number.
 */
static size_t
gather_elements(SetElement *elements, size_t n, ArrayType *array,
				const SetOrder *order, bool second)
{
	TypeCacheEntry *type = order->type;
	Datum	   *values;
	bool	   *nulls;
	int			length;
	int			position = 0;

	deconstruct_array(array, type->type_id, type->typlen, type->typbyval,
					  type->typalign, &values, &nulls, &length);
	for (int i = 0; i < length; i++)
	{
		SetElement *element = &elements[n];

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		element->value = values[i];
		element->hash = order->hashed ?
			DatumGetUInt32(FunctionCall1Coll(&type->hash_proc_finfo,
											 order->collation, values[i])) : 0;
		element->second = second;
		element->position = position++;
		n++;
	}
	return n;
}

/* Order of two elements, for qsort: by hash, or by value. */
static int
compare_elements(const void *a, const void *b, void *arg)
{
	const SetElement *x = a;
	const SetElement *y = b;
	const SetOrder *order = arg;

	if (order->hashed)
		return (x->hash > y->hash) - (x->hash < y->hash);
	return DatumGetInt32(FunctionCall2Coll(&order->type->cmp_proc_finfo,
										   order->collation,
										   x->value, y->value));
}

/* Are two elements that the order does not tell apart equal? */
static bool
same_element(const SetElement *x, const SetElement *y, const SetOrder *order)
{
	return !order->hashed ||
		DatumGetBool(FunctionCall2Coll(&order->type->eq_opr_finfo,
									   order->collation,
									   x->value, y->value));
}

/*
 * Visit the distinct values of a run of elements that the order does not tell
 * apart.  Only hashes can collide; elements of other values than the one
 * visited move to the front.
 */
static void
visit_run(SetElement *run, size_t n, const SetOrder *order)
{
	while (n > 0)
	{
		SetElement	value = run[0];
		SetMember	member = {.position = -1};
		size_t		left = 0;

		for (size_t i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (i > 0 && !same_element(&value, &run[i], order))
				run[left++] = run[i];
			else if (run[i].second)
				member.in_second = true;
			else if (member.position < 0 || run[i].position < member.position)
				member.position = run[i].position;
		}
		order->visitor(member, order->arg);
		n = left;
	}
}

/*
 * Visit each distinct value of two arrays, in no particular order; null
 * elements are left out.
 */
void
visit_values(FunctionCallInfo fcinfo, ArrayType *first, ArrayType *second,
			 TypeCacheEntry *type, SetVisitor visitor, void *arg)
{
	size_t		size = (size_t) ArrayGetNItems(ARR_NDIM(first), ARR_DIMS(first)) +
		ArrayGetNItems(ARR_NDIM(second), ARR_DIMS(second));
	SetElement *elements = palloc_extended(Max(size, 1) * sizeof(SetElement),
										   MCXT_ALLOC_HUGE);
	SetOrder	order = {
		.type = type,
		.collation = PG_GET_COLLATION(),
		.hashed = OidIsValid(type->hash_proc_finfo.fn_oid),
		.visitor = visitor,
		.arg = arg
	};
	size_t		n;
	size_t		end;

	n = gather_elements(elements, 0, first, &order, false);
	n = gather_elements(elements, n, second, &order, true);
	qsort_interruptible(elements, n, sizeof(SetElement),
						compare_elements, &order);
	for (size_t start = 0; start < n; start = end)
	{
		for (end = start + 1; end < n; end++)
		{
			CHECK_FOR_INTERRUPTS();
			if (compare_elements(&elements[start], &elements[end], &order) != 0)
				break;
		}
		visit_run(&elements[start], end - start, &order);
	}
	pfree(elements);
}

/* Values of two sets. */
typedef struct SetCounts
{
	int64		either;
	int64		both;
} SetCounts;

/* Count a value of two sets. */
static void
count_value(SetMember member, void *arg)
{
	SetCounts  *counts = arg;

	counts->either++;
	counts->both += member.position >= 0 && member.in_second;
}

/*
 * Elements in both over elements in either, as the result of an SQL function;
 * null elements do not count, and two empty sets have no similarity.
 */
Datum
jaccard_of_sets(FunctionCallInfo fcinfo, ArrayType *first, ArrayType *second,
				TypeCacheEntry *type)
{
	SetCounts	counts = {0};

	visit_values(fcinfo, first, second, type, count_value, &counts);
	if (counts.either == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((float8) counts.both / (float8) counts.either);
}
