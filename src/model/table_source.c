/*
 * table_source.c
 *		The table of a model as the source of a version's blocks.
 *
 * A block is a row, found by its key.  To measure the blocks all rows are gone
 * through, which are small: data that is large is out of line, and its size
 * known without reading it.
 */
#include "postgres.h"
#include "compat.h"

#include "access/detoast.h"
#include "utils/builtins.h"

#include "model/rows.h"
#include "model/table.h"

typedef struct TableSource
{
	BlockSource source;			/* must be first */
	Oid			relid;
	int32		version;
} TableSource;

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

/* Tell of all rows of the version that the running query can see. */
static void
measure_table(const BlockSource *source, MeasureBlock measure, void *arg)
{
	const TableSource *table = (const TableSource *) source;
	ModelRows  *rows = rows_open(table->relid);

	rows_start(rows, NULL);
	while (rows_next(rows))
		measure_row(rows, table->version, measure, arg);
	rows_close(rows);
}

/* As BlockSource says. */
static bool
read_from_table(const BlockSource *source, int component, ModelPart part, uint32 number,
				ModelBlock *block, const char **problem)
{
	const TableSource *table = (const TableSource *) source;
	ModelRows  *rows = rows_open(table->relid);
	RowKey		key = {table->version, component_part_name(component, part), (int32) number};
	bytea	   *data = NULL;
	bool		isnull = true;
	bool		good = false;

	*problem = "it is missing";
	rows_start(rows, &key);
	if (rows_next(rows))
	{
		Datum		value = rows_value(rows, ROW_DATA, &isnull);

		if (!isnull)
			data = DatumGetByteaPCopy(value);
	}
	if (data != NULL && !rows_next(rows))
		good = block_decode(data, block, problem);
	rows_close(rows);
	if (data != NULL)
		pfree(data);
	return good;
}

/* The blocks of a version in a table; palloc'd. */
const BlockSource *
model_table_source(Oid relid, int32 version)
{
	TableSource *table = palloc(sizeof(TableSource));

	table->source = (BlockSource) {.read = read_from_table, .measure = measure_table};
	table->relid = relid;
	table->version = version;
	return &table->source;
}
