/*
 * cache.c
 *		The models that this backend keeps in memory.
 *
 * A version of a model never changes, so an entry can be used for as long as
 * the newest header row that a query sees is the one the entry was made from
 * (the same version, transaction and place in the table).  Every query that uses
 * a model looks that up, so the cache needs no invalidation messages.
 *
 * Users of an entry are counted; the count falls when the memory context that the
 * user named is reset, which also happens after an error.  An entry that is not
 * in use is dropped when there is a newer version, when its relation is gone, or,
 * least recently used first, when the cache grows beyond
 * recsys.model_cache_size.
 */
#include "postgres.h"
#include "compat.h"

#include "lib/ilist.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "model/model.h"
#include "model/table.h"

/* A version of a model in memory. */
typedef struct CacheEntry
{
	dlist_node	node;			/* most recently used first */
	Oid			relid;
	TransactionId xmin;
	ItemPointerData ctid;
	uint32		crc;
	int			users;			/* memory contexts that use it */
	Model	   *model;
	MemoryContext context;		/* holds the model and this entry */
} CacheEntry;

static dlist_head entries = DLIST_STATIC_INIT(entries);

static int	model_cache_size = 256 * 1024;	/* kB */

/* Define the setting; called when the library is loaded. */
void
model_cache_init(void)
{
	DefineCustomIntVariable("recsys.model_cache_size",
							"Memory for the models that each session keeps.",
							"A model in use is kept whole even if it is larger.",
							&model_cache_size, 256 * 1024, 0, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
}

/* Remove an entry, and free its model. */
static void
drop_entry(CacheEntry *entry)
{
	dlist_delete(&entry->node);
	MemoryContextDelete(entry->context);
}

/*
 * Drop entries that are not in use and will not be: replaced, half loaded, or
 * of a relation that is gone.
 */
static void
drop_useless(Oid relid, const CacheEntry *current)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (entry->users > 0 || entry == current)
			continue;
		if (entry->relid == relid || entry->model->loading ||
			!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(entry->relid)))
			drop_entry(entry);
	}
}

/* Drop the least recently used entries until the cache is within its bound. */
static void
shrink(void)
{
	Size		limit = (Size) model_cache_size * 1024;
	Size		total = 0;
	dlist_iter	iter;
	dlist_node *node;
	dlist_node *previous;

	dlist_foreach(iter, &entries)
		total += MemoryContextMemAllocated(dlist_container(CacheEntry, node, iter.cur)->context,
										   true);
	if (dlist_is_empty(&entries))
		return;
	for (node = dlist_tail_node(&entries); total > limit; node = previous)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, node);
		bool		first = !dlist_has_prev(&entries, node);

		previous = first ? NULL : dlist_prev_node(&entries, node);
		if (entry->users == 0)
		{
			total -= MemoryContextMemAllocated(entry->context, true);
			drop_entry(entry);
		}
		if (first)
			break;
	}
}

/* The entry of a version, or NULL. */
static CacheEntry *
find_entry(Oid relid, HeaderRow *row)
{
	dlist_iter	iter;

	dlist_foreach(iter, &entries)
	{
		CacheEntry *entry = dlist_container(CacheEntry, node, iter.cur);

		if (entry->relid == relid && entry->model->version == row->version &&
			entry->xmin == row->xmin && ItemPointerEquals(&entry->ctid, &row->ctid) &&
			entry->crc == row->crc &&
			!entry->model->loading)
			return entry;
	}
	return NULL;
}

/*
 * A new entry for a version, with its model.  Error: the header is corrupt;
 * then nothing is kept.
 */
static CacheEntry *
add_entry(Oid relid, const HeaderRow *row)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys model",
												  ALLOCSET_DEFAULT_SIZES);
	CacheEntry *entry = MemoryContextAllocZero(context, sizeof(CacheEntry));
	MemoryContext old = MemoryContextSwitchTo(context);
	const BlockSource *source = model_table_source(relid, row->version);

	MemoryContextSwitchTo(old);
	entry->relid = relid;
	entry->xmin = row->xmin;
	entry->ctid = row->ctid;
	entry->crc = row->crc;
	entry->context = context;
	entry->model = model_create(relid, row, source, context);
	/* Only now: after an error the context goes with the query's. */
	MemoryContextSetParent(context, CacheMemoryContext);
	dlist_push_head(&entries, &entry->node);
	return entry;
}

/* Called when the memory context of a user is reset. */
static void
end_of_use(void *arg)
{
	((CacheEntry *) arg)->users--;
}

/* Count a user of an entry, until its memory context is reset. */
static void
begin_use(CacheEntry *entry, MemoryContext user)
{
	MemoryContextCallback *callback = MemoryContextAlloc(user, sizeof(*callback));

	callback->func = end_of_use;
	callback->arg = entry;
	entry->users++;
	MemoryContextRegisterResetCallback(user, callback);
}

/* Error unless the relation exists and is a model. */
static void
require_model(Oid relid, Oid type)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (!model_table_is_model(relid, type))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a model", get_rel_name(relid)),
				 errhint("Models are made by recsys_train; the view recsys_models lists them.")));
}

/*
 * The newest version of a model that the running query can see.  It stays
 * valid until the memory context "user" is reset.  Errors: not a model, never
 * trained, no privilege to read it, or its header is damaged.
 */
Model *
model_open(Oid relid, Oid type, MemoryContext user)
{
	HeaderRow	row;
	CacheEntry *entry;

	LockRelationOid(relid, AccessShareLock);
	require_model(relid, type);
	if (!model_table_read_header(relid, &row))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has not been trained", get_rel_name(relid)),
				 errdetail("Its table has no rows that this query can see."),
				 errhint("Train it with recsys_train.")));
	/* With row-level security another role sees other blocks. */
	entry = check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED ? NULL :
		find_entry(relid, &row);
	drop_useless(relid, entry);
	if (entry == NULL)
		entry = add_entry(relid, &row);
	else
		dlist_move_head(&entries, &entry->node);
	begin_use(entry, user);
	shrink();
	return entry->model;
}
