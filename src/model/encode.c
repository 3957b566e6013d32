/*
 * encode.c
 *		A draft cut into blocks, with the manifest that lists them.
 *
 * What becomes of a block is up to its sink: a row of a model's table
 * (table_writer.c), or a model in memory alone (memory_model.c).
 */
#include "postgres.h"
#include "compat.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"

#include "model/encode.h"
#include "model/header.h"
#include "model/json.h"

/* Blocks are cut so that their payload is about this large (script/fuzz wants small ones). */
#ifndef BLOCK_BYTES
#define BLOCK_BYTES (1024 * 1024)
#endif

/* The executor holds so many copies of a row while it inserts it. */
#define COPIES_OF_ROW 4

/* Bytes that writing needs at a time, for a model of so many bytes. */
Size
encode_bytes(Size model)
{
	return COPIES_OF_ROW * Min(model, BLOCK_BYTES);
}

/* The manifest as it grows. */
typedef struct Manifest
{
	ManifestEntry *entry;		/* [entries], the first is the header's */
	int			entries;
	int			capacity;
} Manifest;

/* The CRC-32C of some bytes. */
uint32
bytes_crc(const void *bytes, Size length)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, length);
	FIN_CRC32C(crc);
	return crc;
}

/*
 * The checksum of a header, which does not depend on how JSON is stored, and
 * if "portable" not on the encoding of the database, unless that is SQL_ASCII.
 */
static uint32
meta_crc(const Jsonb *meta, bool portable)
{
	char	   *string = json_to_cstring(meta);
	char	   *text = portable && GetDatabaseEncoding() != PG_SQL_ASCII ?
		pg_server_to_any(string, strlen(string), PG_UTF8) : string;
	uint32		crc = bytes_crc(text, strlen(text));

	if (text != string)
		pfree(text);
	pfree(string);
	return crc;
}

/*
 * Has a header this checksum?  Version 0.1.0 wrote that of the database's
 * encoding.
 */
bool
meta_has_crc(const Jsonb *meta, uint32 crc)
{
	return crc == meta_crc(meta, false) || crc == meta_crc(meta, true);
}

/* Bytes of one row of a part in its block. */
static int64
row_bytes(const DraftPart *part, int32 row)
{
	switch (part->type)
	{
		case BLOCK_TEXT:
			return sizeof(uint32) + part->ids->offset[row + 1] - part->ids->offset[row];
		case BLOCK_INT8:
			return sizeof(int64);
		case BLOCK_SPARSE:
			return sizeof(uint32) +
				sparse_row_length(part->sparse, row) * (sizeof(int32) + sizeof(float));
		default:
			return (int64) part->cols * sizeof(float);
	}
}

/* The number of rows, at least one, that make a block from row "first" on. */
static uint32
rows_of_block(const DraftPart *part, int32 first)
{
	int64		bytes = row_bytes(part, first);
	int32		row = first + 1;

	while (row < part->rows && (bytes += row_bytes(part, row)) <= BLOCK_BYTES)
		row++;
	return row - first;
}

/*
 * The rows of "shape" of a part as a block, palloc'd; its checksum goes to
 * *crc.
 */
static bytea *
encode_block(const DraftPart *part, BlockShape shape, uint32 *crc)
{
	if (part->ids != NULL)
		return block_encode_ids(shape, part->ids, crc);
	if (part->sparse != NULL)
		return block_encode_sparse(shape, part->sparse, crc);
	if (part->uint32s != NULL)
		return block_encode_uint32s(shape, part->uint32s, crc);
	return block_encode_floats(shape, part->floats, part->stride, crc);
}

/*
 * Read a block again with the code that will read it, so that no block written
 * is wrong.
 */
static void
check_block(ModelPart number, const bytea *data)
{
	ModelBlock	block;
	const char *problem;

	if (!block_decode(data, &block, &problem))
		elog(ERROR, "part \"%s\" of the model could not be read again: %s",
			 part_name(number), problem);
	pfree(block.payload);
}

/* Append a line for a block to the manifest. */
static void
add_to_manifest(Manifest *manifest, int component, const BlockShape *shape, uint32 crc)
{
	if (manifest->entries == manifest->capacity)
	{
		manifest->capacity *= 2;
		manifest->entry = repalloc(manifest->entry,
								   sizeof(ManifestEntry) * manifest->capacity);
	}
	manifest->entry[manifest->entries++] = (ManifestEntry) {
		.part = COMPONENT_PART(component, shape->part),
		.type = shape->type,
		.block = shape->block,
		.first_row = shape->first_row,
		.rows = shape->rows,
		.cols = shape->cols,
		.crc = crc
	};
}

/* Cut a part into blocks, which go to the sink and into the manifest. */
static void
encode_part(int component, ModelPart number, const DraftPart *part, Manifest *manifest,
			BlockSink *sink)
{
	BlockShape	shape = {.part = number, .type = part->type, .cols = part->cols};
	uint32		crc;
	bytea	   *data;

	for (int32 row = 0; row < part->rows; row += shape.rows)
	{
		CHECK_FOR_INTERRUPTS();
		shape.first_row = row;
		shape.rows = rows_of_block(part, row);
		data = encode_block(part, shape, &crc);
		check_block(number, data);
		sink->put(sink, component, number, shape.block, NULL, data);
		add_to_manifest(manifest, component, &shape, crc);
		pfree(data);
		shape.block++;
	}
}

/*
 * Hand the header and the manifest to the sink.  Error: the header could not
 * be read again.
 */
static void
encode_header(const Jsonb *meta, Manifest *manifest, BlockSink *sink)
{
	BlockShape	shape = {
		.part = PART_HEADER,
		.type = BLOCK_UINT4,
		.rows = manifest->entries,
		.cols = MANIFEST_COLUMNS
	};
	ModelHeader header;
	uint32		crc;
	const char *problem = header_decode(meta, &header);

	if (problem != NULL)
		elog(ERROR, "the header of the model could not be read again: %s", problem);
	manifest->entry[0].crc = meta_crc(meta, true);
	sink->put(sink, 0, PART_HEADER, 0, meta,
			  block_encode_uint32s(shape, (uint32 *) manifest->entry, &crc));
}

/* Encode all parts of a model, or of a component. */
static void
encode_parts(int component, const ModelDraft *draft, Manifest *manifest, BlockSink *sink)
{
	for (int part = 0; part < PART_COUNT; part++)
		if (draft->part[part].present)
			encode_part(component, part, &draft->part[part], manifest, sink);
}

/* Hand all blocks of a draft and its components to a sink, the header last. */
void
draft_encode(const ModelDraft *draft, const Jsonb *meta, BlockSink *sink)
{
	Manifest	manifest = {.entries = 1, .capacity = 64};

	check_draft(draft);
	manifest.entry = palloc0(sizeof(ManifestEntry) * manifest.capacity);
	encode_parts(0, draft, &manifest, sink);
	for (int c = 0; c < draft->components; c++)
		encode_parts(c + 1, draft->component[c], &manifest, sink);
	encode_header(meta, &manifest, sink);
	pfree(manifest.entry);
}
