/*
 * scan.c
 *		Reading ratings straight from a plain table, by several processes.
 *
 * Only where a query would do nothing but scan the table and convert columns:
 * an ordinary table without children and row-level security, all of whose
 * columns the caller may read, and types whose conversion is known here.
 *
 * Each process scans its share of the blocks and takes the rows into a builder
 * of its own.  Workers then hand theirs over to the leader (handover.c).  The
 * matrix does not depend on the order of the rows, and so not on which process
 * has read them.
 *
 * Several builders hold the same ids.  Where they do not fit into memory but one
 * builder would, the leader reads again, alone.  Where that would not fit
 * either, the sketches of all show how much memory would be enough.
 */
#include "postgres.h"
#include "compat.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "optimizer/paths.h"
#include "storage/bufmgr.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "ratings/handover.h"
#include "ratings/id_datum.h"
#include "ratings/scan.h"
#include "resources/parallel.h"

/* What the workers find when they start. */
enum
{
	CHUNK_SHARED,				/* a ScanShared */
	CHUNK_SCAN,					/* of the table access method */
	CHUNK_QUEUES				/* in which workers hand over what they have read */
};

/* Bytes of the queue of a worker. */
#define QUEUE_BYTES 65536

/* Memory allocated by conversions is freed every so many rows. */
#define ROWS_PER_RESET 1024

/* Where the columns are, and of what types. */
typedef struct ScanColumns
{
	AttrNumber	user;
	AttrNumber	item;
	AttrNumber	rating;			/* 0: every row has weight 1 */
	AttrNumber	last;			/* of the three */
	Oid			user_type;
	Oid			item_type;
	Oid			rating_type;
} ScanColumns;

/* What the leader tells the workers. */
typedef struct ScanShared
{
	Oid			relid;
	ScanColumns columns;
	bool		integer_users;
	bool		integer_items;
	Size		limit;
	double		min_value;
	bool		keep_left_out;
	LoaderShare share;
} ScanShared;

/* The leader's side: the workers that it reads with. */
typedef struct ScanTeam
{
	ParallelContext *parallel;
	ScanShared *shared;
	ParallelTableScanDesc scan;
	char	   *queues;			/* [workers], of QUEUE_BYTES each */
	HandoverQueues handover;
} ScanTeam;

PGDLLEXPORT void RecsysScanMain(dsm_segment *segment, shm_toc *toc);

/*
 * Is a relation a heap table without children, row-level security or rows that
 * only another session has?
 */
static bool
is_plain_table(Relation relation)
{
	Form_pg_class form = RelationGetForm(relation);

	return form->relkind == RELKIND_RELATION && form->relam == HEAP_TABLE_AM_OID &&
		!form->relhassubclass && !RELATION_IS_OTHER_TEMP(relation) &&
		check_enable_rls(RelationGetRelid(relation), InvalidOid, true) == RLS_NONE;
}

/*
 * Has the caller SELECT on a column?  Also true for a column that is not
 * wanted.
 */
static bool
can_select(Oid relid, const SourceColumn *column)
{
	return column->name == NULL ||
		pg_attribute_aclcheck(relid, get_attnum(relid, column->name), GetUserId(),
							  ACL_SELECT) == ACLCHECK_OK;
}

/*
 * Is a column in the table, and not computed when it is read?  Also true for a
 * column that is not wanted.
 */
static bool
is_stored(Relation relation, const SourceColumn *column)
{
	AttrNumber	number = column->name == NULL ? InvalidAttrNumber :
		get_attnum(RelationGetRelid(relation), column->name);
	char		generated = number <= 0 ? '\0' :
		TupleDescAttr(RelationGetDescr(relation), number - 1)->attgenerated;

	return generated == '\0' || generated == ATTRIBUTE_GENERATED_STORED;
}

/*
 * May the caller read all columns?  False where an extension's hook would have
 * to be asked.
 */
static bool
is_allowed(const RatingsSource *source)
{
	if (ExecutorCheckPerms_hook != NULL)
		return false;
	return pg_class_aclcheck(source->relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		(can_select(source->relid, &source->user) && can_select(source->relid, &source->item) &&
		 can_select(source->relid, &source->rating));
}

/* Is the conversion of a column's type to ids done here? */
static bool
is_known_id_type(const SourceColumn *column)
{
	return column->integer || column->type == TEXTOID || column->type == VARCHAROID;
}

/*
 * Can a relation be read directly, in any order?  If not, a query has to read
 * it, or to report what is wrong.
 */
bool
scan_can_read(const RatingsSource *source)
{
	Relation	relation;
	bool		result;

	if (IsInParallelMode() ||
		!is_known_id_type(&source->user) || !is_known_id_type(&source->item))
		return false;
	relation = table_open(source->relid, AccessShareLock);
	result = is_plain_table(relation) && is_stored(relation, &source->user) &&
		is_stored(relation, &source->item) && is_stored(relation, &source->rating) &&
		is_allowed(source);
	table_close(relation, NoLock);
	return result;
}

/* Where the columns of the source are. */
static ScanColumns
find_columns(const RatingsSource *source)
{
	ScanColumns columns = {
		.user = get_attnum(source->relid, source->user.name),
		.item = get_attnum(source->relid, source->item.name),
		.user_type = source->user.type,
		.item_type = source->item.type,
		.rating_type = source->rating.type
	};

	if (source->rating.name != NULL)
		columns.rating = get_attnum(source->relid, source->rating.name);
	columns.last = Max(Max(columns.user, columns.item), columns.rating);
	return columns;
}

/* The rating in a value of a numeric type. */
static double
rating_of_value(Datum value, Oid type)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		case INT8OID:
			return (double) DatumGetInt64(value);
		case FLOAT4OID:
			return DatumGetFloat4(value);
		case FLOAT8OID:
			return DatumGetFloat8(value);
		default:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8, value));
	}
}

/* Take in one row of the table. */
static void
take_row(TupleTableSlot *slot, const ScanColumns *columns, Loader *loader)
{
	Datum	   *value = slot->tts_values - 1;
	bool	   *null = slot->tts_isnull - 1;

	slot_getsomeattrs(slot, columns->last);
	if (null[columns->user] || null[columns->item])
		loader_wrong_row(loader, null[columns->user], null[columns->item]);
	else if (columns->rating == 0)
		loader_add(loader, id_of_value(columns->user_type, value[columns->user]),
				   id_of_value(columns->item_type, value[columns->item]), 1);
	else if (!null[columns->rating])
		loader_add(loader, id_of_value(columns->user_type, value[columns->user]),
				   id_of_value(columns->item_type, value[columns->item]),
				   rating_of_value(value[columns->rating], columns->rating_type));
}

/* Take in the rows that this process gets from a scan, and end the scan. */
static void
take_rows(Relation relation, TableScanDesc scan, const ScanColumns *columns, Loader *loader)
{
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "recsys rows",
													  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(row_context);
	int64		rows = 0;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		take_row(slot, columns, loader);
		if (++rows % ROWS_PER_RESET == 0)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(row_context);
		}
	}
	loader_check(loader);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row_context);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

/*
 * How many workers a table is worth: one for each
 * min_parallel_table_scan_size.
 */
static int
count_workers(Relation relation)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(relation);

	if (RelationUsesLocalBuffers(relation))
		return 0;
	return Min(blocks / Max(min_parallel_table_scan_size, 1), max_parallel_maintenance_workers);
}

/*
 * Entry point of the workers: read a share of the blocks, then hand the rows
 * over.
 */
void
RecsysScanMain(dsm_segment *segment, shm_toc *toc)
{
	ScanShared *shared = parallel_chunk(toc, CHUNK_SHARED);
	ParallelTableScanDesc scan = parallel_chunk(toc, CHUNK_SCAN);
	char	   *queues = parallel_chunk(toc, CHUNK_QUEUES);
	shm_mq	   *queue = (shm_mq *) (queues + (Size) ParallelWorkerNumber * QUEUE_BYTES);
	Relation	relation = table_open(shared->relid, AccessShareLock);
	Loader		loader;

	shm_mq_set_sender(queue, MyProc);
	loader_init(&loader, shared->integer_users, shared->integer_items, shared->limit,
				shared->min_value, shared->keep_left_out, NULL);
	loader.share = &shared->share;
	take_rows(relation, table_beginscan_parallel(relation, scan), &shared->columns, &loader);
	table_close(relation, AccessShareLock);
	handover_send(shm_mq_attach(queue, segment, NULL), &loader);
}

/* Fill in what the workers see: what the leader reads, and how. */
static void
fill_shared(ScanShared *shared, const RatingsSource *source, const Loader *loader)
{
	memset(shared, 0, sizeof(ScanShared));
	shared->relid = source->relid;
	shared->columns = find_columns(source);
	shared->integer_users = source->user.integer;
	shared->integer_items = source->item.integer;
	shared->limit = loader->limit;
	shared->min_value = loader->min_value;
	shared->keep_left_out = loader->keep_left_out;
	pg_atomic_init_u64(&shared->share.rows, 0);
	pg_atomic_init_u64(&shared->share.bytes, 0);
}

/*
 * Make room for workers, and for what they see.  False: there is none.
 */
static bool
prepare_workers(ScanTeam *team, Relation relation, const RatingsSource *source, int workers,
				const Loader *loader)
{
	Snapshot	snapshot = GetActiveSnapshot();
	Size		bytes[] = {
		[CHUNK_SHARED] = sizeof(ScanShared),
		[CHUNK_SCAN] = table_parallelscan_estimate(relation, snapshot),
		[CHUNK_QUEUES] = mul_size(QUEUE_BYTES, workers)
	};
	void	   *chunk[lengthof(bytes)];

	team->parallel = parallel_begin("RecsysScanMain", workers, lengthof(bytes), bytes, chunk);
	if (team->parallel == NULL)
		return false;
	team->shared = chunk[CHUNK_SHARED];
	team->scan = chunk[CHUNK_SCAN];
	team->queues = chunk[CHUNK_QUEUES];
	fill_shared(team->shared, source, loader);
	table_parallelscan_initialize(relation, team->scan, snapshot);
	return true;
}

/* Start the workers, with a queue for each. */
static void
launch_workers(ScanTeam *team)
{
	ParallelContext *parallel = team->parallel;
	char	   *queues = team->queues;

	for (int i = 0; i < parallel->nworkers; i++)
		shm_mq_set_receiver(shm_mq_create(queues + (Size) i * QUEUE_BYTES, QUEUE_BYTES), MyProc);
	LaunchParallelWorkers(parallel);
	handover_begin(&team->handover, parallel);
	for (int i = 0; i < team->handover.workers; i++)
		team->handover.queue[i] = shm_mq_attach((shm_mq *) (queues + (Size) i * QUEUE_BYTES),
												parallel->seg, parallel->worker[i].bgwhandle);
}

/*
 * Wait for the workers to finish, whatever they are doing, and leave parallel
 * mode.
 */
static void
dismiss_workers(ScanTeam *team)
{
	handover_end(&team->handover);
	parallel_end(team->parallel);
}

/*
 * Read with workers.  False: there is no room for what they need, and nothing
 * was read.
 */
static bool
read_with_workers(Relation relation, const RatingsSource *source, int workers, Loader *loader)
{
	ScanTeam	team = {0};

	if (!prepare_workers(&team, relation, source, workers, loader))
		return false;
	launch_workers(&team);
	loader->share = &team.shared->share;
	take_rows(relation, table_beginscan_parallel(relation, team.scan), &team.shared->columns,
			  loader);
	loader->share = NULL;
	handover_receive(&team.handover, loader);
	dismiss_workers(&team);
	return true;
}

/* Read all rows in this process. */
static void
read_alone(Relation relation, const RatingsSource *source, Loader *loader)
{
	ScanColumns columns = find_columns(source);

	take_rows(relation, table_beginscan(relation, GetActiveSnapshot(), 0, NULL), &columns,
			  loader);
}

/* Was there too little memory for several builders, but enough for one? */
static bool
is_better_alone(const Loader *loader)
{
	MatrixShape shape = loader_shape(loader);

	return loader->counts.full && matrix_building_bytes(&shape) <= loader->limit;
}

/*
 * Take in all rows of a relation that can be read directly, as a query would
 * see them that starts now.
 */
void
scan_read(const RatingsSource *source, Loader *loader)
{
	Relation	relation = table_open(source->relid, AccessShareLock);
	int			workers = count_workers(relation);

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (workers == 0 || !read_with_workers(relation, source, workers, loader))
		read_alone(relation, source, loader);
	else if (is_better_alone(loader))
	{
		loader_restart(loader);
		read_alone(relation, source, loader);
	}
	PopActiveSnapshot();
	table_close(relation, NoLock);
}
