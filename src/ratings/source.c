/*
 * source.c
 *		Where ratings come from: a relation and the columns that matter.
 *
 * Resolving a source looks up its columns and their types, and reports errors in
 * terms that users know.  It grants nothing: the rows are read by SQL with the
 * caller's privileges.  The parts of queries made here quote every name, and every
 * cast names its type with its schema.  Ids are not cast, but converted after
 * they have been read (id_datum.c).
 */
#include "postgres.h"
#include "compat.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "ratings/id_type.h"
#include "ratings/source.h"

/* The names of a relation's columns, as a list for messages.  Palloc'd. */
static char *
column_names(Relation relation)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), i);

		if (!attribute->attisdropped)
			appendStringInfo(&names, "%s\"%s\"", names.len ? ", " : "",
							 NameStr(attribute->attname));
	}
	return names.data;
}

/* Error: a relation does not have a column, nor others; "right" is how to name them. */
static void
report_no_column(Relation relation, const char *name, bool several, const char *right)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" of relation \"%s\" does not exist",
					name, RelationGetRelationName(relation)),
			 errdetail("The relation has the columns %s.", column_names(relation)),
			 errhint("Name the right %s with %s.", several ? "ones" : "one", right)));
}

/*
 * Find a column of a relation; name NULL: none is wanted.  Its strings are
 * palloc'd.  Error: there is no such column; "right" says in the hint how to
 * name the right one.
 */
void
source_find_column(Relation relation, const char *name, const char *right,
				   SourceColumn *column)
{
	memset(column, 0, sizeof(*column));
	if (name == NULL)
		return;
	for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), i);

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0)
			continue;
		column->name = pstrdup(name);
		column->quoted = pstrdup(quote_identifier(name));
		column->typmod = attribute->atttypmod;
		column->type = getBaseTypeAndTypmod(attribute->atttypid, &column->typmod);
		column->collation = attribute->attcollation;
		column->integer = id_type_is_integer(column->type);
		return;
	}
	report_no_column(relation, name, false, right);
}

/*
 * Error unless a relation has the columns.  The hint is about all that it does not
 * have, so that who tries it finds them in one go.
 */
static void
require_columns(Relation relation, const ColumnNames *columns)
{
	const char *const names[] = {columns->user, columns->item, columns->rating};
	static const char *const right[] = {
		"user_col => '...'", "item_col => '...'",
		"rating_col => '...', or count every row as 1 with rating_col => NULL"
	};
	const char *missing = NULL;
	StringInfoData how;
	int			count = 0;

	initStringInfo(&how);
	for (int i = 0; i < lengthof(names); i++)
	{
		if (names[i] == NULL || get_attnum(RelationGetRelid(relation), names[i]) > 0)
			continue;
		missing = missing != NULL ? missing : names[i];
		appendStringInfo(&how, "%s%s", count++ > 0 ? ", " : "", right[i]);
	}
	if (missing != NULL)
		report_no_column(relation, missing, count > 1, how.data);
}

/* Error unless a column has numbers. */
static void
require_rating_type(Relation relation, const SourceColumn *column)
{
	switch (column->type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of relation \"%s\" cannot hold ratings",
							column->name, RelationGetRelationName(relation)),
					 errdetail("It is of type %s; ratings must be numbers.",
							   format_type_be(column->type)),
					 errhint("Create a view that casts it to a number, or pass rating_col => NULL to count every row as 1.")));
	}
}

/* An operator's qualified name, palloc'd, or NULL if there is none. */
static char *
operator_name(Oid oid)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(oid));
	Form_pg_operator operator;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	operator = (Form_pg_operator) GETSTRUCT(tuple);
	result = psprintf("OPERATOR(%s.%s)",
					  quote_identifier(get_namespace_name(operator->oprnamespace)),
					  NameStr(operator->oprname));
	ReleaseSysCache(tuple);
	return result;
}

/* Error unless a column can hold ids; sets its equality operator. */
void
source_require_ids(Relation relation, SourceColumn *column)
{
	const char *problem = id_type_problem(column->type, column->collation);

	column->equals = operator_name(lookup_type_cache(column->type, TYPECACHE_EQ_OPR)->eq_opr);
	if (problem != NULL || column->equals == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" cannot hold ids",
						column->name, RelationGetRelationName(relation)),
				 errdetail("It is of type %s. %s", format_type_be(column->type),
						   problem != NULL ? problem : "It has no equality operator."),
				 errhint("Ids must be integers, text, uuid or another type whose equal values have the same text. Create a view that casts the column to such a type.")));
}

/* Error if two columns are the same one. */
static void
require_distinct(const SourceColumn *a, const SourceColumn *b)
{
	if (a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_COLUMN),
				 errmsg("column \"%s\" is specified more than once", a->name),
				 errhint("user_col, item_col and rating_col must name different columns.")));
}

/*
 * Open a relation that is to be read by a query.  Errors: it does not exist,
 * or is not a table or view.
 */
Relation
source_open(Oid relid)
{
	Relation	relation = try_relation_open(relid, AccessShareLock);

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	switch (RelationGetForm(relation)->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return relation;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table or view",
							RelationGetRelationName(relation))));
	}
	return NULL;
}

/* The name of a relation, qualified and quoted.  Palloc'd. */
char *
source_name(Relation relation)
{
	return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
									  RelationGetRelationName(relation));
}

/* A source without a relation, where nobody has rated anything.  Palloc'd. */
RatingsSource *
source_of_nothing(const ColumnNames *columns)
{
	RatingsSource *source = palloc0(sizeof(RatingsSource));

	source->user.name = columns->user;
	source->item.name = columns->item;
	source->rating.name = columns->rating;
	return source;
}

/*
 * Find the columns of a relation of ratings; time_col NULL: no time.  The
 * result is palloc'd; the relation stays locked.  Errors: no such relation or
 * column, a column named twice, or a type that cannot be used.
 */
RatingsSource *
source_resolve(Oid relid, const ColumnNames *columns, const char *time_col)
{
	RatingsSource *source = palloc0(sizeof(RatingsSource));
	Relation	relation = source_open(relid);

	require_columns(relation, columns);
	source_find_column(relation, columns->user, NULL, &source->user);
	source_find_column(relation, columns->item, NULL, &source->item);
	source_find_column(relation, columns->rating, NULL, &source->rating);
	source_find_column(relation, time_col, "the option \"time_col\" of training", &source->time);
	require_distinct(&source->user, &source->item);
	require_distinct(&source->user, &source->rating);
	require_distinct(&source->item, &source->rating);
	source_require_ids(relation, &source->user);
	source_require_ids(relation, &source->item);
	if (source->rating.name != NULL)
		require_rating_type(relation, &source->rating);
	source->relid = relid;
	source->relation = source_name(relation);
	/* The lock is kept until the end of the transaction, so that names stay true. */
	relation_close(relation, NoLock);
	return source;
}

/*
 * Note that it was the model of role "claimant" that named the source, or said
 * that there is none.  Error: the relation cannot be read for the caller.
 */
void
source_claimed(RatingsSource *source, Oid claimant)
{
	Relation	relation;
	Bitmapset  *columns = NULL;

	source->claimant = claimant;
	if (source->relation == NULL)
		return;
	relation = source_open(source->relid);
	columns = add_column(columns, relation, source->user.name);
	columns = add_column(columns, relation, source->item.name);
	columns = add_column(columns, relation, source->rating.name);
	columns = add_column(columns, relation, source->time.name);
	source->rights = claimed_rights(relation, columns, claimant);
	relation_close(relation, NoLock);
}

/*
 * The select list that the reader expects: user and item as they are, and a
 * value, converted to float8, from the relation under the given alias.
 * Palloc'd.
 */
char *
source_value_list(const RatingsSource *source, const char *alias, const char *value)
{
	return psprintf("%s.%s, %s.%s, %s::pg_catalog.float8", alias, source->user.quoted,
					alias, source->item.quoted, value);
}

/* The same with the rating as the value. */
char *
source_column_list(const RatingsSource *source, const char *alias)
{
	return source_value_list(source, alias, source->rating.name == NULL ? "1" :
							 psprintf("%s.%s", alias, source->rating.quoted));
}

/*
 * The operator "greater than" of a column, qualified, palloc'd.  Error: its
 * type has none.
 */
char *
source_greater(const SourceColumn *column)
{
	char	   *name = operator_name(lookup_type_cache(column->type, TYPECACHE_GT_OPR)->gt_opr);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is not a time or number", column->name),
				 errdetail("Type %s has no ordering operator.", format_type_be(column->type))));
	return name;
}

/* Does an index make user and item unique, alone or together? */
static bool
index_is_unique_pair(Oid index, const RatingsSource *source)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_index) GETSTRUCT(tuple);
	result = form->indisunique && form->indisvalid && form->indimmediate &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
	for (int i = 0; result && i < form->indnkeyatts; i++)
	{
		AttrNumber	column = form->indkey.values[i];

		result = column == get_attnum(source->relid, source->user.name) ||
			column == get_attnum(source->relid, source->item.name);
	}
	ReleaseSysCache(tuple);
	return result;
}

/* Does an index guarantee that no user and item have two rows? */
bool
source_has_unique_pairs(const RatingsSource *source)
{
	Relation	relation = relation_open(source->relid, AccessShareLock);
	List	   *indexes = RelationGetIndexList(relation);
	ListCell   *cell;
	bool		result = false;

	foreach(cell, indexes)
		result = result || index_is_unique_pair(lfirst_oid(cell), source);
	relation_close(relation, NoLock);
	return result;
}
