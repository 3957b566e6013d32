/*
 * statement.c
 *		An INSERT or DELETE on one table, which stays on that one.
 *
 * SQL finds a table by its name, anew for each statement.  Whoever owns the
 * schema could rename it in between and put another table in the place of the
 * one whose owner was found to be trusted.  So a statement is analyzed once, has
 * to mean the table it is for, and is planned and run from there.  The table
 * stays locked.
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "executor/execdesc.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "nodes/params.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "parser/analyze.h"
#include "parser/parsetree.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"

#include "model/statement.h"

struct Statement
{
	const char *text;
	PlannedStmt *plan;
	ParamListInfo params;
};

/* Looks at what RETURNING returns. */
typedef struct TruthReceiver
{
	DestReceiver receiver;		/* must be first */
	bool		all_true;
} TruthReceiver;

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, 1, &isnull);

	if (isnull || !DatumGetBool(value))
		((TruthReceiver *) self)->all_true = false;
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

/* The statement as a query on the table.  Error: it has become one on another. */
static Query *
analyze(Oid relid, const char *text, const Oid *types, int count)
{
	RawStmt    *raw = linitial_node(RawStmt, pg_parse_query(text));
	Query	   *query = parse_analyze_fixedparams(raw, text, types, count, NULL);

	if (rt_fetch(query->resultRelation, query->rtable)->relid != relid)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the model was renamed by another session")));
	return query;
}

/*
 * Prepare a statement whose result relation is to be the given one, and which
 * has no rules; $1 and so on are of the given types.
 */
Statement *
statement_prepare(Oid relid, const char *text, const Oid *types, int count)
{
	Statement  *statement = palloc(sizeof(Statement));
	List	   *queries;

	PushActiveSnapshot(GetTransactionSnapshot());
	queries = pg_rewrite_query(analyze(relid, text, types, count));
	if (list_length(queries) != 1)
		elog(ERROR, "a rule has rewritten: %s", text);
	statement->text = text;
	statement->plan = pg_plan_query(linitial(queries), text, 0, NULL);
	statement->params = makeParamList(count);
	for (int i = 0; i < count; i++)
		statement->params->params[i].ptype = types[i];
	PopActiveSnapshot();
	return statement;
}

/*
 * Run a statement and return the number of rows inserted or deleted.  If it has
 * RETURNING, *all_true says whether its first column was true in all of them;
 * all_true may be NULL.
 */
uint64
statement_run(Statement *statement, const Datum *values, const bool *nulls, bool *all_true)
{
	TruthReceiver truth = {
		.receiver = {
			.receiveSlot = receive_row,
			.rStartup = receive_startup,
			.rShutdown = receive_shutdown,
			.rDestroy = receive_shutdown,
			.mydest = DestNone
		},
		.all_true = true
	};
	QueryDesc  *query;
	uint64		rows;

	for (int i = 0; i < statement->params->numParams; i++)
	{
		statement->params->params[i].value = values[i];
		statement->params->params[i].isnull = nulls[i];
	}
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	query = CreateQueryDesc(statement->plan, statement->text, GetActiveSnapshot(),
							InvalidSnapshot, &truth.receiver, statement->params, NULL, 0);
	ExecutorStart(query, 0);
	ExecutorRun(query, ForwardScanDirection, 0, true);
	rows = query->estate->es_processed;
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	PopActiveSnapshot();
	if (all_true != NULL)
		*all_true = truth.all_true;
	return rows;
}
