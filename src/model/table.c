/*
 * table.c
 *		The table of a model: finding, making, locking, reading and writing.
 *
 * A model is an ordinary table OF recsys_model.  Everything here goes through
 * SQL under the caller's rights, so that GRANT, row-level security, replicas
 * and dumps work as for any table.
 *
 * A version is one header row and its blocks.  The header row's meta is the
 * header (header.c), its data the manifest: the checksum of meta, and the
 * place, shape and checksum of every block, so that a block that is missing,
 * altered, or taken from elsewhere is found out.  Versions are never changed
 * once written.
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "model/encode.h"
#include "model/table.h"

/*
 * The type recsys_model of the extension to which the running function
 * belongs.
 */
Oid
model_type(FunctionCallInfo fcinfo)
{
	Oid			namespace = get_func_namespace(fcinfo->flinfo->fn_oid);
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									   CStringGetDatum("recsys_model"),
									   ObjectIdGetDatum(namespace));

	if (!OidIsValid(type))
		elog(ERROR, "type recsys_model is missing from the extension's schema");
	return type;
}

/* Is this a table OF recsys_model? */
bool
model_table_is_model(Oid relid, Oid type)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class class;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	class = (Form_pg_class) GETSTRUCT(tuple);
	result = class->relkind == RELKIND_RELATION && class->reloftype == type;
	ReleaseSysCache(tuple);
	return result;
}

/* The qualified and quoted name of a relation, palloc'd. */
char *
model_table_name(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the model no longer exists")));
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name);
}

static void
report_not_a_model(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" is not a model", name),
			 errdetail("A relation of that name exists, and was left as it is."),
			 errhint("Choose another name for the model.")));
}

/* The parts of a name, which are identifiers as in SQL. */
static List *
model_name_list(const char *name)
{
	char	   *copy = pstrdup(name);
	List	   *parts;
	List	   *result = NIL;
	ListCell   *cell;

	if (!SplitIdentifierString(copy, '.', &parts) || parts == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a model: \"%s\"", name),
				 errhint("A name is written as in SQL: in double quotes if it has spaces or capitals.")));
	foreach(cell, parts)
		result = lappend(result, makeString(pstrdup(lfirst(cell))));
	return result;
}

/*
 * What a user's name for a model means: an existing model, or a table still
 * to be made.  Error: the name is taken by something else, or no schema.
 */
ModelTarget
model_target(text *name, Oid type)
{
	RangeVar   *range = makeRangeVarFromNameList(model_name_list(text_to_cstring(name)));
	ModelTarget target;

	target.relid = RangeVarGetRelid(range, NoLock, true);
	target.name = range->relname;
	if (OidIsValid(target.relid))
	{
		if (!model_table_is_model(target.relid, type))
			report_not_a_model(target.name);
		target.schema = get_namespace_name(get_rel_namespace(target.relid));
		return target;
	}
	target.schema = get_namespace_name(RangeVarGetCreationNamespace(range));
	if (OidIsValid(get_relname_relid(target.name, get_namespace_oid(target.schema, false))))
		report_not_a_model(target.name);
	return target;
}

/*
 * The type of which a relation is a table, if it is the extension's; else
 * InvalidOid.
 */
static Oid
extension_type_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			type = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		type = ((Form_pg_class) GETSTRUCT(tuple))->reloftype;
		ReleaseSysCache(tuple);
	}
	if (OidIsValid(type) && getExtensionOfObject(TypeRelationId, type) !=
		get_extension_oid("recsys", true))
		return InvalidOid;
	return type;
}

/*
 * The model that a name in an option means, and the type recsys_model: for
 * code that was not called by a function of the extension itself.  Error: there
 * is no such relation, or it is something else.
 */
Oid
model_lookup(const char *name, Oid *type)
{
	RangeVar   *range = makeRangeVarFromNameList(model_name_list(name));
	Oid			relid = RangeVarGetRelid(range, NoLock, true);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("model \"%s\" does not exist", name),
				 errhint("The view recsys_models lists the models there are.")));
	*type = extension_type_of(relid);
	if (!OidIsValid(*type))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a model", name),
				 errhint("The view recsys_models lists the models there are.")));
	return relid;
}

/* The newest version that a snapshot, or else a new one, sees; or 0. */
static int32
newest_version(const char *table, Snapshot snapshot)
{
	SPIPlanPtr	plan = SPI_prepare(psprintf("SELECT coalesce(pg_catalog.max(version), 0) FROM %s",
											table), 0, NULL);
	bool		isnull;

	if (plan == NULL ||
		SPI_execute_snapshot(plan, NULL, NULL, snapshot, InvalidSnapshot,
							 false, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the versions of %s", table);
	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
									   1, &isnull));
}

/*
 * A transaction that keeps its snapshot cannot add to versions that it does
 * not see.
 */
static void
require_all_versions_seen(Oid relid)
{
	const char *table = model_table_name(relid);

	if (!IsolationUsesXactSnapshot())
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (newest_version(table, GetLatestSnapshot()) !=
		newest_version(table, GetTransactionSnapshot()))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent training of model \"%s\"",
						get_rel_name(relid)),
				 errhint("Retry the transaction.")));
	SPI_finish();
}

/*
 * Let no other session write the model until the end of the transaction,
 * while all may read it.  Errors: no right to write; in a transaction that
 * keeps its snapshot, somebody else has written since.
 */
void
model_table_lock_for_writing(Oid relid)
{
	const AclMode mode = ACL_SELECT | ACL_INSERT | ACL_DELETE;

	if (pg_class_aclmask(relid, GetUserId(), mode, ACLMASK_ALL) != mode)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for model \"%s\"", get_rel_name(relid)),
				 errdetail("Training a model needs SELECT, INSERT and DELETE on its table.")));
	LockRelationOid(relid, ShareUpdateExclusiveLock);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the model was dropped by another session")));
	require_all_versions_seen(relid);
}

static void
execute(const char *query, int expected)
{
	int			result = SPI_execute(query, false, 0);

	if (result != expected)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
}

/*
 * Make the table of a model, owned by the caller, and return it.  Factors do
 * not compress, so the blocks are stored out of line as they are.  The space
 * of an old version is soon used again: giving it back would only make vacuum
 * wait for training, and readers for vacuum.
 */
Oid
model_table_create(const ModelTarget *target, Oid type)
{
	const char *table = quote_qualified_identifier(target->schema, target->name);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	execute(psprintf("CREATE TABLE %s OF %s (PRIMARY KEY (version, part, block)) "
					 "WITH (vacuum_truncate = off, toast.vacuum_truncate = off)",
					 table, format_type_be_qualified(type)), SPI_OK_UTILITY);
	execute(psprintf("ALTER TABLE %s ALTER COLUMN data SET STORAGE EXTERNAL", table),
			SPI_OK_UTILITY);
	SPI_finish();
	return get_relname_relid(target->name, get_namespace_oid(target->schema, false));
}

/* Writing a version: where its rows go. */
typedef struct VersionWriter
{
	BlockSink	sink;			/* must be first */
	SPIPlanPtr	insert;
	int32		version;
} VersionWriter;

static void
insert_row(BlockSink *sink, int component, ModelPart part, uint32 block,
		   const Jsonb *meta, const bytea *data)
{
	VersionWriter *writer = (VersionWriter *) sink;
	Datum		values[5] = {
		Int32GetDatum(writer->version),
		CStringGetTextDatum(component_part_name(component, part)),
		Int32GetDatum((int32) block),
		PointerGetDatum(meta),
		PointerGetDatum(data)
	};
	const char *nulls = meta == NULL ? "   n " : "     ";
	int			result = SPI_execute_plan(writer->insert, values, nulls, false, 0);

	if (result != SPI_OK_INSERT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
}

static int32
next_version(const char *table)
{
	int32		version = newest_version(table, InvalidSnapshot);

	if (version == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has no number left for another version", table),
				 errhint("Train a new model.")));
	return version + 1;
}

/*
 * Write a draft as the next version of a model and drop the versions that are
 * then older than the newest keep_versions.  The table must be locked for
 * writing.  Returns the number of the version.
 */
int32
model_table_write_version(Oid relid, const ModelDraft *draft, const Jsonb *meta,
						  int keep_versions)
{
	const char *table = model_table_name(relid);
	Oid			types[5] = {INT4OID, TEXTOID, INT4OID, JSONBOID, BYTEAOID};
	VersionWriter writer = {.sink.put = insert_row};

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	writer.version = next_version(table);
	writer.insert = SPI_prepare(psprintf("INSERT INTO %s (version, part, block, meta, data) "
										 "VALUES ($1, $2, $3, $4, $5)", table),
								lengthof(types), types);
	if (writer.insert == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	draft_encode(draft, meta, &writer.sink);
	execute(psprintf("DELETE FROM %s WHERE version OPERATOR(pg_catalog.<=) %d",
					 table, writer.version - keep_versions), SPI_OK_DELETE);
	SPI_finish();
	return writer.version;
}

/* A detoasted copy of an attribute in the given context; NULL if it is null. */
static void *
copy_attribute(int attribute, MemoryContext context)
{
	MemoryContext old;
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
									  attribute, &isnull);
	void	   *copy;

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(context);
	copy = PG_DETOAST_DATUM_COPY(value);
	MemoryContextSwitchTo(old);
	return copy;
}

/* A copy of an attribute as it is stored, perhaps out of line. */
static struct varlena *
copy_stored(int attribute, MemoryContext context)
{
	MemoryContext old;
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
									  attribute, &isnull);

	if (isnull)
		return NULL;
	old = MemoryContextSwitchTo(context);
	value = datumCopy(value, false, -1);
	MemoryContextSwitchTo(old);
	return (struct varlena *) DatumGetPointer(value);
}

/*
 * The JSON of a header row, or NULL if it has none.  It may be long, and is
 * only needed by who does not know the version yet.
 */
Jsonb *
header_meta(const HeaderRow *row)
{
	return row->meta == NULL ? NULL : DatumGetJsonbP(PointerGetDatum(row->meta));
}

static void
copy_header_row(HeaderRow *row, MemoryContext context)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	HeapTuple	tuple = SPI_tuptable->vals[0];
	bool		isnull;

	row->version = DatumGetInt32(SPI_getbinval(tuple, desc, 1, &isnull));
	row->xmin = DatumGetTransactionId(SPI_getbinval(tuple, desc, 2, &isnull));
	if (!isnull)
		row->ctid = *(ItemPointer) DatumGetPointer(SPI_getbinval(tuple, desc, 3, &isnull));
	row->meta = copy_stored(4, context);
	row->manifest = copy_attribute(5, context);
	if (row->manifest != NULL)
		row->crc = bytes_crc(VARDATA(row->manifest), VARSIZE(row->manifest) - VARHDRSZ);
}

/*
 * Read the header row of the newest version that the running query can see.
 * Returns false if there is no version at all; meta or manifest are NULL if
 * the version has no proper header row.  Error: no right to read.
 */
bool
model_table_read_header(Oid relid, HeaderRow *row)
{
	const char *table = model_table_name(relid);
	MemoryContext context = CurrentMemoryContext;
	bool		none;
	char	   *query;

	memset(row, 0, sizeof(*row));
	query = psprintf("SELECT v.newest, m.xmin, m.ctid, m.meta, m.data "
					 "FROM (SELECT pg_catalog.max(version) AS newest FROM %s) v "
					 "LEFT JOIN %s m ON m.version OPERATOR(pg_catalog.=) v.newest "
					 "AND m.part OPERATOR(pg_catalog.=) 'header' "
					 "AND m.block OPERATOR(pg_catalog.=) 0", table, table);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(query, true, 2) != SPI_OK_SELECT)
		elog(ERROR, "could not read the header of %s", table);
	(void) SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &none);
	if (!none)
		copy_header_row(row, context);
	/* Without the primary key there may be two, and none is to be trusted. */
	if (SPI_processed > 1)
		row->meta = NULL;
	SPI_finish();
	return !none;
}

/*
 * Read and check one block, palloc'd in the current memory context.  Returns
 * false, with what is wrong in *problem, if it is missing or damaged.
 */
bool
model_table_read_block(Oid relid, int32 version, int component, ModelPart part,
					   uint32 number, ModelBlock *block, const char **problem)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext old;
	Oid			types[3] = {INT4OID, TEXTOID, INT4OID};
	Datum		values[3];
	bytea	   *data;
	bool		good = false;
	char	   *query;

	*problem = "it is missing";
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	query = psprintf("SELECT data FROM %s "
					 "WHERE version OPERATOR(pg_catalog.=) $1 "
					 "AND part OPERATOR(pg_catalog.=) $2 "
					 "AND block OPERATOR(pg_catalog.=) $3",
					 model_table_name(relid));
	values[0] = Int32GetDatum(version);
	values[1] = CStringGetTextDatum(component_part_name(component, part));
	values[2] = Int32GetDatum((int32) number);
	if (SPI_execute_with_args(query, lengthof(types), types, values, NULL, true, 2) != SPI_OK_SELECT)
		elog(ERROR, "could not read a block of model %u", relid);
	if (SPI_processed == 1 &&
		(data = copy_attribute(1, CurrentMemoryContext)) != NULL)
	{
		old = MemoryContextSwitchTo(context);
		good = block_decode(data, block, problem);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return good;
}
