/*
 * memory_model.c
 *		A model in memory alone.
 *
 * Evaluation needs a model only for its predictions.  Its blocks are those that
 * would have been written, and are read by the code that reads them from a table:
 * what is measured is what is served.
 *
 * The blocks can be moved to dynamic shared memory, where other processes make
 * the same model of them: one segment, which starts with a table of the places of
 * the blocks.
 */
#include "postgres.h"
#include "compat.h"

#include "storage/shmem.h"
#include "utils/jsonb.h"

#include "model/encode.h"
#include "model/memory_model.h"
#include "resources/shared.h"

/* The parts of the model and of each of its components. */
#define MEMORY_PARTS ((MODEL_COMPONENTS + 1) * PART_COUNT)

/* The blocks of a model, which are put there once and then read. */
typedef struct MemoryModel
{
	BlockSink	sink;			/* must be first */
	BlockSource source;
	HeaderRow	header;
	bytea	  **block[MEMORY_PARTS];	/* [blocks] of each part */
	uint32		blocks[MEMORY_PARTS];
	dsm_segment *segment;		/* where all of them are; NULL: in private memory */
} MemoryModel;

/* The start of the segment. */
typedef struct SharedModel
{
	uint32		blocks[MEMORY_PARTS];
	Size		meta;			/* places of the header's two values */
	Size		manifest;
	Size		place[FLEXIBLE_ARRAY_MEMBER];	/* of the blocks, part by part */
} SharedModel;

/* The memory of which a source is a part. */
static MemoryModel *
memory_of(const BlockSource *source)
{
	return (MemoryModel *) ((char *) source - offsetof(MemoryModel, source));
}

/* Read a block: see BlockSource. */
static bool
read_from_memory(const BlockSource *source, int component, ModelPart part, uint32 number,
				 ModelBlock *block, const char **problem)
{
	const MemoryModel *memory = memory_of(source);
	int			slot = component * PART_COUNT + part;

	*problem = "it is missing";
	return number < memory->blocks[slot] &&
		block_decode(memory->block[slot][number], block, problem);
}

/* Memory without blocks, palloc'd. */
static MemoryModel *
create_memory(void)
{
	MemoryModel *memory = palloc0(sizeof(MemoryModel));

	memory->source = (BlockSource) {.read = read_from_memory};
	return memory;
}

/* A copy of a value, palloc'd. */
static void *
copy_varlena(const void *value)
{
	Size		size = VARSIZE(value);

	return memcpy(MemoryContextAllocHuge(CurrentMemoryContext, size), value, size);
}

/* Keep a block, or the header: see BlockSink. */
static void
keep_block(BlockSink *sink, int component, ModelPart part, uint32 block,
		   const Jsonb *meta, const bytea *data)
{
	MemoryModel *memory = (MemoryModel *) sink;
	int			slot = component * PART_COUNT + part;
	bytea	 ***blocks = &memory->block[slot];
	Size		size = sizeof(bytea *) * (block + 1);

	if (meta != NULL)
	{
		memory->header.meta = copy_varlena(meta);
		memory->header.manifest = copy_varlena(data);
		return;
	}
	*blocks = block == 0 ? palloc(size) : repalloc(*blocks, size);
	(*blocks)[block] = copy_varlena(data);
	memory->blocks[slot] = block + 1;
}

/*
 * The model that a draft would be, in the current memory context.  It caches
 * no computed rows: evaluation asks for all that a row has to say at once.
 */
Model *
memory_model_create(const ModelDraft *draft, const ModelHeader *header)
{
	MemoryModel *memory = create_memory();
	Model	   *model;

	memory->sink.put = keep_block;
	draft_encode(draft, header_encode(header), &memory->sink);
	model = model_create(InvalidOid, &memory->header, &memory->source, CurrentMemoryContext);
	model->row_cache_bytes = 0;
	return model;
}

/* Bytes of the table at the start of a segment. */
static Size
table_bytes(const MemoryModel *memory)
{
	Size		blocks = 0;

	for (int part = 0; part < MEMORY_PARTS; part++)
		blocks += memory->blocks[part];
	return MAXALIGN(offsetof(SharedModel, place) + sizeof(Size) * blocks);
}

/* Bytes of a value in a segment. */
static Size
blob_bytes(const void *blob)
{
	return MAXALIGN(VARSIZE(blob));
}

/* Bytes of the segment for all blocks. */
static Size
memory_bytes(const MemoryModel *memory)
{
	Size		bytes = table_bytes(memory);

	for (int part = 0; part < MEMORY_PARTS; part++)
		for (uint32 b = 0; b < memory->blocks[part]; b++)
			bytes = add_size(bytes, blob_bytes(memory->block[part][b]));
	return add_size(bytes, add_size(blob_bytes(memory->header.meta),
									blob_bytes(memory->header.manifest)));
}

/* Move a value to the end of what is filled; returns its place. */
static Size
move_blob(char *base, Size *filled, void **blob)
{
	Size		place = *filled;

	memcpy(base + place, *blob, VARSIZE(*blob));
	*filled += blob_bytes(*blob);
	pfree(*blob);
	*blob = base + place;
	return place;
}

/* Move all values to a segment, which starts at "shared". */
static void
move_to_segment(MemoryModel *memory, SharedModel *shared)
{
	char	   *base = (char *) shared;
	Size		filled = table_bytes(memory);
	Size	   *place = shared->place;

	memcpy(shared->blocks, memory->blocks, sizeof(memory->blocks));
	shared->meta = move_blob(base, &filled, (void **) &memory->header.meta);
	shared->manifest = move_blob(base, &filled, (void **) &memory->header.manifest);
	for (int part = 0; part < MEMORY_PARTS; part++)
		for (uint32 b = 0; b < memory->blocks[part]; b++)
			*place++ = move_blob(base, &filled, (void **) &memory->block[part][b]);
}

/*
 * Move the blocks of a model to shared memory, unless they are there, for
 * memory_model_attach to make the same model in another process.  They stay
 * mapped until memory_model_release.  False: there is no room.
 */
bool
memory_model_share(Model *model, dsm_handle *handle)
{
	MemoryModel *memory = memory_of(model->source);

	if (memory->segment == NULL)
	{
		memory->segment = shared_create(memory_bytes(memory));
		if (memory->segment == NULL)
			return false;
		move_to_segment(memory, dsm_segment_address(memory->segment));
	}
	*handle = dsm_segment_handle(memory->segment);
	return true;
}

/*
 * The model whose blocks another process has shared, in the current memory
 * context.
 */
Model *
memory_model_attach(dsm_handle handle)
{
	MemoryModel *memory = create_memory();
	SharedModel *shared;
	const Size *place;
	char	   *base;

	memory->segment = shared_attach(handle);
	shared = dsm_segment_address(memory->segment);
	base = (char *) shared;
	place = shared->place;
	memory->header.meta = (struct varlena *) (base + shared->meta);
	memory->header.manifest = (bytea *) (base + shared->manifest);
	for (int part = 0; part < MEMORY_PARTS; part++)
	{
		memory->blocks[part] = shared->blocks[part];
		memory->block[part] = palloc(sizeof(bytea *) * Max(shared->blocks[part], 1));
		for (uint32 b = 0; b < memory->blocks[part]; b++)
			memory->block[part][b] = (bytea *) (base + *place++);
	}
	return model_create(InvalidOid, &memory->header, &memory->source, CurrentMemoryContext);
}

/* Give back the shared memory of a model, which cannot be used afterwards. */
void
memory_model_release(Model *model)
{
	MemoryModel *memory = memory_of(model->source);

	if (memory->segment != NULL)
		dsm_detach(memory->segment);
	memory->segment = NULL;
}
