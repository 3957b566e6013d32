/*
 * table.c
 *		The table of a model: finding, making, locking, reading and writing.
 *
 * A model is an ordinary table OF recsys_model, so that GRANT, row-level
 * security, replicas and dumps work as for any table.  It is made and written
 * by SQL (ratings/statement.c), and read without it (rows.c): whose code runs, and with
 * whose rights, is settled there and in ratings/trust.c.
 *
 * A version is one header row and its blocks.  The header row's meta is the
 * header (header.c), its data the manifest: the checksum of meta, and the
 * place, shape and checksum of every block, so that a block that is missing,
 * altered, or taken from elsewhere is found out.  Versions are never changed
 * once written.
 */
#include "postgres.h"
#include "compat.h"

#include "access/detoast.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "nodes/value.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteDefine.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "model/encode.h"
#include "model/rows.h"
#include "model/table.h"
#include "ratings/statement.h"
#include "ratings/trust.h"

/* No header or list of blocks of ours is as long: one line of it is of a megabyte. */
#define HEADER_BYTES (64 * 1024 * 1024)

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
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type recsys_model does not exist in schema \"%s\"",
						get_namespace_name(namespace)),
				 errdetail("Functions of the extension look for it where they are."),
				 errhint("Put all objects of the extension back into one schema.")));
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

/* The newest version that a snapshot sees; or 0. */
static int32
newest_version(Oid relid, Snapshot snapshot)
{
	ModelRows  *rows;
	int32		version = 0;

	PushActiveSnapshot(snapshot);
	rows = rows_open(relid);
	if (!rows_newest_version(rows, &version))
		version = 0;
	rows_close(rows);
	PopActiveSnapshot();
	return version;
}

/*
 * A transaction that keeps its snapshot cannot add to versions that it does
 * not see.  Who cannot read the table at all learns it here, before training.
 */
static void
require_all_versions_seen(Oid relid)
{
	int32		seen = newest_version(relid, GetTransactionSnapshot());

	if (IsolationUsesXactSnapshot() && newest_version(relid, GetLatestSnapshot()) != seen)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent training of model \"%s\"",
						get_rel_name(relid)),
				 errhint("Retry the transaction.")));
}

/*
 * Error if rules make something else of writing to the table.  Triggers are let
 * be: there are good ones, and what they do to the rows is found out.
 */
static void
require_no_rules(Oid relid)
{
	Relation	table = table_open(relid, NoLock);
	const RuleLock *rules = table->rd_rules;

	for (int i = 0; rules != NULL && i < rules->numLocks; i++)
		if (rules->rules[i]->enabled != RULE_DISABLED &&
			(rules->rules[i]->event == CMD_INSERT || rules->rules[i]->event == CMD_DELETE))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("model \"%s\" cannot be written", RelationGetRelationName(table)),
					 errdetail("Its table has a rule that rewrites INSERT or DELETE."),
					 errhint("Drop the rule.")));
	table_close(table, NoLock);
}

/* Error unless the caller may train a model. */
static void
require_right_to_write(Oid relid)
{
	const AclMode mode = ACL_SELECT | ACL_INSERT | ACL_DELETE;

	if (pg_class_aclmask(relid, GetUserId(), mode, ACLMASK_ALL) != mode)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for model \"%s\"", get_rel_name(relid)),
				 errdetail("Training a model needs SELECT, INSERT and DELETE on its table.")));
}

/*
 * Let no other session write the model until the end of the transaction,
 * while all may read it.  Errors: no right to write; in a transaction that
 * keeps its snapshot, somebody else has written since.
 */
void
model_table_lock_for_writing(Oid relid)
{
	require_right_to_write(relid);
	LockRelationOid(relid, ShareUpdateExclusiveLock);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the model was dropped by another session")));
	require_no_rules(relid);
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
	Oid			relid;
	Statement  *insert;
	ParamListInfo values;		/* of the row at hand */
	int32		version;
	int64		rows;			/* written */
} VersionWriter;

/* Error: what is in the table now is not what was to be written. */
static void
report_not_written(const VersionWriter *writer, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
			 errmsg("version %d of model \"%s\" could not be written", writer->version,
					get_rel_name(writer->relid)),
			 errdetail("%s", what),
			 errhint("Drop the triggers of the model's table, or have them leave alone what training writes.")));
}

/* Looks at what RETURNING returns: was the row stored as it was given? */
typedef struct StoredReceiver
{
	DestReceiver receiver;		/* must be first */
	bool		as_given;
} StoredReceiver;

static bool
receive_stored(TupleTableSlot *slot, DestReceiver *self)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, 1, &isnull);

	((StoredReceiver *) self)->as_given = !isnull && DatumGetBool(value);
	return true;
}

static void
receive_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static void
receive_shutdown(DestReceiver *self)
{
}

static void
set_value(VersionWriter *writer, int number, Datum value, bool isnull)
{
	writer->values->params[number - 1].value = value;
	writer->values->params[number - 1].isnull = isnull;
}

static void
insert_row(BlockSink *sink, int component, ModelPart part, uint32 block,
		   const Jsonb *meta, const bytea *data)
{
	VersionWriter *writer = (VersionWriter *) sink;
	const char *name = component_part_name(component, part);
	StoredReceiver stored = {
		.receiver = {
			.receiveSlot = receive_stored,
			.rStartup = receive_startup,
			.rShutdown = receive_shutdown,
			.rDestroy = receive_shutdown,
			.mydest = DestNone
		},
		.as_given = true
	};

	set_value(writer, 1, Int32GetDatum(writer->version), false);
	set_value(writer, 2, CStringGetTextDatum(name), false);
	set_value(writer, 3, Int32GetDatum((int32) block), false);
	set_value(writer, 4, PointerGetDatum(meta), meta == NULL);
	set_value(writer, 5, PointerGetDatum(data), false);
	if (statement_run(writer->insert, writer->values, false, &stored.receiver) != 1)
		report_not_written(writer, psprintf("A trigger left out the row of part \"%s\", block %u.",
											name, block));
	if (!stored.as_given)
		report_not_written(writer, psprintf("A trigger altered the row of part \"%s\", block %u.",
											name, block));
	writer->rows++;
}

/* Are there triggers that may put another row in the place of one inserted? */
static bool
may_be_altered(Oid relid)
{
	Relation	table = table_open(relid, NoLock);
	bool		result = table->trigdesc != NULL && table->trigdesc->trig_insert_before_row;

	table_close(table, NoLock);
	return result;
}

static void
prepare_insert(VersionWriter *writer, const char *table)
{
	static const Oid types[5] = {INT4OID, TEXTOID, INT4OID, JSONBOID, BYTEAOID};
	const char *returning = may_be_altered(writer->relid) ?
		" RETURNING version OPERATOR(pg_catalog.=) $1 AND part OPERATOR(pg_catalog.=) $2 "
		"AND block OPERATOR(pg_catalog.=) $3 AND data OPERATOR(pg_catalog.=) $5 "
		"AND coalesce(meta OPERATOR(pg_catalog.=) $4, meta IS NULL AND $4 IS NULL)" : "";

	writer->insert = statement_prepare(writer->relid,
									   psprintf("INSERT INTO %s (version, part, block, meta, data) "
												"VALUES ($1, $2, $3, $4, $5)%s", table, returning),
									   types, lengthof(types));
	writer->values = makeParamList(lengthof(types));
	for (int i = 0; i < lengthof(types); i++)
		writer->values->params[i].ptype = types[i];
}

static int32
next_version(Oid relid)
{
	int32		version = newest_version(relid, GetTransactionSnapshot());

	if (version == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s has no number left for another version", model_table_name(relid)),
				 errhint("Train a new model.")));
	return version + 1;
}

/*
 * Error unless all rows of the version are there, and none of those that are
 * too old: triggers may have taken them away, or kept them.
 */
static void
require_written(const VersionWriter *writer, int32 oldest)
{
	ModelRows  *rows;
	int64		there = 0;
	int64		too_old = 0;
	bool		isnull;

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	rows = rows_open(writer->relid);
	rows_start(rows, NULL);
	while (rows_next(rows))
	{
		int32		version = DatumGetInt32(rows_value(rows, ROW_VERSION, &isnull));

		there += !isnull && version == writer->version;
		too_old += !isnull && version < oldest;
	}
	rows_close(rows);
	PopActiveSnapshot();
	if (there != writer->rows)
		report_not_written(writer, psprintf("It has " INT64_FORMAT " rows in the table, of " INT64_FORMAT " that were inserted.",
											there, writer->rows));
	if (too_old > 0)
		report_not_written(writer, psprintf("The table still has " INT64_FORMAT " rows of versions before %d, after they were deleted.",
											too_old, oldest));
}

/*
 * Insert the rows of a version, and delete those of versions that are too old.
 * Both statements are prepared first, while the table has the name it has.
 */
static void
write_rows(VersionWriter *writer, const ModelDraft *draft, const Jsonb *meta, int32 oldest)
{
	const char *table = model_table_name(writer->relid);
	Statement  *remove = statement_prepare(writer->relid,
										   psprintf("DELETE FROM %s WHERE version OPERATOR(pg_catalog.<) %d",
													table, oldest), NULL, 0);

	prepare_insert(writer, table);
	draft_encode(draft, meta, &writer->sink);
	statement_run(remove, NULL, false, None_Receiver);
}

/* Who owns a model, which must be locked. */
Oid
model_owner(Oid relid)
{
	Relation	table = table_open(relid, NoLock);
	Oid			owner = RelationGetForm(table)->relowner;

	table_close(table, NoLock);
	return owner;
}

/*
 * Write a draft as the next version of a model and drop the versions that are
 * then older than the newest keep_versions.  The table must be locked for
 * writing.  Returns the number of the version.
 *
 * Writing runs the triggers, constraints and indexes of the table's owner.  It
 * is done as him where he is not to be trusted with the caller's rights.
 */
int32
model_table_write_version(Oid relid, const ModelDraft *draft, const Jsonb *meta,
						  int keep_versions)
{
	VersionWriter writer = {.sink.put = insert_row, .relid = relid};
	Oid			owner = model_owner(relid);
	int32		oldest;
	Actor		caller;

	/* Much time has passed, and the owner's rights are not the caller's. */
	require_right_to_write(relid);
	writer.version = next_version(relid);
	oldest = writer.version - keep_versions + 1;
	act_as(role_is_trusted(owner) ? InvalidOid : owner, &caller);
	write_rows(&writer, draft, meta, oldest);
	act_end(&caller);
	require_written(&writer, oldest);
	return writer.version;
}

/* A column of a row as it is stored, perhaps out of line; NULL if it is null. */
static struct varlena *
copy_stored(ModelRows *rows, RowColumn column)
{
	bool		isnull;
	Datum		value = rows_value(rows, column, &isnull);

	return isnull ? NULL : (struct varlena *) DatumGetPointer(datumCopy(value, false, -1));
}

/* A column of a header row as it is stored, or NULL if it is too long for one. */
static struct varlena *
copy_of_header(ModelRows *rows, RowColumn column)
{
	bool		isnull;
	Datum		value = rows_value(rows, column, &isnull);

	if (isnull || toast_raw_datum_size(value) > HEADER_BYTES)
		return NULL;
	return copy_stored(rows, column);
}

/* Take what the row at hand, a header, holds. */
static void
copy_header_row(ModelRows *rows, HeaderRow *row)
{
	struct varlena *manifest = copy_of_header(rows, ROW_DATA);

	rows_place(rows, &row->xmin, &row->ctid);
	row->meta = copy_of_header(rows, ROW_META);
	if (manifest == NULL)
		return;
	row->manifest = DatumGetByteaPCopy(PointerGetDatum(manifest));
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
	ModelRows  *rows = rows_open(relid);
	RowKey		key = {.part = component_part_name(0, PART_HEADER)};
	bool		found;

	memset(row, 0, sizeof(*row));
	found = rows_newest_version(rows, &row->version);
	if (found)
	{
		key.version = row->version;
		rows_start(rows, &key);
		if (rows_next(rows))
			copy_header_row(rows, row);
		/* Without the primary key there may be two, and none is to be trusted. */
		if (rows_next(rows))
			row->meta = NULL;
	}
	rows_close(rows);
	return found;
}
