/*
 * encode.h
 *		A draft cut into blocks, with the manifest that lists them.
 */
#ifndef RECSYS_MODEL_ENCODE_H
#define RECSYS_MODEL_ENCODE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "model/draft.h"

/* One line of the manifest: a block that belongs to the version. */
typedef struct ManifestEntry
{
	uint32		part;			/* COMPONENT_PART */
	uint32		type;
	uint32		block;
	uint32		first_row;
	uint32		rows;
	uint32		cols;
	uint32		crc;
} ManifestEntry;

/* The first line of the manifest has the checksum of the header's JSON. */
#define MANIFEST_COLUMNS (sizeof(ManifestEntry) / sizeof(uint32))

/* Where blocks go: a table (table_writer.c) or memory (memory_model.c). */
typedef struct BlockSink
{
	/*
	 * Take a block of a part of a component, or of the model itself (0), which
	 * the caller frees; meta is the header's alone.
	 */
	void		(*put) (struct BlockSink *sink, int component, ModelPart part,
						uint32 block, const Jsonb *meta, const bytea *data);
} BlockSink;

extern Size encode_bytes(Size model);
extern uint32 bytes_crc(const void *bytes, Size length);
extern bool meta_has_crc(const Jsonb *meta, uint32 crc);
extern void draft_encode(const ModelDraft *draft, const Jsonb *meta, BlockSink *sink);

#endif							/* RECSYS_MODEL_ENCODE_H */
