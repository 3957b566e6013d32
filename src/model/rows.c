/*
 * rows.c
 *		Reading the rows of a model's table, without the planner.
 *
 * The table may belong to anybody, and planning a query over it runs its owner's
 * functions: those of an index predicate, of extended statistics, of policies.
 * So the rows are read directly, after the same privilege checks as for a query:
 * through the primary key, if it is one that runs nobody's code, or else by a
 * scan of the table, which is small, since large values are stored out of line.
 * Inheritance children are not read.
 *
 * Policies of row-level security can only be applied by the planner.  Where they
 * apply to the caller, a query reads the rows, if the table's owner can be
 * trusted.
 *
 * The rows are those that the active snapshot sees.
 */
#include "postgres.h"
#include "compat.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "model/rows.h"
#include "ratings/statement.h"
#include "ratings/trust.h"

/* The columns of the primary key are the first of the table's. */
#define KEY_COLUMNS 3

/* Blocks of a table without the key that are read just to look at it, at most. */
#define LOOK_BLOCKS 1024

struct ModelRows
{
	Relation	table;
	Relation	index;			/* its primary key; NULL: none that is usable */
	bool		policies;		/* must a query read it? */
	AttrNumber	column[ROW_COLUMNS];
	TupleTableSlot *slot;
	const RowKey *key;			/* of the rows wanted; NULL: of all */

	/* The scan that is under way; the others are NULL. */
	IndexScanDesc by_index;
	TableScanDesc by_table;
	Tuplestorestate *by_query;
};

static const char *const column_names[ROW_COLUMNS] = {
	"version", "part", "block", "meta", "data"
};

/* Is a table stored by PostgreSQL's own heap? */
static bool
is_heap(Relation table)
{
	return RelationGetForm(table)->relam == HEAP_TABLE_AM_OID;
}

/* Are the rows of a table on this server? */
static bool
is_here(Relation table)
{
	return RelationIsPermanent(table) || !RecoveryInProgress();
}

/* Error unless a table can be read directly here. */
static void
require_readable(Relation table)
{
	if (!is_heap(table))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" cannot be read", RelationGetRelationName(table)),
				 errdetail("Its table does not use the table access method heap."),
				 errhint("Its owner can change that with ALTER TABLE ... SET ACCESS METHOD heap.")));
	if (!is_here(table))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" cannot be read", RelationGetRelationName(table)),
				 errdetail("It is unlogged, and the server is in recovery."),
				 errhint("Query the primary, or make the table permanent there with ALTER TABLE ... SET LOGGED.")));
}

/*
 * Error unless the caller has the privileges that a query on the table needs.
 */
static void
require_rights(Relation table)
{
	Oid			schema = RelationGetNamespace(table);

	if (pg_namespace_aclcheck(schema, GetUserId(), ACL_USAGE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_SCHEMA, get_namespace_name(schema));
	/* Column 0 stands for all columns. */
	require_select(table, bms_make_singleton(0 - FirstLowInvalidHeapAttributeNumber));
}

/*
 * Do policies decide which rows the caller sees of a table?  Error: the caller
 * has no reason to trust those who made them.
 */
static bool
has_policies(Relation table)
{
	Oid			owner = RelationGetForm(table)->relowner;

	if (check_enable_rls(RelationGetRelid(table), InvalidOid, false) != RLS_ENABLED)
		return false;
	if (!role_is_trusted(owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("model \"%s\" is under row-level security", RelationGetRelationName(table)),
				 errdetail("Reading it would run code of role \"%s\" with your privileges.",
						   GetUserNameFromId(owner, false)),
				 errhint("Only members of that role can read it, unless a superuser owns the model.")));
	return true;
}

/*
 * Is an index on the columns of the key alone, with PostgreSQL's own
 * operators?
 */
static bool
is_plain_key(Relation index, const AttrNumber *column)
{
	static const Oid families[KEY_COLUMNS] = {
		INTEGER_BTREE_FAM_OID, TEXT_BTREE_FAM_OID, INTEGER_BTREE_FAM_OID
	};
	static const Oid types[KEY_COLUMNS] = {INT4OID, TEXTOID, INT4OID};
	Oid			collation = index->rd_indcollation[ROW_PART];

	if (collation != DEFAULT_COLLATION_OID && collation != C_COLLATION_OID)
		return false;
	for (int i = 0; i < KEY_COLUMNS; i++)
		if (index->rd_index->indkey.values[i] != column[i] || index->rd_indoption[i] != 0 ||
			index->rd_opfamily[i] != families[i] || index->rd_opcintype[i] != types[i])
			return false;
	return true;
}

/*
 * Can rows be found by an index without running anybody's code?  A predicate
 * or expression is not even read: having one is enough.
 */
static bool
is_usable(Relation index, const AttrNumber *column)
{
	const FormData_pg_index *form = index->rd_index;

	/* As in the planner: older snapshots may miss rows in the index. */
	if (form->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   TransactionXmin))
		return false;
	return form->indisprimary && form->indisvalid && form->indisready && form->indislive &&
		index->rd_rel->relam == BTREE_AM_OID &&
		form->indnatts == KEY_COLUMNS && form->indnkeyatts == KEY_COLUMNS &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL) &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) &&
		is_plain_key(index, column);
}

/*
 * The index by which rows are found, or NULL: there is no usable one, or it is
 * being rebuilt, for which nobody should have to wait.
 */
static Relation
open_index(Relation table, const AttrNumber *column)
{
	List	   *indexes = RelationGetIndexList(table);
	ListCell   *cell;
	Relation	found = NULL;

	foreach(cell, indexes)
	{
		Relation	index;

		if (!ConditionalLockRelationOid(lfirst_oid(cell), AccessShareLock))
			continue;
		index = index_open(lfirst_oid(cell), NoLock);
		if (is_usable(index, column))
		{
			found = index;
			break;
		}
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return found;
}

/*
 * Find the columns: a table that was turned into a model later may have others
 * before them.
 */
static void
find_columns(ModelRows *rows)
{
	for (int i = 0; i < ROW_COLUMNS; i++)
		rows->column[i] = rows->policies ? i + 1 :
			get_attnum(RelationGetRelid(rows->table), column_names[i]);
}

/* Prepare to read a table that may be read. */
static ModelRows *
prepare(Relation table)
{
	ModelRows  *rows = palloc0(sizeof(ModelRows));

	rows->table = table;
	rows->policies = has_policies(table);
	find_columns(rows);
	if (rows->policies)
		rows->slot = MakeSingleTupleTableSlot(lookup_rowtype_tupdesc_copy(RelationGetForm(table)->reloftype, -1),
											  &TTSOpsMinimalTuple);
	else
	{
		rows->slot = table_slot_create(table, NULL);
		rows->index = open_index(table, rows->column);
	}
	return rows;
}

/*
 * Prepare to read the rows of a model's table, which stays locked.  Errors: no
 * privilege to read it, or it cannot be read directly.
 */
ModelRows *
rows_open(Oid relid)
{
	Relation	table = table_open(relid, AccessShareLock);

	require_rights(table);
	require_readable(table);
	return prepare(table);
}

/*
 * The same for look.c, where the caller has locked the table.  NULL: it cannot
 * be read directly, or not in a short time.  Error: no privilege to read it.
 */
ModelRows *
rows_open_to_look(Oid relid)
{
	Relation	table = table_open(relid, NoLock);
	ModelRows  *rows;

	require_rights(table);
	if (!is_heap(table) || !is_here(table))
	{
		table_close(table, NoLock);
		return NULL;
	}
	rows = prepare(table);
	if (rows->index == NULL && RelationGetNumberOfBlocks(table) > LOOK_BLOCKS)
	{
		rows_close(rows);
		return NULL;
	}
	return rows;
}

/* End what rows_start has started, if it was called. */
static void
rows_end(ModelRows *rows)
{
	ExecClearTuple(rows->slot);
	if (rows->by_index != NULL)
		index_endscan(rows->by_index);
	if (rows->by_table != NULL)
		table_endscan(rows->by_table);
	if (rows->by_query != NULL)
		tuplestore_end(rows->by_query);
	rows->by_index = NULL;
	rows->by_table = NULL;
	rows->by_query = NULL;
}

/* End reading; the lock on the table is kept, as after a query. */
void
rows_close(ModelRows *rows)
{
	rows_end(rows);
	ExecDropSingleTupleTableSlot(rows->slot);
	if (rows->index != NULL)
		index_close(rows->index, AccessShareLock);
	table_close(rows->table, NoLock);
	pfree(rows);
}

/* Search the index for a key, or, if that is NULL, for all rows. */
static void
start_index(ModelRows *rows, const RowKey *key)
{
	ScanKeyData scan_key[KEY_COLUMNS];
	int			keys = key == NULL ? 0 : KEY_COLUMNS;

	if (key != NULL)
	{
		ScanKeyInit(&scan_key[0], 1, BTEqualStrategyNumber, F_INT4EQ,
					Int32GetDatum(key->version));
		ScanKeyEntryInitialize(&scan_key[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
							   rows->index->rd_indcollation[ROW_PART], F_TEXTEQ,
							   CStringGetTextDatum(key->part));
		ScanKeyInit(&scan_key[2], 3, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(key->block));
	}
	rows->by_index = index_beginscan(rows->table, rows->index, GetActiveSnapshot(), keys, 0);
	index_rescan(rows->by_index, scan_key, keys, NULL, 0);
}

/* Have a query collect all rows of a key, or, if that is NULL, all rows. */
static void
start_query(ModelRows *rows, const RowKey *key)
{
	char	   *name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rows->table)),
												  RelationGetRelationName(rows->table));
	char	   *query = psprintf("SELECT version, part, block, meta, data FROM ONLY %s", name);
	DestReceiver *dest = CreateDestReceiver(DestTuplestore);

	if (key != NULL)
		query = psprintf("%s WHERE version OPERATOR(pg_catalog.=) %d AND block OPERATOR(pg_catalog.=) %d "
						 "AND part OPERATOR(pg_catalog.=) %s", query, key->version, key->block,
						 quote_literal_cstr(key->part));
	rows->by_query = tuplestore_begin_heap(false, false, work_mem);
	SetTuplestoreDestReceiverParams(dest, rows->by_query, CurrentMemoryContext, false, NULL,
									NULL);
	statement_run(statement_prepare(RelationGetRelid(rows->table), query, NULL, 0), NULL, true,
				  dest);
	dest->rDestroy(dest);
}

/*
 * Prepare to go through the rows of a key, or, if that is NULL, through all
 * rows.
 */
void
rows_start(ModelRows *rows, const RowKey *key)
{
	rows_end(rows);
	rows->key = key;
	if (rows->policies)
		start_query(rows, key);
	else if (rows->index != NULL && key != NULL)
		start_index(rows, key);
	else
		rows->by_table = table_beginscan(rows->table, GetActiveSnapshot(), 0, NULL);
}

/* A column of the current row, as it is stored: it may be out of line. */
Datum
rows_value(ModelRows *rows, RowColumn column, bool *isnull)
{
	return slot_getattr(rows->slot, rows->column[column], isnull);
}

/*
 * Where the current row is and which transaction wrote it; false if a query
 * has read it, in which other roles see other rows.
 */
bool
rows_place(ModelRows *rows, TransactionId *xmin, ItemPointer ctid)
{
	bool		isnull;

	if (rows->policies)
		return false;
	*xmin = DatumGetTransactionId(slot_getsysattr(rows->slot, MinTransactionIdAttributeNumber,
												  &isnull));
	*ctid = rows->slot->tts_tid;
	return true;
}

/* Is a column of the current row a given number? */
static bool
is_number(ModelRows *rows, RowColumn column, int32 number)
{
	bool		isnull;
	Datum		value = rows_value(rows, column, &isnull);

	return !isnull && DatumGetInt32(value) == number;
}

/*
 * Does the current row have the key?  Without an index, all rows are visited.
 */
static bool
is_wanted(ModelRows *rows)
{
	const RowKey *key = rows->key;
	bool		isnull;
	Datum		part;
	text	   *name;

	if (key == NULL)
		return true;
	if (!is_number(rows, ROW_VERSION, key->version) || !is_number(rows, ROW_BLOCK, key->block))
		return false;
	part = rows_value(rows, ROW_PART, &isnull);
	if (isnull)
		return false;
	name = DatumGetTextPP(part);
	return VARSIZE_ANY_EXHDR(name) == strlen(key->part) &&
		memcmp(VARDATA_ANY(name), key->part, strlen(key->part)) == 0;
}

/* Go to the next row; false if there is none. */
bool
rows_next(ModelRows *rows)
{
	bool		found;

	do
	{
		CHECK_FOR_INTERRUPTS();
		if (rows->by_index != NULL)
			found = index_getnext_slot(rows->by_index, ForwardScanDirection, rows->slot);
		else if (rows->by_table != NULL)
			found = table_scan_getnextslot(rows->by_table, ForwardScanDirection, rows->slot);
		else
			found = tuplestore_gettupleslot(rows->by_query, true, false, rows->slot);
	} while (found && !is_wanted(rows));
	return found;
}

/* The greatest version of all rows; false if there are no rows. */
bool
rows_newest_version(ModelRows *rows, int32 *version)
{
	bool		found = false;
	bool		isnull;

	if (rows->index != NULL)
	{
		rows_end(rows);
		start_index(rows, NULL);
		found = index_getnext_slot(rows->by_index, BackwardScanDirection, rows->slot);
		if (found)
			*version = DatumGetInt32(rows_value(rows, ROW_VERSION, &isnull));
		return found;
	}
	rows_start(rows, NULL);
	while (rows_next(rows))
	{
		int32		of_row = DatumGetInt32(rows_value(rows, ROW_VERSION, &isnull));

		if (isnull || (found && of_row <= *version))
			continue;
		found = true;
		*version = of_row;
	}
	return found;
}
