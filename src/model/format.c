/*
 * format.c
 *		The binary form of a block of a model: encoding and checking.
 *
 * See format.h for the layout.  Encoding copies a range of rows of an array in
 * memory.  Decoding copies the payload into aligned memory, and rejects it unless
 * everything is valid: sizes, checksum, finite numbers, offsets and column indexes
 * in order and in range.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "port/pg_crc32c.h"
#include "utils/memutils.h"

#include "model/format.h"

#define BLOCK_MAGIC "RSYS"

/* As stored; every field at its natural alignment, the checksum last. */
typedef struct BlockHeader
{
	char		magic[4];
	uint16		format;
	uint8		part;
	uint8		type;
	uint32		block;
	uint32		first_row;
	uint32		rows;
	uint32		cols;
	uint32		extra;
	uint32		crc;			/* of all before it, and of the payload */
} BlockHeader;

StaticAssertDecl(sizeof(BlockHeader) == 32, "block header has padding");

/*
 * Bytes of the payload of a block, or -1 if its type is unknown or no value
 * could hold it.  The fields are not trusted: a product of two 32-bit numbers
 * fits 64 bits, but not one more factor.
 */
static int64
payload_bytes(const BlockShape *shape)
{
	int64		offsets = ((int64) shape->rows + 1) * sizeof(uint32);

	switch (shape->type)
	{
		case BLOCK_FLOAT4:
		case BLOCK_UINT4:
			if ((uint64) shape->rows * shape->cols > MaxAllocSize / sizeof(uint32))
				return -1;
			return (int64) shape->rows * shape->cols * sizeof(uint32);
		case BLOCK_INT8:
			return (int64) shape->rows * sizeof(int64);
		case BLOCK_TEXT:
			return offsets + shape->extra;
		case BLOCK_SPARSE:
			return offsets + (int64) shape->extra * (sizeof(int32) + sizeof(float));
	}
	return -1;
}

/*
 * The fewest bytes that a block can have, with its header: text and sparse
 * rows may all be empty. -1: no value could hold it.
 */
int64
block_least_bytes(BlockType type, uint32 rows, uint32 cols)
{
	BlockShape	shape = {.type = type, .rows = rows, .cols = cols};
	int64		bytes = payload_bytes(&shape);

	return bytes < 0 ? -1 : bytes + (int64) sizeof(BlockHeader);
}

/* On big-endian machines, convert 4-byte words to or from little-endian. */
static void
swap_words(void *uint32s, int64 count)
{
#ifdef WORDS_BIGENDIAN
	uint32	   *word = uint32s;

	for (int64 i = 0; i < count; i++)
		word[i] = pg_bswap32(word[i]);
#endif
}

/* The same for the payload of a block, by its type. */
static void
swap_payload(const BlockShape *shape, char *payload)
{
#ifdef WORDS_BIGENDIAN
	int64		bytes = payload_bytes(shape);

	if (shape->type == BLOCK_INT8)
		for (uint32 i = 0; i < shape->rows; i++)
			((uint64 *) payload)[i] = pg_bswap64(((uint64 *) payload)[i]);
	else if (shape->type == BLOCK_TEXT)
		swap_words(payload, shape->rows + (int64) 1);
	else
		swap_words(payload, bytes / sizeof(uint32));
#endif
}

/*
 * The checksum of a block: of its header up to the checksum, and of its
 * payload.
 */
static uint32
block_crc(const BlockHeader *header, const char *payload, int64 bytes)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, header, offsetof(BlockHeader, crc));
	COMP_CRC32C(crc, payload, bytes);
	FIN_CRC32C(crc);
	return crc;
}

/* On big-endian machines, convert a header to or from little-endian. */
static void
swap_header(BlockHeader *header)
{
#ifdef WORDS_BIGENDIAN
	header->format = pg_bswap16(header->format);
	swap_words(&header->block, 6);
#endif
}

/*
 * A value with room for a block, palloc'd; its payload starts at *payload.
 * Error: no value can hold it.
 */
static bytea *
block_allocate(const BlockShape *shape, char **payload)
{
	int64		bytes = payload_bytes(shape);
	bytea	   *data;

	if (bytes < 0 || bytes + sizeof(BlockHeader) + VARHDRSZ > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("part \"%s\" of the model has a row too large to store",
						part_name(shape->part))));
	data = palloc(VARHDRSZ + sizeof(BlockHeader) + bytes);
	SET_VARSIZE(data, VARHDRSZ + sizeof(BlockHeader) + bytes);
	*payload = VARDATA(data) + sizeof(BlockHeader);
	return data;
}

/*
 * Fill in the header of a value whose payload is complete; its checksum goes
 * to *crc.
 */
static bytea *
block_seal(bytea *data, const BlockShape *shape, uint32 *crc)
{
	BlockHeader header = {
		.format = MODEL_FORMAT,
		.part = shape->part,
		.type = shape->type,
		.block = shape->block,
		.first_row = shape->first_row,
		.rows = shape->rows,
		.cols = shape->cols,
		.extra = shape->extra
	};
	char	   *payload = VARDATA(data) + sizeof(BlockHeader);

	memcpy(header.magic, BLOCK_MAGIC, sizeof(header.magic));
	swap_payload(shape, payload);
	swap_header(&header);
	*crc = block_crc(&header, payload, payload_bytes(shape));
	header.crc = *crc;
	swap_words(&header.crc, 1);
	memcpy(VARDATA(data), &header, sizeof(header));
	return data;
}

/*
 * Encode the rows of "shape" of a dense matrix, whose row r starts at
 * rows + r * stride.  The value is palloc'd; its checksum goes to *crc.
 */
bytea *
block_encode_floats(BlockShape shape, const float *rows, int stride, uint32 *crc)
{
	char	   *payload;
	bytea	   *data = block_allocate(&shape, &payload);

	for (uint32 r = 0; r < shape.rows; r++)
		memcpy(payload + (Size) r * shape.cols * sizeof(float),
			   rows + (Size) (shape.first_row + r) * stride,
			   shape.cols * sizeof(float));
	return block_seal(data, &shape, crc);
}

/* Encode the rows of "shape" of a dense matrix of uint32s. */
bytea *
block_encode_uint32s(BlockShape shape, const uint32 *uint32s, uint32 *crc)
{
	char	   *payload;
	bytea	   *data = block_allocate(&shape, &payload);

	memcpy(payload, uint32s + (Size) shape.first_row * shape.cols,
		   (Size) shape.rows * shape.cols * sizeof(uint32));
	return block_seal(data, &shape, crc);
}

/* Encode the rows of "shape" of a list of ids. */
bytea *
block_encode_ids(BlockShape shape, const Ids *ids, uint32 *crc)
{
	char	   *payload;
	bytea	   *data;
	uint32	   *offset;
	int64		first;

	if (ids->integer)
	{
		data = block_allocate(&shape, &payload);
		memcpy(payload, ids->numbers + shape.first_row, shape.rows * sizeof(int64));
		return block_seal(data, &shape, crc);
	}
	first = ids->offset[shape.first_row];
	shape.extra = ids->offset[shape.first_row + shape.rows] - first;
	data = block_allocate(&shape, &payload);
	offset = (uint32 *) payload;
	for (uint32 r = 0; r <= shape.rows; r++)
		offset[r] = ids->offset[shape.first_row + r] - first;
	memcpy(offset + shape.rows + 1, ids->bytes + first, shape.extra);
	return block_seal(data, &shape, crc);
}

/* Encode the rows of "shape" of a sparse matrix. */
bytea *
block_encode_sparse(BlockShape shape, const SparseRows *matrix, uint32 *crc)
{
	int64		first = matrix->start[shape.first_row];
	char	   *payload;
	bytea	   *data;
	uint32	   *offset;

	shape.extra = matrix->start[shape.first_row + shape.rows] - first;
	data = block_allocate(&shape, &payload);
	offset = (uint32 *) payload;
	for (uint32 r = 0; r <= shape.rows; r++)
		offset[r] = matrix->start[shape.first_row + r] - first;
	offset += shape.rows + 1;
	memcpy(offset, matrix->index + first, shape.extra * sizeof(int32));
	memcpy(offset + shape.extra, matrix->value + first, shape.extra * sizeof(float));
	return block_seal(data, &shape, crc);
}

/* Are all numbers finite? */
static bool
all_finite(const float *value, int64 count)
{
	for (int64 i = 0; i < count; i++)
		if (!isfinite(value[i]))
			return false;
	return true;
}

/* Do offsets start at 0, never fall, and end at "end"? */
static bool
offsets_in_order(const uint32 *offset, uint32 rows, uint32 end)
{
	if (offset[0] != 0 || offset[rows] != end)
		return false;
	for (uint32 r = 0; r < rows; r++)
		if (offset[r] > offset[r + 1])
			return false;
	return true;
}

/* Are the column indexes of every row in range and strictly increasing? */
static bool
indexes_in_order(const ModelBlock *block)
{
	for (uint32 r = 0; r < block->shape.rows; r++)
	{
		int64		previous = -1;

		for (uint32 e = block->offset[r]; e < block->offset[r + 1]; e++)
		{
			if (block->index[e] <= previous ||
				(uint32) block->index[e] >= block->shape.cols)
				return false;
			previous = block->index[e];
		}
	}
	return true;
}

/* An id in a block of ids, by its place in the block. */
Id
block_id(const ModelBlock *block, uint32 row)
{
	Id			id = {.integer = block->shape.type == BLOCK_INT8};

	if (id.integer)
		id.number = block->integers[row];
	else
	{
		id.text = block->bytes + block->offset[row];
		id.length = block->offset[row + 1] - block->offset[row];
	}
	return id;
}

/* Are ids in order, and none twice?  They are searched by bisection. */
static bool
ids_in_order(const ModelBlock *block)
{
	for (uint32 r = 1; r < block->shape.rows; r++)
		if (id_compare(block_id(block, r - 1), block_id(block, r)) >= 0)
			return false;
	return true;
}

/* Is all text valid in the database's encoding? */
static bool
texts_are_valid(const ModelBlock *block)
{
	for (uint32 r = 0; r < block->shape.rows; r++)
		if (!pg_verifymbstr(block->bytes + block->offset[r],
							block->offset[r + 1] - block->offset[r], true))
			return false;
	return true;
}

/*
 * Set the pointers into the payload and check what they point to.  Returns
 * what is wrong, or NULL.
 */
static const char *
check_payload(ModelBlock *block)
{
	const BlockShape *shape = &block->shape;

	switch (shape->type)
	{
		case BLOCK_FLOAT4:
			block->floats = block->payload;
			if (!all_finite(block->floats, (int64) shape->rows * shape->cols))
				return "it holds numbers that are not finite";
			break;
		case BLOCK_INT8:
			block->integers = block->payload;
			if (!ids_in_order(block))
				return "its ids are out of order";
			break;
		case BLOCK_UINT4:
			block->uint32s = block->payload;
			break;
		case BLOCK_TEXT:
			block->offset = block->payload;
			block->bytes = (char *) (block->offset + shape->rows + 1);
			if (!offsets_in_order(block->offset, shape->rows, shape->extra))
				return "its offsets are out of order";
			if (!texts_are_valid(block))
				return "it holds text that is not valid in this database";
			if (!ids_in_order(block))
				return "its ids are out of order";
			break;
		case BLOCK_SPARSE:
			block->offset = block->payload;
			block->index = (int32 *) (block->offset + shape->rows + 1);
			block->value = (float *) (block->index + shape->extra);
			if (!offsets_in_order(block->offset, shape->rows, shape->extra))
				return "its offsets are out of order";
			if (!indexes_in_order(block))
				return "its column indexes are out of order or out of range";
			if (!all_finite(block->value, shape->extra))
				return "it holds numbers that are not finite";
			break;
	}
	return NULL;
}

/*
 * What is wrong with the header of a block, or NULL; payload_size is the size
 * that there is.
 */
static const char *
check_header(const BlockHeader *header, const BlockShape *shape, const char *payload,
			 int64 payload_size, uint32 crc)
{
	if (memcmp(header->magic, BLOCK_MAGIC, sizeof(header->magic)) != 0)
		return "it does not start with the mark of a model block";
	if (header->format != MODEL_FORMAT)
		return "it has a format number that this version does not know";
	if (header->part >= PART_COUNT)
		return "it belongs to no known part";
	if (payload_bytes(shape) != payload_size)
		return "its size does not match its rows and columns";
	if (header->crc != crc)
		return "its checksum is wrong";
	return NULL;
}

/*
 * Check a value, which must be detoasted, and copy it into "block", palloc'd
 * in the current memory context.  False: it is not valid, and *problem says
 * why.
 */
bool
block_decode(const bytea *data, ModelBlock *block, const char **problem)
{
	int64		size = VARSIZE_ANY_EXHDR(data);
	const char *raw = VARDATA_ANY(data);
	const char *payload = raw + sizeof(BlockHeader);
	BlockHeader header;
	uint32		crc;

	memset(block, 0, sizeof(*block));
	*problem = "it is too short";
	if (size < sizeof(BlockHeader))
		return false;
	size -= sizeof(BlockHeader);
	memcpy(&header, raw, sizeof(header));
	crc = block_crc(&header, payload, size);
	swap_header(&header);
	block->shape = (BlockShape) {
		.part = header.part,
		.type = header.type,
		.block = header.block,
		.first_row = header.first_row,
		.rows = header.rows,
		.cols = header.cols,
		.extra = header.extra
	};
	block->crc = crc;
	*problem = check_header(&header, &block->shape, payload, size, crc);
	if (*problem != NULL)
		return false;

	block->payload = MemoryContextAllocHuge(CurrentMemoryContext, Max(size, 1));
	memcpy(block->payload, payload, size);
	swap_payload(&block->shape, block->payload);
	*problem = check_payload(block);
	if (*problem != NULL)
	{
		pfree(block->payload);
		return false;
	}
	check_model_block(block);
	return true;
}

#ifdef USE_ASSERT_CHECKING
/*
 * The invariants of a decoded block: the pointers of its type, and no others,
 * lie in its payload, one after the other, and what they point to is in order.
 */
void
check_model_block(const ModelBlock *block)
{
	const BlockShape *shape = &block->shape;
	const char *end = (const char *) block->payload + payload_bytes(shape);

	Assert(shape->part < PART_COUNT);
	Assert((block->floats != NULL) == (shape->type == BLOCK_FLOAT4));
	Assert((block->integers != NULL) == (shape->type == BLOCK_INT8));
	Assert((block->uint32s != NULL) == (shape->type == BLOCK_UINT4));
	Assert((block->bytes != NULL) == (shape->type == BLOCK_TEXT));
	Assert((block->index != NULL) == (shape->type == BLOCK_SPARSE));
	Assert((block->value != NULL) == (shape->type == BLOCK_SPARSE));
	Assert((block->offset != NULL) == (block->bytes != NULL || block->index != NULL));
	Assert(block->offset == NULL ||
		   offsets_in_order(block->offset, shape->rows, shape->extra));
	if (shape->type == BLOCK_FLOAT4)
		Assert(all_finite(block->floats, (int64) shape->rows * shape->cols));
	else if (shape->type == BLOCK_SPARSE)
		Assert(indexes_in_order(block) && (const char *) (block->value + shape->extra) == end);
	else if (shape->type == BLOCK_TEXT)
		Assert(ids_in_order(block) && block->bytes + shape->extra == end);
	else if (shape->type == BLOCK_INT8)
		Assert(ids_in_order(block) && (const char *) (block->integers + shape->rows) == end);
}
#endif
