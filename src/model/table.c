/*
 * table.c
 *		The table of a model: finding, making and locking.
 *
 * A model is an ordinary table OF recsys_model, so that GRANT, row-level
 * security, replicas and dumps work as for any table.  It is created and written
 * by SQL (ratings/statement.c), and read without it (rows.c).  Whose code runs,
 * and with whose privileges, is decided there and in ratings/trust.c.
 *
 * A version is written by table_writer.c and read by table_source.c.
 */
#include "postgres.h"
#include "compat.h"

#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteDefine.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "model/rows.h"
#include "model/table.h"
#include "ratings/statement.h"
#include "ratings/trust.h"

/*
 * The type recsys_model of the extension that the running function belongs to.
 * Error: it is not in the function's schema.
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
				 errdetail("The functions of the extension look for it in their own schema."),
				 errhint("Move all objects of the extension back into one schema.")));
	return type;
}

/* Is a relation a table OF recsys_model? */
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

/*
 * The qualified and quoted name of a relation, palloc'd.  Error: it has been
 * dropped.
 */
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

/* Report a name that belongs to something else than a model. */
static void
report_not_a_model(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" is not a model", name),
			 errdetail("A relation of that name exists and was not changed."),
			 errhint("Choose another name for the model.")));
}

/*
 * The parts of a name, which are identifiers as in SQL.  Error: they are not.
 */
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
				 errmsg("invalid model name: \"%s\"", name),
				 errhint("Write the name as in SQL: in double quotes if it has spaces or capitals.")));
	foreach(cell, parts)
		result = lappend(result, makeString(pstrdup(lfirst(cell))));
	return result;
}

/*
 * Say so if a name without a schema means a model that is not in the schema in
 * which a new one would be made.
 */
static void
note_other_schema(Oid relid)
{
	List	   *path = fetch_search_path(false);
	Oid			schema = get_rel_namespace(relid);

	if (path != NIL && linitial_oid(path) != schema)
		ereport(NOTICE,
				(errmsg("model \"%s\" is in schema \"%s\": training adds a version to it",
						get_rel_name(relid), get_namespace_name(schema)),
				 errhint("To make another model in schema \"%s\", put the schema before the name.",
						 get_namespace_name(linitial_oid(path)))));
	list_free(path);
}

/*
 * What a user's name for a model means: an existing model, or a table that is
 * still to be created.  Errors: the name is taken by something else, or there
 * is no schema to create it in.
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
		if (range->schemaname == NULL)
			note_other_schema(target.relid);
		target.schema = get_namespace_name(get_rel_namespace(target.relid));
		return target;
	}
	target.schema = get_namespace_name(RangeVarGetCreationNamespace(range));
	if (OidIsValid(get_relname_relid(target.name, get_namespace_oid(target.schema, false))))
		report_not_a_model(target.name);
	return target;
}

/*
 * The type of which a relation is a typed table, if that type is the
 * extension's; else InvalidOid.
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
 * code that was not called by a function of the extension itself.  Errors:
 * there is no such relation, or it is not a model.
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
				 errhint("The view recsys_models lists existing models.")));
	*type = extension_type_of(relid);
	if (!OidIsValid(*type))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a model", name),
				 errhint("The view recsys_models lists existing models.")));
	return relid;
}

/*
 * The newest version that a snapshot sees, or 0.  Error: no privilege to read
 * the table.
 */
int32
model_newest_version(Oid relid, Snapshot snapshot)
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
 * Error if the transaction keeps its snapshot and does not see the newest
 * version: it cannot add to versions that it does not see.  Callers who may
 * not read the table learn it here, before training.
 */
static void
require_all_versions_seen(Oid relid)
{
	int32		seen = model_newest_version(relid, GetTransactionSnapshot());

	if (IsolationUsesXactSnapshot() && model_newest_version(relid, GetLatestSnapshot()) != seen)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent training of model \"%s\"",
						get_rel_name(relid)),
				 errhint("Retry the transaction.")));
}

/*
 * Error if rules turn writing to the table into something else.  Triggers are
 * allowed: some are useful, and what they do to the rows is checked after
 * writing.
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

/* Error unless the caller may train the model. */
void
model_require_right_to_write(Oid relid)
{
	const		AclMode mode = ACL_SELECT | ACL_INSERT | ACL_DELETE;

	if (pg_class_aclmask(relid, GetUserId(), mode, ACLMASK_ALL) != mode)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for model \"%s\"", get_rel_name(relid)),
				 errdetail("Training a model needs SELECT, INSERT and DELETE on its table.")));
}

/*
 * Keep other sessions from writing the model until the end of the transaction;
 * they can still read it.  Errors: no privilege to write; in a transaction
 * that keeps its snapshot, another session has written since.
 */
void
model_table_lock_for_writing(Oid relid)
{
	model_require_right_to_write(relid);
	LockRelationOid(relid, ShareUpdateExclusiveLock);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the model was dropped by another session")));
	require_no_rules(relid);
	require_all_versions_seen(relid);
}

/* Run an SQL statement of ours, with the result that is expected. */
static void
execute(const char *query, int expected)
{
	int			result = SPI_execute(query, false, 0);

	if (result != expected)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
}

/*
 * Create the table of a model, owned by the caller, and return it.  Factors do
 * not compress, so the blocks are stored out of line as they are.  Vacuum does
 * not truncate the table: the space of an old version is soon used again, and
 * truncating would only make vacuum wait for training, and readers for vacuum.
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

/* The role that owns a model, which must be locked. */
Oid
model_owner(Oid relid)
{
	Relation	table = table_open(relid, NoLock);
	Oid			owner = RelationGetForm(table)->relowner;

	table_close(table, NoLock);
	return owner;
}
