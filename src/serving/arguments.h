/*
 * arguments.h
 *		Arguments that the SQL functions share: ids of any type and models.
 */
#ifndef RECSYS_SERVING_ARGUMENTS_H
#define RECSYS_SERVING_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"

#include "model/model.h"
#include "ratings/id_datum.h"
#include "ratings/source.h"

/* The number of results where none is given. */
#define DEFAULT_COUNT 10

extern Model *model_argument(FunctionCallInfo fcinfo, int n);
extern int	count_argument(FunctionCallInfo fcinfo, int n);
extern ColumnNames columns_argument(FunctionCallInfo fcinfo, int n);
extern void require_not_null(FunctionCallInfo fcinfo, int n, const char *argument);
extern bool has_null_argument(FunctionCallInfo fcinfo, int count);
extern bool true_unless_said(FunctionCallInfo fcinfo, int n);
extern void id_argument_init(IdConverter *converter, FunctionCallInfo fcinfo, int n, Side side,
							 MemoryContext context);
extern Id	id_argument(FunctionCallInfo fcinfo, int n, Side side);
extern Oid	argument_type(FunctionCallInfo fcinfo, int n);

#endif							/* RECSYS_SERVING_ARGUMENTS_H */
