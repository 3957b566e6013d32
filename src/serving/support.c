/*
 * support.c
 *		Planner support: a function that takes a number of results returns
 *		that many rows.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"


/* Of these functions the third argument is the number of results. */
#define COUNT_ARGUMENT 2

/* Estimate the rows of a call; false: the number asked for is not known. */
static bool
estimate_rows(SupportRequestRows *request)
{
	List	   *args;
	Node	   *count;

	if (!is_funcclause(request->node))
		return false;
	args = ((FuncExpr *) request->node)->args;
	if (list_length(args) <= COUNT_ARGUMENT)
		return false;
	count = estimate_expression_value(request->root, list_nth(args, COUNT_ARGUMENT));
	if (!IsA(count, Const) || ((Const *) count)->constisnull)
		return false;
	request->rows = Max(DatumGetInt32(((Const *) count)->constvalue), 1);
	return true;
}

PG_FUNCTION_INFO_V1(recsys_top_n_support);

/* Answers the planner, which asks with a node for the number of rows. */
Datum
recsys_top_n_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestRows) && estimate_rows((SupportRequestRows *) request))
		PG_RETURN_POINTER(request);
	PG_RETURN_POINTER(NULL);
}
