/*
 * table_source.c
 *		Reading a version from the table of a model: its header row, and the
 *		table as the source of its blocks.
 *
 * A block is a row, found by its key.  To measure the blocks, all rows are
 * visited.  They are small: large data is stored out of line, and its size is
 * known without reading it.
 */
#include "postgres.h"
#include "compat.h"

#include "access/detoast.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "model/encode.h"
#include "model/rows.h"
#include "model/table.h"

/* More than any header or manifest of ours: a line of it stands for a megabyte. */
#define HEADER_BYTES (64 * 1024 * 1024)

/* The blocks of a version in a table. */
typedef struct TableSource
{
	BlockSource source;			/* must be first */
	Oid			relid;
	int32		version;
} TableSource;

/*
 * Report the bytes of the current row, if it belongs to the version and has
 * data.
 */
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

/*
 * Report all rows of the version that the running query can see: see
 * BlockSource.
 */
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

/* Read a block: see BlockSource. */
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

/*
 * A column of the current row as it is stored, perhaps out of line, palloc'd;
 * NULL if it is null.
 */
static struct varlena *
copy_stored(ModelRows *rows, RowColumn column)
{
	bool		isnull;
	Datum		value = rows_value(rows, column, &isnull);

	return isnull ? NULL : (struct varlena *) DatumGetPointer(datumCopy(value, false, -1));
}

/*
 * A column of a header row as it is stored, palloc'd; NULL if it is null, or
 * too long for a header.
 */
static struct varlena *
copy_of_header(ModelRows *rows, RowColumn column)
{
	bool		isnull;
	Datum		value = rows_value(rows, column, &isnull);

	if (isnull || toast_raw_datum_size(value) > HEADER_BYTES)
		return NULL;
	return copy_stored(rows, column);
}

/* Take the values of the current row, a header. */
static void
copy_header_row(ModelRows *rows, HeaderRow *row)
{
	struct varlena *manifest = copy_of_header(rows, ROW_DATA);

	rows_place(rows, &row->xmin, &row->ctid);
	row->meta = copy_of_header(rows, ROW_META);
	if (manifest == NULL)
		return;
	row->manifest = DatumGetByteaPCopy(PointerGetDatum(manifest));
	row->crc = bytes_crc(VARDATA(row->manifest), VARSIZE(row->manifest) - VARHDRSZ);
}

/*
 * Read the header row of the newest version that the running query can see.
 * False: there is no version; meta or manifest are NULL if the version has no
 * proper header row.  Error: no privilege to read.
 */
bool
model_table_read_header(Oid relid, HeaderRow *row)
{
	ModelRows  *rows = rows_open(relid);
	RowKey		key = {.part = component_part_name(0, PART_HEADER)};
	bool		found;

	memset(row, 0, sizeof(*row));
	found = rows_newest_version(rows, &row->version);
	if (found)
	{
		key.version = row->version;
		rows_start(rows, &key);
		if (rows_next(rows))
			copy_header_row(rows, row);
		/* Without the primary key there may be two, and neither can be trusted. */
		if (rows_next(rows))
			row->meta = NULL;
	}
	rows_close(rows);
	return found;
}
