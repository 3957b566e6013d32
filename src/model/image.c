/*
 * image.c
 *		A model in memory alone.
 *
 * Evaluation asks a model for predictions that nobody wants to keep.  Its
 * blocks are those that would have been written, read by the code that reads
 * them from a table: what is measured is what is served.
 *
 * An image can be moved to dynamic shared memory, for other processes to make
 * the same model of it: one segment, with a table of where the blocks are.
 */
#include "postgres.h"
#include "compat.h"

#include "storage/shmem.h"
#include "utils/jsonb.h"

#include "model/encode.h"
#include "model/image.h"
#include "ratings/shared.h"

/* The parts of the model and of each of its components. */
#define IMAGE_PARTS ((MODEL_COMPONENTS + 1) * PART_COUNT)

struct ModelImage
{
	BlockSink	sink;			/* must be first */
	HeaderRow	header;
	bytea	  **block[IMAGE_PARTS]; /* [blocks] of each part */
	uint32		blocks[IMAGE_PARTS];
	dsm_segment *segment;		/* where all of them are; NULL: in private memory */
};

/* The start of the segment. */
typedef struct SharedImage
{
	uint32		blocks[IMAGE_PARTS];
	Size		meta;			/* where the header's are */
	Size		manifest;
	Size		place[FLEXIBLE_ARRAY_MEMBER];	/* of the blocks, part by part */
} SharedImage;

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
	int			slot = component * PART_COUNT + part;
	bytea	 ***blocks = &image->block[slot];
	Size		size = sizeof(bytea *) * (block + 1);

	if (meta != NULL)
	{
		image->header.meta = copy_varlena(meta);
		image->header.manifest = copy_varlena(data);
		return;
	}
	*blocks = block == 0 ? palloc(size) : repalloc(*blocks, size);
	(*blocks)[block] = copy_varlena(data);
	image->blocks[slot] = block + 1;
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

/* As model_table_read_block. */
bool
image_read_block(const ModelImage *image, int component, ModelPart part, uint32 number,
				 ModelBlock *block, const char **problem)
{
	int			slot = component * PART_COUNT + part;

	*problem = "it is missing";
	return number < image->blocks[slot] &&
		block_decode(image->block[slot][number], block, problem);
}

static Size
table_bytes(const ModelImage *image)
{
	Size		blocks = 0;

	for (int part = 0; part < IMAGE_PARTS; part++)
		blocks += image->blocks[part];
	return MAXALIGN(offsetof(SharedImage, place) + sizeof(Size) * blocks);
}

static Size
blob_bytes(const void *blob)
{
	return MAXALIGN(VARSIZE(blob));
}

static Size
image_bytes(const ModelImage *image)
{
	Size		bytes = table_bytes(image);

	for (int part = 0; part < IMAGE_PARTS; part++)
		for (uint32 b = 0; b < image->blocks[part]; b++)
			bytes = add_size(bytes, blob_bytes(image->block[part][b]));
	return add_size(bytes, add_size(blob_bytes(image->header.meta),
									blob_bytes(image->header.manifest)));
}

/* Move a blob to the end of what is filled; returns where it is. */
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

static void
move_to_segment(ModelImage *image, SharedImage *shared)
{
	char	   *base = (char *) shared;
	Size		filled = table_bytes(image);
	Size	   *place = shared->place;

	memcpy(shared->blocks, image->blocks, sizeof(image->blocks));
	shared->meta = move_blob(base, &filled, (void **) &image->header.meta);
	shared->manifest = move_blob(base, &filled, (void **) &image->header.manifest);
	for (int part = 0; part < IMAGE_PARTS; part++)
		for (uint32 b = 0; b < image->blocks[part]; b++)
			*place++ = move_blob(base, &filled, (void **) &image->block[part][b]);
}

/*
 * Move the image of a model to shared memory, if it is not there yet, from
 * where image_attach makes the same model in another process.  It stays mapped
 * until image_release.  False: there is no room for it.
 */
bool
image_share(Model *model, dsm_handle *handle)
{
	ModelImage *image = (ModelImage *) model->image;

	if (image->segment == NULL)
	{
		image->segment = shared_create(image_bytes(image));
		if (image->segment == NULL)
			return false;
		move_to_segment(image, dsm_segment_address(image->segment));
	}
	*handle = dsm_segment_handle(image->segment);
	return true;
}

/* The model of an image that another process has shared. */
Model *
image_attach(dsm_handle handle)
{
	ModelImage *image = palloc0(sizeof(ModelImage));
	SharedImage *shared;
	const Size *place;
	char	   *base;

	image->segment = shared_attach(handle);
	shared = dsm_segment_address(image->segment);
	base = (char *) shared;
	place = shared->place;
	image->header.meta = (struct varlena *) (base + shared->meta);
	image->header.manifest = (bytea *) (base + shared->manifest);
	for (int part = 0; part < IMAGE_PARTS; part++)
	{
		image->blocks[part] = shared->blocks[part];
		image->block[part] = palloc(sizeof(bytea *) * Max(shared->blocks[part], 1));
		for (uint32 b = 0; b < image->blocks[part]; b++)
			image->block[part][b] = (bytea *) (base + *place++);
	}
	return model_create(InvalidOid, &image->header, image, CurrentMemoryContext);
}

/* Give back the shared memory of a model, which can then not be used. */
void
image_release(Model *model)
{
	ModelImage *image = (ModelImage *) model->image;

	if (image->segment != NULL)
		dsm_detach(image->segment);
	image->segment = NULL;
}
