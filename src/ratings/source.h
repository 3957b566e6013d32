/*
 * source.h
 *		Where ratings come from: a relation and the columns that matter.
 */
#ifndef RECSYS_RATINGS_SOURCE_H
#define RECSYS_RATINGS_SOURCE_H

#include "postgres.h"

#include "utils/relcache.h"

#include "ratings/trust.h"

/* The names of the columns, as the caller gives them. */
typedef struct ColumnNames
{
	const char *user;
	const char *item;
	const char *rating;			/* NULL: every row has weight 1 */
} ColumnNames;

typedef struct SourceColumn
{
	const char *name;			/* NULL: there is no such column */
	const char *quoted;
	Oid			type;			/* with domains looked through */
	int32		typmod;
	Oid			collation;
	bool		integer;		/* int2, int4 or int8 */
	const char *equals;			/* the equality operator, as OPERATOR(schema.=) */
} SourceColumn;

typedef struct RatingsSource
{
	Oid			relid;
	const char *relation;		/* qualified and quoted; NULL: there is none */
	SourceColumn user;
	SourceColumn item;
	SourceColumn rating;		/* without a name: every row has weight 1 */
	SourceColumn time;			/* orders duplicates; usually without a name */
	Oid			claimant;		/* owner of the model that named it; InvalidOid: the caller did */
	ReadingRights rights;		/* of a query, if there is a claimant */
} RatingsSource;

extern RatingsSource *source_resolve(Oid relid, const ColumnNames *columns,
									 const char *time_col);
extern void source_claimed(RatingsSource *source, Oid claimant);
extern char *source_value_list(const RatingsSource *source, const char *alias,
							   const char *value);
extern char *source_greater(const SourceColumn *column);
extern RatingsSource *source_of_nothing(const ColumnNames *columns);
extern Relation source_open(Oid relid);
extern char *source_name(Relation relation);
extern void source_find_column(Relation relation, const char *name, const char *right,
							   SourceColumn *column);
extern void source_require_ids(Relation relation, SourceColumn *column);
extern char *source_column_list(const RatingsSource *source, const char *alias);
extern bool source_has_unique_pairs(const RatingsSource *source);

#endif							/* RECSYS_RATINGS_SOURCE_H */
