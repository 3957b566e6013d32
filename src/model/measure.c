/*
 * measure.c
 *		How many bytes the blocks of a version have in the table.
 *
 * All rows are gone through, which are small: data that is large is out of
 * line, and its size known without reading it.
 */
#include "postgres.h"
#include "compat.h"

#include "access/detoast.h"
#include "utils/builtins.h"

#include "model/rows.h"
#include "model/table.h"

/* Tell of the row at hand, if it is one of the version and has data. */
static void
measure_row(ModelRows *rows, int32 version, MeasureBlock measure, void *arg)
{
	Datum		value[ROW_COLUMNS];
	bool		isnull[ROW_COLUMNS];
	char	   *part;

	for (int column = 0; column < ROW_COLUMNS; column++)
		value[column] = rows_value(rows, column, &isnull[column]);
	if (isnull[ROW_VERSION] || isnull[ROW_PART] || isnull[ROW_BLOCK] || isnull[ROW_DATA] ||
		DatumGetInt32(value[ROW_VERSION]) != version)
		return;
	part = TextDatumGetCString(value[ROW_PART]);
	measure(arg, part, DatumGetInt32(value[ROW_BLOCK]),
			toast_raw_datum_size(value[ROW_DATA]) - VARHDRSZ);
	pfree(part);
}

/* Tell of all rows of a version that the running query can see. */
void
model_table_measure(Oid relid, int32 version, MeasureBlock measure, void *arg)
{
	ModelRows  *rows = rows_open(relid);

	rows_start(rows, NULL);
	while (rows_next(rows))
		measure_row(rows, version, measure, arg);
	rows_close(rows);
}
