/*
 * id_type.c
 *		Which SQL types ids may be of.
 *
 * Ids are held as integers or as text (id_datum.c), so a type can be used if its
 * values are equal exactly where their text is.  For most types the default
 * B-tree operator class tells: it has a support function "equalimage", which
 * returns true for a collation if equal values are the same bytes.
 * Among those for which it is missing or false are citext, jsonb, floats, ranges,
 * and text under a nondeterministic collation.
 */
#include "postgres.h"
#include "compat.h"

#include "access/nbtree.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "ratings/id_type.h"

/* Are ids of this type held as integers? */
bool
id_type_is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

/*
 * Do equal values of a type always consist of the same bytes, under a
 * collation?
 */
static bool
equal_is_same(const TypeCacheEntry *entry, Oid collation)
{
	Oid			function = get_opfamily_proc(entry->btree_opf, entry->btree_opintype,
											 entry->btree_opintype, BTEQUALIMAGE_PROC);

	return OidIsValid(function) &&
		DatumGetBool(OidFunctionCall1Coll(function, collation,
										  ObjectIdGetDatum(entry->btree_opintype)));
}

/* Is it a type that uses the operators of oid, such as regclass, and names objects? */
static bool
names_objects(Oid type, const TypeCacheEntry *entry)
{
	return entry->btree_opintype == OIDOID && type != OIDOID;
}

/*
 * Why a value of a type cannot be asked for as one id, as a sentence; NULL: it
 * can, by its text.  A column that has ids must be of a type without
 * id_type_problem, which says more; but a text may be asked for as citext, and an
 * integer as a float.
 */
const char *
id_argument_problem(Oid type)
{
	TypeCacheEntry *entry;

	type = getBaseType(type);
	if (type_is_rowtype(type) || OidIsValid(get_element_type(type)) ||
		type_is_range(type) || type_is_multirange(type))
		return "Its values are made of several values.";
	if (type == CASHOID)
		return "The text of its values depends on the setting lc_monetary.";
	if (type == INTERVALOID)
		return "The text of its values depends on the setting IntervalStyle.";
	entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
	if (OidIsValid(entry->btree_opf) && names_objects(type, entry))
		return "The text of its values depends on object names, which may change, and on the setting search_path.";
	return NULL;
}

/*
 * Why values of a type cannot be ids, under a collation, as a sentence; NULL:
 * they can.  For a domain, ask this of its base type.
 */
const char *
id_type_problem(Oid type, Oid collation)
{
	TypeCacheEntry *entry;

	/* Equal numerics may differ in bytes, but have the same text here. */
	if (id_type_is_integer(type) || type == NUMERICOID)
		return NULL;
	/* So have equal values of char(n), as cast to text. */
	if (type == BPCHAROID)
		type = TEXTOID;
	if (type_is_rowtype(type) || OidIsValid(get_element_type(type)))
		return "Its values are made of several values.";
	if (type == CASHOID)
		return "The text of its values depends on the setting lc_monetary.";
	entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
	if (!OidIsValid(entry->btree_opf))
		return "It has no default B-tree operator class, which defines equality.";
	if (names_objects(type, entry))
		return "The text of its values depends on object names, which may change, and on the setting search_path.";
	if (!equal_is_same(entry, collation))
		return "Equal values of this type may have different text.";
	return NULL;
}

/* The name of a type with its schema, whatever the search path.  Palloc'd. */
char *
id_type_name(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->typnamespace),
									  NameStr(form->typname));
	ReleaseSysCache(tuple);
	return name;
}
