/*
 * rows.h
 *		Reading the rows of a model's table, without the planner.
 */
#ifndef RECSYS_MODEL_ROWS_H
#define RECSYS_MODEL_ROWS_H

#include "postgres.h"

#include "storage/itemptr.h"

/* The columns of a model's table. */
typedef enum RowColumn
{
	ROW_VERSION,
	ROW_PART,
	ROW_BLOCK,
	ROW_META,
	ROW_DATA
} RowColumn;

#define ROW_COLUMNS (ROW_DATA + 1)

/* What is unique of a row. */
typedef struct RowKey
{
	int32		version;
	const char *part;
	int32		block;
} RowKey;

typedef struct ModelRows ModelRows;

extern ModelRows *rows_open(Oid relid);
extern ModelRows *rows_open_to_look(Oid relid);
extern bool rows_newest_version(ModelRows *rows, int32 *version);
extern void rows_start(ModelRows *rows, const RowKey *key);
extern bool rows_next(ModelRows *rows);
extern Datum rows_value(ModelRows *rows, RowColumn column, bool *isnull);
extern bool rows_place(ModelRows *rows, TransactionId *xmin, ItemPointer ctid);
extern void rows_close(ModelRows *rows);

#endif							/* RECSYS_MODEL_ROWS_H */
