/*
 * items.c
 *		What is known of items: a relation of them, its column of ids and the
 *		columns with texts and tags.
 *
 * As for ratings (ratings/source.c), resolving grants nothing: the rows are read
 * by SQL with the caller's privileges.  Every name in the query made here is
 * quoted.  In the query, to_tsvector cuts text into words and stems them; a
 * column that is a tsvector already is taken as it is.
 */
#include "postgres.h"
#include "compat.h"

#include "access/relation.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "features/items.h"

/* The parts of a name as it is written in SQL, as a list. */
static List *
name_parts(const char *name)
{
	return textToQualifiedNameList(cstring_to_text(name));
}

/* The relation of a name, in the search path.  Error: there is none. */
static Oid
find_relation(const char *name)
{
	Oid			relid = RangeVarGetRelid(makeRangeVarFromNameList(name_parts(name)),
										 NoLock, true);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" does not exist", name),
				 errhint("The option \"items\" names the table or view of the items.")));
	return relid;
}

/*
 * The full name of a relation of items, which does not depend on the search
 * path.  Palloc'd.  Errors: there is none, or it is not a table or view.
 */
char *
items_relation_name(const char *relation)
{
	Relation	opened = source_open(find_relation(relation));
	char	   *name = source_name(opened);

	relation_close(opened, NoLock);
	return name;
}

/* The same for a text search configuration. */
char *
items_config_name(const char *config)
{
	Oid			oid = get_ts_config_oid(name_parts(config), true);
	HeapTuple	tuple = SearchSysCache1(TSCONFIGOID, ObjectIdGetDatum(oid));
	Form_pg_ts_config form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("text search configuration \"%s\" does not exist", config),
				 errhint("\\dF in psql lists them; \"simple\" leaves words as they are.")));
	form = (Form_pg_ts_config) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->cfgnamespace),
									  NameStr(form->cfgname));
	ReleaseSysCache(tuple);
	return name;
}

/* How tags are taken from a column of a type. */
static FeatureKind
tag_kind(Oid type)
{
	if (OidIsValid(get_element_type(type)))
		return FEATURE_TAG_ARRAY;
	return type == JSONBOID || type == JSONOID ? FEATURE_TAG_JSON : FEATURE_TAG_LIST;
}

/* Add columns with texts, or with tags, to the source. */
static void
find_features(ItemsSource *source, Relation relation, const List *names, bool tags)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		FeatureColumn *feature = &source->feature[source->features++];

		source_find_column(relation, lfirst(cell),
						   tags ? "the option \"tag_cols\"" : "the option \"text_cols\"",
						   &feature->column);
		feature->kind = tags ? tag_kind(feature->column.type) : FEATURE_WORDS;
	}
}

/* How the relation may be read, if it was a model that named it. */
static ReadingRights
items_rights(const ItemsSource *source, Relation relation, Oid claimant)
{
	Bitmapset  *columns = add_column(NULL, relation, source->id.name);

	for (int f = 0; f < source->features; f++)
		columns = add_column(columns, relation, source->feature[f].column.name);
	return claimed_rights(relation, columns, claimant);
}

/*
 * Find a relation of items and its columns.  The result is palloc'd; the
 * relation stays locked.  Errors: no such relation, configuration or column,
 * ids of a type that cannot be used, or that the relation cannot be read for
 * the caller.
 */
ItemsSource *
items_resolve(const ItemsNames *names, const char *config)
{
	ItemsSource *source = palloc0(sizeof(ItemsSource));
	Relation	relation = source_open(find_relation(names->relation));

	source->relation = source_name(relation);
	source->config = get_ts_config_oid(name_parts(config), false);
	source_find_column(relation, names->id, "the option \"item_id_col\"", &source->id);
	source_require_ids(relation, &source->id);
	source->feature = palloc0(sizeof(FeatureColumn) *
							  (list_length(names->texts) + list_length(names->tags)));
	find_features(source, relation, names->texts, false);
	find_features(source, relation, names->tags, true);
	if (OidIsValid(names->claimant))
		source->rights = items_rights(source, relation, names->claimant);
	/* The lock is kept until the end of the transaction, so that names stay true. */
	relation_close(relation, NoLock);
	return source;
}

/*
 * A column as text, or as an array of texts, in SQL.  A cast of a type that is
 * not PostgreSQL's own may be anybody's code, which would run with the
 * privileges of the caller; format() calls the output function instead.
 */
static char *
text_of_column(const SourceColumn *column, const char *type)
{
	if (column->type < FirstNormalObjectId)
		return psprintf("i.%s::pg_catalog.%s", column->quoted, type);
	return psprintf("CASE WHEN i.%s IS NOT NULL THEN pg_catalog.format('%%s', i.%s)::pg_catalog.%s END",
					column->quoted, column->quoted, type);
}

/* Append a column of texts or tags to the select list. */
static void
append_feature(StringInfo query, const FeatureColumn *feature)
{
	const char *column = feature->column.quoted;

	switch (feature->kind)
	{
		case FEATURE_WORDS:
			if (feature->column.type == TSVECTOROID)
				appendStringInfo(query, ", i.%s", column);
			else
				appendStringInfo(query, ", pg_catalog.to_tsvector($1, %s)",
								 text_of_column(&feature->column, "text"));
			break;
		case FEATURE_TAG_LIST:
			appendStringInfo(query, ", %s", text_of_column(&feature->column, "text"));
			break;
		case FEATURE_TAG_ARRAY:
			appendStringInfo(query, ", %s", text_of_column(&feature->column, "text[]"));
			break;
		case FEATURE_TAG_JSON:
			appendStringInfo(query, ", i.%s::pg_catalog.jsonb", column);
			break;
	}
}

/*
 * A query for all items: the id as it is, then the features as their kinds
 * say.  Its parameter $1 is the configuration, a regconfig.  Palloc'd.
 */
char *
items_query(const ItemsSource *source)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT i.%s", source->id.quoted);
	for (int f = 0; f < source->features; f++)
		append_feature(&query, &source->feature[f]);
	appendStringInfo(&query, " FROM %s i", source->relation);
	return query.data;
}
