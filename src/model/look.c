/*
 * look.c
 *		Looking at a model without ever waiting for a lock.
 *
 * A query that looks at all models of a database must not wait for one that is
 * locked, nor keep others from theirs.  So everything that looking touches (the
 * table, the table of its large values, and the indexes of both) is locked
 * without waiting, or not looked at.  The locks are released at once, since
 * nothing that was seen is relied on later.
 */
#include "postgres.h"
#include "compat.h"

#include "access/detoast.h"
#include "access/relation.h"
#include "nodes/pg_list.h"
#include "storage/lmgr.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "model/look.h"
#include "model/rows.h"
#include "model/table.h"

/* A header that is longer is not shown. */
#define LOOK_BYTES (16 * 1024 * 1024)

struct Look
{
	List	   *locked;			/* OIDs of relations */
};

/* Lock a relation, if that is possible at once. */
static bool
lock_now(Look *look, Oid relid)
{
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;
	look->locked = lappend_oid(look->locked, relid);
	return true;
}

/*
 * Lock a table with its indexes and large values, if that is possible at once.
 */
static bool
lock_table(Look *look, Oid relid)
{
	Relation	relation;
	List	   *indexes;
	ListCell   *cell;
	Oid			large;

	if (!lock_now(look, relid))
		return false;
	relation = try_relation_open(relid, NoLock);
	if (relation == NULL)
		return false;
	indexes = RelationGetIndexList(relation);
	large = RelationGetForm(relation)->reltoastrelid;
	relation_close(relation, NoLock);
	foreach(cell, indexes)
		if (!lock_now(look, lfirst_oid(cell)))
			return false;
	return !OidIsValid(large) || lock_table(look, large);
}

/*
 * Lock a model to look at it; "type" is recsys_model.  NULL: it is locked by
 * another session, has just been dropped, or is not a model.
 */
Look *
look_begin(Oid relid, Oid type)
{
	Look	   *look = palloc0(sizeof(Look));

	if (lock_table(look, relid) && model_table_is_model(relid, type))
		return look;
	look_end(look);
	return NULL;
}

/*
 * The newest version of a model under look, and its header, palloc'd; *meta is
 * NULL if it has none.  False: there are no versions, or none that can be read
 * here.  Error: no privilege to read.
 */
bool
look_at_header(Oid relid, int32 *version, Jsonb **meta)
{
	ModelRows  *rows = rows_open_to_look(relid);
	RowKey		key = {.part = component_part_name(0, PART_HEADER)};
	bool		isnull = true;
	bool		found;
	Datum		value;

	*meta = NULL;
	if (rows == NULL)
		return false;
	found = rows_newest_version(rows, version);
	if (found)
	{
		key.version = *version;
		rows_start(rows, &key);
		value = rows_next(rows) ? rows_value(rows, ROW_META, &isnull) : (Datum) 0;
		if (!isnull && toast_raw_datum_size(value) <= LOOK_BYTES)
			*meta = DatumGetJsonbPCopy(value);
		/* If there are two, neither can be trusted. */
		if (rows_next(rows))
			*meta = NULL;
	}
	rows_close(rows);
	return found;
}

/* Release a model, unless it is NULL. */
void
look_end(Look *look)
{
	ListCell   *cell;

	if (look == NULL)
		return;
	foreach(cell, look->locked)
		UnlockRelationOid(lfirst_oid(cell), AccessShareLock);
	list_free(look->locked);
	pfree(look);
}
