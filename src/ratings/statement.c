/*
 * statement.c
 *		A statement on one relation, which stays on that one.
 *
 * SQL finds a relation by its name, anew for each statement.  In between, the
 * owner of the schema could rename it and put another relation in its place,
 * whose owner need not be one that can be trusted.  So a statement is analyzed
 * once, must refer to the relation that it is for and to no other, and is planned
 * and run from there.  The relation stays locked.
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "executor/execdesc.h"
#include "executor/executor.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "ratings/statement.h"

struct Statement
{
	const char *text;
	PlannedStmt *plan;
};

/* The statement as a query.  Error: it refers to another relation. */
static Query *
analyze(Oid relid, const char *text, const Oid *types, int count)
{
	RawStmt    *raw = linitial_node(RawStmt, pg_parse_query(text));
	Query	   *query = parse_analyze_fixedparams(raw, text, types, count, NULL);
	List	   *relations;
	List	   *others;
	bool		has_policies;
	ListCell   *cell;

	extract_query_dependencies((Node *) query, &relations, &others, &has_policies);
	foreach(cell, relations)
		if (lfirst_oid(cell) != relid)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation \"%s\" was renamed by another session",
							get_rel_name(relid)),
					 errhint("Try again.")));
	return query;
}

/*
 * Prepare a statement on nothing but the given relation, which must not have
 * rules for it; the parameters $1 and so on have the given types.  Palloc'd.
 */
Statement *
statement_prepare(Oid relid, const char *text, const Oid *types, int count)
{
	Statement  *statement = palloc(sizeof(Statement));
	List	   *queries;

	queries = pg_rewrite_query(analyze(relid, text, types, count));
	if (list_length(queries) != 1)
		elog(ERROR, "a rule has rewritten: %s", text);
	statement->text = text;
	statement->plan = pg_plan_query(linitial(queries), text, 0, NULL);
	return statement;
}

/*
 * Run a statement, whose rows go to the receiver.  Returns the number of rows
 * that were inserted, deleted or found.  If read_only, it sees what the active
 * snapshot sees, else what a query sees that starts now.
 */
uint64
statement_run(Statement *statement, ParamListInfo params, bool read_only, DestReceiver *dest)
{
	QueryDesc  *query;
	uint64		rows;

	if (!read_only)
		CommandCounterIncrement();
	PushActiveSnapshot(read_only ? GetActiveSnapshot() : GetTransactionSnapshot());
	query = CreateQueryDesc(statement->plan, statement->text, GetActiveSnapshot(),
							InvalidSnapshot, dest, params, NULL, 0);
	ExecutorStart(query, 0);
	ExecutorRun(query, ForwardScanDirection, 0, true);
	rows = query->estate->es_processed;
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	PopActiveSnapshot();
	return rows;
}
