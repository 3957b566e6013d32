/*
 * items.h
 *		What is known of items: a relation of them, its column of ids and the
 *		columns with texts and tags.
 */
#ifndef RECSYS_FEATURES_ITEMS_H
#define RECSYS_FEATURES_ITEMS_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "ratings/source.h"

/* How the query hands over what is in a column. */
typedef enum FeatureKind
{
	FEATURE_WORDS,				/* tsvector */
	FEATURE_TAG_LIST,			/* text: tags separated by | or , */
	FEATURE_TAG_ARRAY,			/* text[] */
	FEATURE_TAG_JSON			/* jsonb */
} FeatureKind;

typedef struct FeatureColumn
{
	SourceColumn column;
	FeatureKind kind;
} FeatureColumn;

/* The names of the relation and its columns, as the caller gives them. */
typedef struct ItemsNames
{
	const char *relation;
	const char *id;
	const List *texts;			/* of char * */
	const List *tags;			/* of char * */
	Oid			claimant;		/* owner of the model that names it; InvalidOid: the
								 * caller does */
} ItemsNames;

typedef struct ItemsSource
{
	const char *relation;		/* qualified and quoted */
	SourceColumn id;
	int			features;
	FeatureColumn *feature;		/* [features] texts first */
	Oid			config;			/* text search configuration */
	ReadingRights rights;		/* of a query */
} ItemsSource;

extern char *items_relation_name(const char *relation);
extern char *items_config_name(const char *config);
extern ItemsSource *items_resolve(const ItemsNames *names, const char *config);
extern char *items_query(const ItemsSource *source);

#endif							/* RECSYS_FEATURES_ITEMS_H */
