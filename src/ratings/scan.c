/*
 * scan.c
 *		Reading ratings straight from a plain table, by several processes.
 *
 * Only where a query would do nothing but scan the table and convert columns:
 * an ordinary table without children and row-level security, all of whose
 * columns the caller may read, and types whose conversion is known here.
 *
 * Each process scans what blocks are its share, and takes the rows into a
 * builder of its own.  Workers then hand over, in dynamic shared memory, their
 * ids and their rows; the leader gives the ids his own numbers.  The matrix does
 * not depend on the order of the rows, nor then on who has read them.
 */
#include "postgres.h"
#include "compat.h"

#include "access/heapam.h"
#include "access/parallel.h"
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
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/dsa.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "ratings/budget.h"
#include "ratings/scan.h"

/* Keys of the parallel context's table of contents. */
#define KEY_SHARED 1
#define KEY_SCAN 2

/* What converting a row has allocated is freed every so many rows. */
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

/* A worker's rows, some at a time. */
typedef struct HandedRows
{
	dsa_pointer next;			/* InvalidDsaPointer: these are the last */
	int			count;
	Triple		triple[FLEXIBLE_ARRAY_MEMBER];
} HandedRows;

/* A worker's ids: numbers, or offsets into bytes of text. */
typedef struct HandedIds
{
	int32		count;
	dsa_pointer numbers;		/* [count] int64, or [count + 1] */
	dsa_pointer bytes;			/* InvalidDsaPointer: ids are integers */
} HandedIds;

/* What a worker hands over. */
typedef struct Handover
{
	IntakeCounts counts;
	HandedIds	users;
	HandedIds	items;
	dsa_pointer rows;
} Handover;

typedef struct ScanShared
{
	Oid			relid;
	ScanColumns columns;
	bool		integer_users;
	bool		integer_items;
	Size		limit;
	double		min_value;
	IntakeShare share;
	dsa_handle	area;
	Handover	handover[FLEXIBLE_ARRAY_MEMBER];	/* of each worker */
} ScanShared;

PGDLLEXPORT void RecsysScanMain(dsm_segment *segment, shm_toc *toc);

static bool
is_plain_table(Relation relation)
{
	Form_pg_class form = RelationGetForm(relation);

	return form->relkind == RELKIND_RELATION && form->relam == HEAP_TABLE_AM_OID &&
		!form->relhassubclass && !RELATION_IS_OTHER_TEMP(relation) &&
		check_enable_rls(RelationGetRelid(relation), InvalidOid, true) == RLS_NONE;
}

static bool
can_select(Oid relid, const SourceColumn *column)
{
	return column->name == NULL ||
		pg_attribute_aclcheck(relid, get_attnum(relid, column->name), GetUserId(),
							  ACL_SELECT) == ACLCHECK_OK;
}

/* Is a column in the table, and not made when it is read? */
static bool
is_stored(Relation relation, const SourceColumn *column)
{
	AttrNumber	number = column->name == NULL ? InvalidAttrNumber :
		get_attnum(RelationGetRelid(relation), column->name);
	char		generated = number <= 0 ? '\0' :
		TupleDescAttr(RelationGetDescr(relation), number - 1)->attgenerated;

	return generated == '\0' || generated == ATTRIBUTE_GENERATED_STORED;
}

/* May the caller read all columns, and is nobody else to be asked? */
static bool
is_allowed(const RatingsSource *source)
{
	if (ExecutorCheckPerms_hook != NULL)
		return false;
	return pg_class_aclcheck(source->relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		(can_select(source->relid, &source->user) && can_select(source->relid, &source->item) &&
		 can_select(source->relid, &source->rating));
}

static bool
is_known_id_type(const SourceColumn *column)
{
	return column->integer || column->type == TEXTOID || column->type == VARCHAROID;
}

/*
 * Can a relation be read directly, in any order?  If not, a query has to do it,
 * or to say what is wrong.
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

static Id
id_of_value(Datum value, Oid type)
{
	switch (type)
	{
		case INT2OID:
			return id_of_integer(DatumGetInt16(value));
		case INT4OID:
			return id_of_integer(DatumGetInt32(value));
		case INT8OID:
			return id_of_integer(DatumGetInt64(value));
		default:
			return id_of_text(PG_DETOAST_DATUM_PACKED(value));
	}
}

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

static void
take_row(TupleTableSlot *slot, const ScanColumns *columns, Intake *intake)
{
	Datum	   *value = slot->tts_values - 1;
	bool	   *null = slot->tts_isnull - 1;

	slot_getsomeattrs(slot, columns->last);
	if (null[columns->user] || null[columns->item])
		intake_wrong_row(intake, null[columns->user], null[columns->item]);
	else if (columns->rating == 0)
		intake_add(intake, id_of_value(value[columns->user], columns->user_type),
				   id_of_value(value[columns->item], columns->item_type), 1);
	else if (!null[columns->rating])
		intake_add(intake, id_of_value(value[columns->user], columns->user_type),
				   id_of_value(value[columns->item], columns->item_type),
				   rating_of_value(value[columns->rating], columns->rating_type));
}

/* Take in what this process gets of a scan, and end it. */
static void
take_rows(Relation relation, TableScanDesc scan, const ScanColumns *columns, Intake *intake)
{
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "recsys rows",
													  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(row_context);
	int64		rows = 0;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		take_row(slot, columns, intake);
		if (++rows % ROWS_PER_RESET == 0)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(row_context);
		}
	}
	intake_look_around(intake);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row_context);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

/* How many workers a table is worth: one for each so many blocks. */
static int
count_workers(Relation relation)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(relation);
	Size		most_bytes = mul_size(mul_size(blocks, MaxHeapTuplesPerPage), sizeof(Triple));

	if (RelationUsesLocalBuffers(relation) || !budget_fits_shared(most_bytes))
		return 0;
	return Min(blocks / Max(min_parallel_table_scan_size, 1), max_parallel_maintenance_workers);
}

static void
hand_over_ids(dsa_area *area, const Ids *ids, HandedIds *handed)
{
	Size		numbers = sizeof(int64) * ((Size) ids->count + !ids->integer);

	handed->count = ids->count;
	handed->numbers = dsa_allocate_extended(area, Max(numbers, 1), DSA_ALLOC_HUGE);
	memcpy(dsa_get_address(area, handed->numbers), ids->integer ? ids->numbers : ids->offset,
		   numbers);
	handed->bytes = InvalidDsaPointer;
	if (ids->integer)
		return;
	handed->bytes = dsa_allocate_extended(area, Max(ids->offset[ids->count], 1), DSA_ALLOC_HUGE);
	memcpy(dsa_get_address(area, handed->bytes), ids->bytes, ids->offset[ids->count]);
}

static dsa_pointer
hand_over_rows(dsa_area *area, MatrixBuilder *builder)
{
	Triple	   *triples = palloc(sizeof(Triple) * CHUNK_TRIPLES);
	dsa_pointer first = InvalidDsaPointer;
	int			count;

	while ((count = matrix_builder_take(builder, triples)) > 0)
	{
		dsa_pointer place = dsa_allocate(area, offsetof(HandedRows, triple) + sizeof(Triple) * count);
		HandedRows *rows = dsa_get_address(area, place);

		rows->next = first;
		rows->count = count;
		memcpy(rows->triple, triples, sizeof(Triple) * count);
		first = place;
	}
	return first;
}

/* Entry point of the workers. */
void
RecsysScanMain(dsm_segment *segment, shm_toc *toc)
{
	ScanShared *shared = shm_toc_lookup(toc, KEY_SHARED, false);
	ParallelTableScanDesc scan = shm_toc_lookup(toc, KEY_SCAN, false);
	Handover   *handover = &shared->handover[ParallelWorkerNumber];
	dsa_area   *area = dsa_attach(shared->area);
	Relation	relation = table_open(shared->relid, AccessShareLock);
	Intake		intake;

	intake_init(&intake, shared->integer_users, shared->integer_items, shared->limit,
				shared->min_value, NULL);
	intake.share = &shared->share;
	take_rows(relation, table_beginscan_parallel(relation, scan), &shared->columns, &intake);
	table_close(relation, AccessShareLock);
	handover->counts = intake.counts;
	hand_over_ids(area, ids_builder_ids(matrix_builder_users(intake.builder)), &handover->users);
	hand_over_ids(area, ids_builder_ids(matrix_builder_items(intake.builder)), &handover->items);
	handover->rows = hand_over_rows(area, intake.builder);
	dsa_detach(area);
}

/* The numbers that ids of a worker have in the leader's builder. */
static int32 *
number_ids(dsa_area *area, const HandedIds *handed, IdsBuilder *builder)
{
	bool		integer = !DsaPointerIsValid(handed->bytes);
	int64	   *numbers = dsa_get_address(area, handed->numbers);
	Ids			ids = {.integer = integer, .count = handed->count};
	int32	   *number = MemoryContextAllocHuge(CurrentMemoryContext,
												sizeof(int32) * (Size) Max(handed->count, 1));

	if (integer)
		ids.numbers = numbers;
	else
	{
		ids.offset = numbers;
		ids.bytes = dsa_get_address(area, handed->bytes);
	}
	for (int32 i = 0; i < handed->count; i++)
		number[i] = ids_builder_add(builder, ids_get(&ids, i));
	dsa_free(area, handed->numbers);
	if (!integer)
		dsa_free(area, handed->bytes);
	return number;
}

static void
receive_handover(dsa_area *area, const Handover *handover, Intake *intake)
{
	MemoryContext old = MemoryContextSwitchTo(intake->context);
	int32	   *user_number = number_ids(area, &handover->users,
										 matrix_builder_users(intake->builder));
	int32	   *item_number = number_ids(area, &handover->items,
										 matrix_builder_items(intake->builder));
	dsa_pointer place = handover->rows;

	intake_count(&intake->counts, &handover->counts);
	while (DsaPointerIsValid(place))
	{
		HandedRows *rows = dsa_get_address(area, place);
		dsa_pointer next = rows->next;

		CHECK_FOR_INTERRUPTS();
		matrix_builder_absorb(intake->builder, rows->triple, rows->count, user_number,
							  item_number);
		dsa_free(area, place);
		place = next;
	}
	pfree(user_number);
	pfree(item_number);
	MemoryContextSwitchTo(old);
}

static ScanShared *
share_scan(ParallelContext *parallel, Relation relation, const RatingsSource *source,
		   dsa_area *area, const Intake *intake)
{
	Size		size = offsetof(ScanShared, handover) + sizeof(Handover) * parallel->nworkers;
	Snapshot	snapshot = GetActiveSnapshot();
	ScanShared *shared;
	ParallelTableScanDesc scan;

	shm_toc_estimate_chunk(&parallel->estimator, size);
	shm_toc_estimate_chunk(&parallel->estimator, table_parallelscan_estimate(relation, snapshot));
	shm_toc_estimate_keys(&parallel->estimator, 2);
	InitializeParallelDSM(parallel);

	shared = shm_toc_allocate(parallel->toc, size);
	memset(shared, 0, size);
	shared->relid = source->relid;
	shared->columns = find_columns(source);
	shared->integer_users = source->user.integer;
	shared->integer_items = source->item.integer;
	shared->limit = intake->limit;
	shared->min_value = intake->min_value;
	pg_atomic_init_u64(&shared->share.rows, 0);
	pg_atomic_init_u64(&shared->share.bytes, 0);
	shared->area = dsa_get_handle(area);
	shm_toc_insert(parallel->toc, KEY_SHARED, shared);
	scan = shm_toc_allocate(parallel->toc, table_parallelscan_estimate(relation, snapshot));
	table_parallelscan_initialize(relation, scan, snapshot);
	shm_toc_insert(parallel->toc, KEY_SCAN, scan);
	return shared;
}

static void
read_with_workers(Relation relation, const RatingsSource *source, int workers, Intake *intake)
{
	dsa_area   *area = dsa_create(LWTRANCHE_PARALLEL_QUERY_DSA);
	ParallelContext *parallel;
	ScanShared *shared;
	ParallelTableScanDesc scan;

	EnterParallelMode();
	parallel = CreateParallelContext("recsys", "RecsysScanMain", workers);
	shared = share_scan(parallel, relation, source, area, intake);
	scan = shm_toc_lookup(parallel->toc, KEY_SCAN, false);
	LaunchParallelWorkers(parallel);
	intake->share = &shared->share;
	take_rows(relation, table_beginscan_parallel(relation, scan), &shared->columns, intake);
	intake->share = NULL;
	WaitForParallelWorkersToFinish(parallel);
	for (int i = 0; i < parallel->nworkers_launched; i++)
		receive_handover(area, &shared->handover[i], intake);
	DestroyParallelContext(parallel);
	ExitParallelMode();
	dsa_detach(area);
}

/*
 * Take in all rows of a relation that can be read directly, as a query would
 * see them that came next.
 */
void
scan_read(const RatingsSource *source, Intake *intake)
{
	Relation	relation = table_open(source->relid, AccessShareLock);
	int			workers = count_workers(relation);

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (workers > 0)
		read_with_workers(relation, source, workers, intake);
	else
	{
		ScanColumns columns = find_columns(source);

		take_rows(relation, table_beginscan(relation, GetActiveSnapshot(), 0, NULL), &columns,
				  intake);
	}
	PopActiveSnapshot();
	table_close(relation, NoLock);
}
