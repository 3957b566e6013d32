/*
 * format.h
 *		The binary form of a block of a model.
 *
 * A block is a header and a payload, little-endian:
 *
 *	magic "RSYS", format number, part, type, block number,
 *	first row, rows, columns, bytes or entries of variable size, CRC-32C
 *
 * The types of payload, for rows r and columns c:
 *
 *	float4	r x c single-precision numbers
 *	int8	r 8-byte integers
 *	uint4	r x c 4-byte unsigned integers
 *	text	r + 1 4-byte offsets, then the bytes of r strings
 *	sparse	r + 1 4-byte offsets, then for n entries n 4-byte column indexes
 *			and n single-precision values
 *
 * Blocks come from a table that anybody with privileges on it may have written.
 * They are checked in full before anything in them is used.
 */
#ifndef RECSYS_MODEL_FORMAT_H
#define RECSYS_MODEL_FORMAT_H

#include "postgres.h"

#include "math/sparse.h"
#include "model/part_names.h"
#include "ratings/ids.h"

#define MODEL_FORMAT 1

typedef enum BlockType
{
	BLOCK_FLOAT4 = 1,
	BLOCK_INT8 = 2,
	BLOCK_UINT4 = 3,
	BLOCK_TEXT = 4,
	BLOCK_SPARSE = 5
} BlockType;

/* Where a block belongs and what it holds; the rows are of the whole part. */
typedef struct BlockShape
{
	ModelPart	part;
	BlockType	type;
	uint32		block;
	uint32		first_row;
	uint32		rows;
	uint32		cols;
	uint32		extra;			/* text: bytes; sparse: entries; else 0 */
} BlockShape;

/* A checked block: pointers into a copy of its payload. */
typedef struct ModelBlock
{
	BlockShape	shape;
	uint32		crc;
	void	   *payload;		/* palloc'd */
	float	   *floats;
	int64	   *integers;
	uint32	   *uint32s;
	uint32	   *offset;			/* [rows + 1] of text and sparse */
	char	   *bytes;
	int32	   *index;
	float	   *value;
} ModelBlock;

extern int64 block_least_bytes(BlockType type, uint32 rows, uint32 cols);
extern Id	block_id(const ModelBlock *block, uint32 row);

extern bytea *block_encode_floats(BlockShape shape, const float *rows, int stride,
								  uint32 *crc);
extern bytea *block_encode_uint32s(BlockShape shape, const uint32 *uint32s, uint32 *crc);
extern bytea *block_encode_ids(BlockShape shape, const Ids *ids, uint32 *crc);
extern bytea *block_encode_sparse(BlockShape shape, const SparseRows *matrix,
								  uint32 *crc);

extern bool block_decode(const bytea *data, ModelBlock *block, const char **problem);

/* In builds with assertions: do the pointers of a block lie in its payload? */
#ifdef USE_ASSERT_CHECKING
extern void check_model_block(const ModelBlock *block);
#else
#define check_model_block(block) ((void) 0)
#endif

#endif							/* RECSYS_MODEL_FORMAT_H */
