/*
 * block_source.h
 *		Where the blocks of a version of a model are read from.
 *
 * A source is a table (table_source.c) or memory (memory_model.c); model.c does
 * not know which.  BlockSink (encode.h) is the way in the other direction.
 */
#ifndef RECSYS_MODEL_BLOCK_SOURCE_H
#define RECSYS_MODEL_BLOCK_SOURCE_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "utils/jsonb.h"

#include "model/format.h"

/* What identifies the contents of a version, and what its header row holds. */
typedef struct HeaderRow
{
	int32		version;
	TransactionId xmin;
	ItemPointerData ctid;
	struct varlena *meta;		/* palloc'd, as stored: see header_meta */
	bytea	   *manifest;		/* palloc'd, detoasted */
	uint32		crc;			/* of the manifest */
} HeaderRow;

/*
 * The JSON of a header row, or NULL if it has none.  It may be long, and is only
 * needed when the version is not in the cache.
 */
static inline Jsonb *
header_meta(const HeaderRow *row)
{
	return row->meta == NULL ? NULL : DatumGetJsonbP(PointerGetDatum(row->meta));
}

/* Is called for a stored block: which one, and how many bytes its data has. */
typedef void (*MeasureBlock) (void *arg, const char *part, int32 block, Size bytes);

typedef struct BlockSource
{
	/*
	 * Read and check one block, palloc'd in the current memory context.  Returns
	 * false, with what is wrong in *problem, if it is missing or corrupt.
	 */
	bool		(*read) (const struct BlockSource *source, int component, ModelPart part,
						 uint32 number, ModelBlock *block, const char **problem);

	/*
	 * Call "measure" for all blocks that there are, without reading their data.
	 * NULL: this server has just made the blocks, and the sizes that the header
	 * claims are right.
	 */
	void		(*measure) (const struct BlockSource *source, MeasureBlock measure, void *arg);
} BlockSource;

#endif							/* RECSYS_MODEL_BLOCK_SOURCE_H */
