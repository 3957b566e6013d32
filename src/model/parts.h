/*
 * parts.h
 *		The parts of a model, for those who open it; all others see model.h.
 */
#ifndef RECSYS_MODEL_PARTS_H
#define RECSYS_MODEL_PARTS_H

#include "postgres.h"

#include "model/encode.h"
#include "model/model.h"

/* A block, by its line of the manifest. */
typedef struct BlockState
{
	uint32		first_row;
	uint32		rows;
	uint32		crc;
	Size		bytes;			/* stored; 0: it was not found in the table */
	ModelBlock *loaded;			/* NULL: not read yet */
} BlockState;

struct PartState
{
	int			component;		/* whose part it is; 0: the model's own */
	BlockType	type;
	int64		rows;
	uint32		cols;
	int			blocks;			/* 0: the model has no such part */
	BlockState *block;
};

extern const char *part_add_block(PartState *part, const ManifestEntry *entry);
extern ModelBlock *part_block(Model *model, ModelPart part, int number);
pg_noreturn extern void report_corrupt_part(const Model *model, ModelPart part,
											const char *problem);

/* In builds with assertions: do the blocks of each part follow each other? */
#ifdef USE_ASSERT_CHECKING
extern void check_parts(const Model *model);
#else
#define check_parts(model) ((void) 0)
#endif

#endif							/* RECSYS_MODEL_PARTS_H */
