/*
 * image.c
 *		A model in memory alone.
 *
 * Evaluation asks a model for predictions that nobody wants to keep.  Its
 * blocks are those that would have been written, read by the code that reads
 * them from a table: what is measured is what is served.
 */
#include "postgres.h"

#include "utils/jsonb.h"

#include "model/encode.h"
#include "model/image.h"

struct ModelImage
{
	BlockSink	sink;			/* must be first */
	HeaderRow	header;
	bytea	  **block[MODEL_COMPONENTS + 1][PART_COUNT];	/* [blocks] of each part */
	uint32		blocks[MODEL_COMPONENTS + 1][PART_COUNT];
};

static void *
copy_varlena(const void *value)
{
	Size		size = VARSIZE(value);

	return memcpy(MemoryContextAllocHuge(CurrentMemoryContext, size), value, size);
}

static void
keep_block(BlockSink *sink, int component, ModelPart part, uint32 block,
		   const Jsonb *meta, const bytea *data)
{
	ModelImage *image = (ModelImage *) sink;
	bytea	 ***blocks = &image->block[component][part];
	Size		size = sizeof(bytea *) * (block + 1);

	if (meta != NULL)
	{
		image->header.meta = copy_varlena(meta);
		image->header.manifest = copy_varlena(data);
		return;
	}
	*blocks = block == 0 ? palloc(size) : repalloc(*blocks, size);
	(*blocks)[block] = copy_varlena(data);
	image->blocks[component][part] = block + 1;
}

/*
 * The model that a draft would be, in the current memory context.  Evaluation
 * asks for what a row has to say all at once: rows need not be kept.
 */
Model *
image_create(const ModelDraft *draft, const ModelHeader *header)
{
	ModelImage *image = palloc0(sizeof(ModelImage));
	Model	   *model;

	image->sink.put = keep_block;
	draft_encode(draft, header_encode(header), &image->sink);
	model = model_create(InvalidOid, &image->header, image, CurrentMemoryContext);
	model->row_cache_bytes = 0;
	return model;
}

/* As table_read_block. */
bool
image_read_block(const ModelImage *image, int component, ModelPart part, uint32 number,
				 ModelBlock *block, const char **problem)
{
	*problem = "it is missing";
	return number < image->blocks[component][part] &&
		block_decode(image->block[component][part][number], block, problem);
}
