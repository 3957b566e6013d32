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
 * Blocks come from a table that anybody with rights on it can have written.
 * They are checked in full before anything in them is used.
 */
#ifndef RECSYS_MODEL_FORMAT_H
#define RECSYS_MODEL_FORMAT_H

#include "postgres.h"

#include "math/sparse.h"
#include "ratings/ids.h"

#define MODEL_FORMAT 1

/* The parts of a model.  The numbers are in the blocks: never reuse one. */
typedef enum ModelPart
{
	PART_HEADER = 0,			/* uint4: see table.c */
	PART_USER_IDS = 1,			/* int8 or text, in order */
	PART_ITEM_IDS = 2,
	PART_RATINGS = 3,			/* sparse, users x items */
	PART_ITEM_COUNTS = 4,		/* float4, items x 1: number of ratings */
	PART_USER_BIAS = 5,			/* float4, users x 1 */
	PART_ITEM_BIAS = 6,			/* float4, items x 1 */
	PART_USER_FACTORS = 7,		/* float4, users x factors */
	PART_ITEM_FACTORS = 8,		/* float4, items x factors */
	PART_NEIGHBORS = 9,			/* sparse, items x items or users x users */
	PART_USER_CLUSTERS = 10,	/* uint4, users x 1: which cluster, from 0 */
	PART_ITEM_CLUSTERS = 11,	/* uint4, items x 1 */
	PART_CLUSTER_OFFSETS = 12,	/* float4, user clusters x item clusters */
	PART_WEIGHTS = 13,			/* sparse, items x items: what an item adds to others */
	PART_DENSE_WEIGHTS = 14,	/* float4, items x items: the same */
	PART_TERMS = 15,			/* text, in order */
	PART_ITEM_TERMS = 16,		/* sparse, items x terms */
	PART_SEEN = 17				/* sparse, users x items: seen, but not among the ratings */
} ModelPart;

#define PART_COUNT 18

/*
 * A model may be made of others, its components, numbered from 1: they share
 * its ids, ratings and counts, and have the other parts for themselves.  The
 * number 0 stands for the model itself.
 */
#define MODEL_COMPONENTS 16

/* A part of a component in one number; that of the model itself is the part. */
#define COMPONENT_PART(component, part) ((uint32) (component) << 8 | (part))

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

extern const char *part_name(ModelPart part);
extern const char *component_part_name(int component, ModelPart part);
extern bool part_of_name(const char *name, int *component, ModelPart *part);
extern bool part_is_shared(ModelPart part);
extern int64 block_least_bytes(BlockType type, uint32 rows, uint32 cols);
extern Id	block_id(const ModelBlock *block, uint32 row);

extern bytea *block_encode_floats(BlockShape shape, const float *rows, int stride,
								  uint32 *crc);
extern bytea *block_encode_uint32s(BlockShape shape, const uint32 *uint32s, uint32 *crc);
extern bytea *block_encode_ids(BlockShape shape, const Ids *ids, uint32 *crc);
extern bytea *block_encode_sparse(BlockShape shape, const SparseRows *matrix,
								  uint32 *crc);

extern bool block_decode(const bytea *data, ModelBlock *block, const char **problem);

#endif							/* RECSYS_MODEL_FORMAT_H */
