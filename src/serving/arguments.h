/*
 * arguments.h
 *		Arguments and results that the SQL functions share: ids of any type,
 *		models, and result rows.
 */
#ifndef RECSYS_SERVING_ARGUMENTS_H
#define RECSYS_SERVING_ARGUMENTS_H

#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"

#include "model/model.h"
#include "ratings/source.h"

/* Converts ids of one SQL type; lives in memory that outlasts its use. */
typedef struct IdConverter
{
	Oid			type;
	FmgrInfo	output;			/* of types held by their text */
	bool		casts;			/* output is a cast to text */
	FmgrInfo	input;
	Oid			input_param;
	int32		typmod;
} IdConverter;

extern bool id_type_is_integer(Oid type);
extern void id_converter_init(IdConverter *converter, Oid type, MemoryContext context);
extern Id	id_from_datum(IdConverter *converter, Datum value);
extern Datum id_to_datum(IdConverter *converter, Id id);
extern bool id_convert(Id *id, bool integer);

extern Model *model_argument(FunctionCallInfo fcinfo, int n);
extern int32 find_user(Model *model, Id id);
extern int32 find_item(Model *model, Id id);
extern int	count_argument(FunctionCallInfo fcinfo, int n);
extern char *name_argument(FunctionCallInfo fcinfo, int n);
extern ColumnNames columns_argument(FunctionCallInfo fcinfo, int n);
extern void require_not_null(FunctionCallInfo fcinfo, int n, const char *argument);
extern Oid	argument_type(FunctionCallInfo fcinfo, int n);

#endif							/* RECSYS_SERVING_ARGUMENTS_H */
