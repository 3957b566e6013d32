/*
 * table_writer.c
 *		Writing a version into the table of a model.
 *
 * A version is one header row and its blocks.  The header row's meta is the
 * header (header.c), its data the manifest: the checksum of meta, and the
 * place, shape and checksum of every block, so that a block that is missing,
 * altered, or taken from elsewhere is found out.  Versions are never changed
 * once written.
 *
 * The rows are written by SQL, so that triggers and constraints of the table's
 * owner see them.  What these have done to the rows is checked afterwards.
 */
#include "postgres.h"
#include "compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "model/encode.h"
#include "model/rows.h"
#include "model/table.h"
#include "ratings/statement.h"
#include "ratings/trust.h"

/* Writing a version: where its rows go. */
typedef struct VersionWriter
{
	BlockSink	sink;			/* must be first */
	Oid			relid;
	Statement  *insert;
	ParamListInfo values;		/* of the current row */
	int32		version;
	int64		rows;			/* written */
} VersionWriter;

/* Report that what is in the table now is not what was to be written. */
static void
report_not_written(const VersionWriter *writer, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
			 errmsg("version %d of model \"%s\" could not be written", writer->version,
					get_rel_name(writer->relid)),
			 errdetail("%s", what),
			 errhint("Drop the triggers on the model's table, or make them leave the rows of training unchanged.")));
}

/* Looks at what RETURNING returns: was the row stored as it was given? */
typedef struct StoredReceiver
{
	DestReceiver receiver;		/* must be first */
	bool		as_given;
} StoredReceiver;

/* Note whether a row was stored as it was given. */
static bool
receive_stored(TupleTableSlot *slot, DestReceiver *self)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, 1, &isnull);

	((StoredReceiver *) self)->as_given = !isnull && DatumGetBool(value);
	return true;
}

/* Nothing to do before the first row. */
static void
receive_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

/* Nothing to do after the last row. */
static void
receive_shutdown(DestReceiver *self)
{
}

/* Set a parameter of the INSERT. */
static void
set_value(VersionWriter *writer, int number, Datum value, bool isnull)
{
	writer->values->params[number - 1].value = value;
	writer->values->params[number - 1].isnull = isnull;
}

/*
 * Insert a row: see BlockSink.  Error: a trigger has suppressed or altered it.
 */
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
		report_not_written(writer, psprintf("A trigger suppressed the row of part \"%s\", block %u.",
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

/*
 * Prepare the INSERT, which returns whether the row is stored as it was given,
 * if a trigger could change that.
 */
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

/* The number of the next version.  Error: none is left. */
static int32
next_version(Oid relid)
{
	int32		version = model_newest_version(relid, GetTransactionSnapshot());

	if (version == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("model %s has reached the maximum version number", model_table_name(relid)),
				 errhint("Train a new model.")));
	return version + 1;
}

/*
 * Error unless all rows of the version are there, and none of those that are
 * too old: triggers may have removed or kept them.
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
		report_not_written(writer, psprintf("The table has " INT64_FORMAT " of the " INT64_FORMAT " rows that were inserted.",
											there, writer->rows));
	if (too_old > 0)
		report_not_written(writer, psprintf("The table still has " INT64_FORMAT " rows of versions before %d, after they were deleted.",
											too_old, oldest));
}

/*
 * Insert the rows of a version, and delete those of versions that are too old.
 * Both statements are prepared first, while the table certainly has this name.
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

/*
 * Write a draft as the next version of a model, and drop all but the newest
 * keep_versions.  The table must be locked for writing.  Returns the number of
 * the version.  Writing runs the triggers, constraints and indexes of the
 * table's owner: it is done as that role, if it cannot be trusted with the
 * caller's privileges.
 */
int32
model_table_write_version(Oid relid, const ModelDraft *draft, const Jsonb *meta,
						  int keep_versions)
{
	VersionWriter writer = {.sink.put = insert_row, .relid = relid};
	Oid			owner = model_owner(relid);
	int32		oldest;
	Actor		caller;

	/* Checked again: much time has passed, and the owner may have other privileges. */
	model_require_right_to_write(relid);
	writer.version = next_version(relid);
	oldest = writer.version - keep_versions + 1;
	act_as(role_is_trusted(owner) ? InvalidOid : owner, &caller);
	write_rows(&writer, draft, meta, oldest);
	act_end(&caller);
	require_written(&writer, oldest);
	return writer.version;
}
