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

extern Model *model_argument(FunctionCallInfo fcinfo, int n);
extern int	count_argument(FunctionCallInfo fcinfo, int n);
extern ColumnNames columns_argument(FunctionCallInfo fcinfo, int n);
extern void require_not_null(FunctionCallInfo fcinfo, int n, const char *argument);
extern Oid	argument_type(FunctionCallInfo fcinfo, int n);

#endif							/* RECSYS_SERVING_ARGUMENTS_H */
