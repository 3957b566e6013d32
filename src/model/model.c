/*
 * model.c
 *		A trained model, as serving sees it: its parts.
 *
 * The manifest of a version says which blocks it has.  A block is read and
 * checked when one of its rows is first asked for: one user's vector can be
 * had without reading the whole matrix.
 *
 * A component of a model is a model itself, with a form and parts of its own;
 * the parts that all components have in common are those of the whole.
 */
#include "postgres.h"
#include "compat.h"

#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "math/kernels.h"
#include "model/encode.h"
#include "model/json.h"
#include "model/model.h"

/* What a form keeps of a user or an item besides the parts, about. */
#define BYTES_OF_ROW 128

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

/* Report a model whose stored bytes will not do. */
void
report_corruption(Oid relid, int32 version, const char *part, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("model \"%s\" is damaged", get_rel_name(relid)),
			 errdetail("Version %d, part \"%s\": %s.", version, part, problem),
			 errhint("Train it again with recsys_train, or restore its table.")));
}

/*
 * Report a score that is not finite, though all numbers of the model are: they
 * are too large.  Training leaves no such model (divergence.c).
 */
void
report_overflow(const Model *model)
{
	if (model->source->measure == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("training diverged"),
				 errdetail("The numbers of the model are so large that its scores are not finite."),
				 errhint("Scale the ratings, for example to 1 to 5, or raise the regularization.")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("model \"%s\" is damaged", get_rel_name(model->relid)),
			 errdetail("Version %d: its numbers are so large that a score is not finite.",
					   model->version),
			 errhint("Train it again with recsys_train, or restore its table.")));
}

static void
damaged(const Model *model, ModelPart part, const char *problem)
{
	report_corruption(model->relid, model->version,
					  component_part_name(model->part[part]->component, part), problem);
}

/* Append a line of the manifest to its part; says what is wrong, or NULL. */
static const char *
add_block(PartState *part, const ManifestEntry *entry)
{
	BlockState *block;

	if (part->blocks == 0)
	{
		part->type = entry->type;
		part->cols = entry->cols;
	}
	if (entry->block != part->blocks || entry->first_row != part->rows ||
		entry->type != part->type || entry->cols != part->cols ||
		entry->rows == 0 || part->rows + entry->rows > PG_INT32_MAX ||
		entry->cols == 0 || entry->cols > PG_INT32_MAX ||
		(entry->type == BLOCK_FLOAT4 && entry->cols > MaxAllocSize / sizeof(float)))
		return "its list of blocks is inconsistent";
	if ((part->blocks & (part->blocks - 1)) == 0)
	{
		Size		size = sizeof(BlockState) * Max(2 * part->blocks, 1);

		part->block = part->blocks == 0 ? palloc(size) : repalloc(part->block, size);
	}
	block = &part->block[part->blocks++];
	block->first_row = entry->first_row;
	block->rows = entry->rows;
	block->crc = entry->crc;
	block->bytes = 0;
	block->loaded = NULL;
	part->rows += entry->rows;
	return NULL;
}

/* Read the manifest and check it and the header's JSON against their checksums. */
static const char *
read_manifest(const HeaderRow *row, const Jsonb *meta, ModelBlock *manifest)
{
	const char *problem;

	if (meta == NULL || row->manifest == NULL)
		return "the newest version has no header";
	if (!block_decode(row->manifest, manifest, &problem))
		return problem;
	if (manifest->shape.type != BLOCK_UINT4 || manifest->shape.part != PART_HEADER ||
		manifest->shape.cols != MANIFEST_COLUMNS || manifest->shape.rows == 0)
		return "its data is not a list of blocks";
	if (!meta_has_crc(meta, ((const ManifestEntry *) manifest->uint32s)->crc))
		return "its checksum is wrong";
	return NULL;
}

/* The part that a line of the manifest is about, or NULL. */
static PartState *
part_of_entry(const Model *model, const ManifestEntry *entry)
{
	uint32		component = entry->part >> 8;
	uint32		part = entry->part & 0xff;

	if (component > model->components || part >= PART_COUNT || part == PART_HEADER ||
		(component > 0 && part_is_shared(part)))
		return NULL;
	return component == 0 ? model->part[part] : model->component[component - 1]->part[part];
}

/* Give all parts their blocks; says what is wrong, or NULL. */
static const char *
add_blocks(Model *model, const ModelBlock *manifest)
{
	const ManifestEntry *entry = (const ManifestEntry *) manifest->uint32s;
	const char *problem = NULL;

	for (uint32 i = 1; i < manifest->shape.rows && problem == NULL; i++)
	{
		PartState  *part = part_of_entry(model, &entry[i]);

		problem = part == NULL ? "it lists an unknown part" : add_block(part, &entry[i]);
	}
	return problem;
}

/* Make parts without blocks, but for those that are shared with "whole". */
static PartState **
create_parts(const Model *whole, int component)
{
	PartState **part = palloc(sizeof(PartState *) * PART_COUNT);

	for (int p = 0; p < PART_COUNT; p++)
	{
		if (component > 0 && part_is_shared(p))
		{
			part[p] = whole->part[p];
			continue;
		}
		part[p] = palloc0(sizeof(PartState));
		part[p]->component = component;
	}
	return part;
}

/* The form that the header names; says what is wrong, or NULL. */
static const char *
find_form(Model *model)
{
	const char *name = model->header.form;

	for (const ModelForm *const *form = model_forms; *form != NULL; form++)
		if (strcmp((*form)->name, name) == 0 ||
			((*form)->old_name != NULL && strcmp((*form)->old_name, name) == 0))
		{
			model->form = *form;
			return NULL;
		}
	return "it is of a form that this version does not know";
}

/* Make the components that the header describes; says what is wrong, or NULL. */
static const char *
add_components(Model *model)
{
	const Jsonb *list = model->header.components;
	const char *problem = NULL;

	if (list == NULL)
		return NULL;
	if (!JB_ROOT_IS_ARRAY(list) || JB_ROOT_COUNT(list) > MODEL_COMPONENTS)
		return "its list of components is out of range";
	model->component = palloc(sizeof(Model *) * MODEL_COMPONENTS);
	for (uint32 i = 0; i < JB_ROOT_COUNT(list) && problem == NULL; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer((JsonbContainer *) &list->root, i);
		Model	   *component = palloc(sizeof(Model));

		if (value->type != jbvBinary)
			return "its list of components is not one of objects";
		*component = *model;
		component->whole = model;
		component->component = NULL;
		component->components = 0;
		component->part = create_parts(model, i + 1);
		model->component[model->components++] = component;
		problem = header_decode_component(JsonbValueToJsonb(value), &component->header);
		if (problem == NULL)
			problem = find_form(component);
	}
	return problem;
}

/* All that the header row says; says what is wrong, or NULL. */
static const char *
read_header(Model *model, const HeaderRow *row)
{
	Jsonb	   *meta = header_meta(row);
	ModelBlock	manifest;
	const char *problem = read_manifest(row, meta, &manifest);

	if (problem == NULL)
		problem = header_decode(meta, &model->header);
	if (problem == NULL)
		problem = find_form(model);
	if (problem == NULL)
		problem = add_components(model);
	if (problem == NULL)
		problem = add_blocks(model, &manifest);
	if (problem == NULL)
		pfree(manifest.payload);
	return problem;
}

static void
measure_block(void *arg, const char *part_name, int32 block, Size bytes)
{
	Model	   *model = arg;
	PartState  *state;
	ManifestEntry entry;
	int			component;
	ModelPart	part;

	if (!part_of_name(part_name, &component, &part))
		return;
	entry.part = COMPONENT_PART(component, part);
	state = part_of_entry(model, &entry);
	if (state != NULL && block >= 0 && block < state->blocks)
		state->block[block].bytes = bytes;
}

/*
 * Error unless every block of a part has the bytes that its rows need.  Returns
 * how many it takes in memory: as it is and turned round, or padded.
 */
static Size
weigh_part(const Model *model, ModelPart part)
{
	const PartState *state = model->part[part];
	Size		stored = 0;
	Size		padded = 0;

	for (int b = 0; b < state->blocks; b++)
	{
		const BlockState *block = &state->block[b];
		int64		least = block_least_bytes(state->type, block->rows, state->cols);

		if (block->bytes == 0)
			damaged(model, part, "it is missing");
		if (least < 0 || block->bytes < least)
			damaged(model, part, "it is shorter than the header says");
		stored = add_size(stored, block->bytes);
	}
	if (state->type == BLOCK_FLOAT4)
		padded = mul_size(state->rows, KERNEL_PADDED(state->cols) * sizeof(float));
	return Max(mul_size(stored, 2), padded);
}

/*
 * What the header says is so far a claim.  Before anything is made of a size
 * that it claims, see that the table has the bytes, which does not need them to
 * be read, and that the model will not take more memory than it may.
 */
static void
check_sizes(Model *model)
{
	Size		rows = (Size) model->header.users + model->header.items;
	Size		bytes = mul_size(rows, BYTES_OF_ROW);

	model->source->measure(model->source, measure_block, model);
	for (int c = 0; c <= model->components; c++)
		for (int part = 0; part < PART_COUNT; part++)
			if (c == 0 || !part_is_shared(part))
				bytes = add_size(bytes, weigh_part(c == 0 ? model : model->component[c - 1], part));
	model_require_memory(bytes, psprintf("model \"%s\"", get_rel_name(model->relid)));
}

static ModelBlock *get_block(Model *model, ModelPart part, int number);

/* What every model has, whatever its form. */
static void
check_common_parts(Model *model)
{
	const ModelHeader *header = &model->header;

	if (header->users > 0 || model_has_part(model, PART_USER_IDS))
		model_require_part(model, PART_USER_IDS,
						   model_ids_are_integers(model, PART_USER_IDS) ? BLOCK_INT8 : BLOCK_TEXT,
						   header->users, 1);
	model_require_part(model, PART_ITEM_IDS,
					   model_ids_are_integers(model, PART_ITEM_IDS) ? BLOCK_INT8 : BLOCK_TEXT,
					   header->items, 1);
	model_require_part(model, PART_ITEM_COUNTS, BLOCK_FLOAT4, header->items, 1);

	if (model_has_part(model, PART_RATINGS))
		model_require_part(model, PART_RATINGS, BLOCK_SPARSE, header->users, header->items);
	if (model_has_part(model, PART_SEEN))
		model_require_part(model, PART_SEEN, BLOCK_SPARSE, header->users, header->items);
}

/* Read at once what every request needs. */
static void
load_counts(Model *model)
{
	for (int b = 0; b < model->part[PART_ITEM_COUNTS]->blocks; b++)
		get_block(model, PART_ITEM_COUNTS, b);
}

/*
 * Make a model from its header row, in the given context, which it may keep.
 * Its blocks are read from the source, which lives as long, when they are
 * needed.  Error: the header is corrupt.
 */
Model *
model_create(Oid relid, const HeaderRow *row, const BlockSource *source,
			 MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Model	   *model = palloc0(sizeof(Model));
	const char *problem;

	model->relid = relid;
	model->version = row->version;
	model->source = source;
	model->row_cache_bytes = ROW_CACHE_BYTES;
	model->context = context;
	model->part = create_parts(NULL, 0);
	problem = read_header(model, row);
	if (problem != NULL)
		damaged(model, PART_HEADER, problem);
	check_common_parts(model);
	if (source->measure != NULL)
		check_sizes(model);
	load_counts(model);
	MemoryContextSwitchTo(old);
	return model;
}

/* The state of the model's form, which is made at the first call. */
void *
model_state(Model *model)
{
	if (model->state == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(model->context);

		model->loading = true;
		model->state = model->form->load(model);
		model->loading = false;
		MemoryContextSwitchTo(old);
	}
	return model->state;
}

/*
 * Are predictions for one item after another cheaper than for one user after
 * another?
 */
bool
model_prefers_item_order(const Model *model)
{
	return model->form->prefers_item_order != NULL && model->form->prefers_item_order(model);
}

/* Are the scores of a model the same for everybody? */
bool
model_is_non_personalized(const Model *model)
{
	bool		result = model->components > 0;

	for (int c = 0; c < model->components; c++)
		result = result && model->component[c]->form->non_personalized;
	return result || model->form->non_personalized;
}

/* Has a model similarities of users or items? */
bool
model_can_compare(const Model *model)
{
	return model->form->compare != NULL &&
		(model->form->can_compare == NULL || model->form->can_compare(model));
}

/*
 * Similarities, or distances, of a user or an item to all others: see
 * ModelForm.  Error: the model has none.
 */
void
model_compare(Model *model, Side side, int32 row, VectorMetric metric, double *scores)
{
	if (!model_can_compare(model))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model \"%s\" (algorithm \"%s\") does not support similarity queries",
						get_rel_name(model->relid), model->header.algorithm),
				 errhint("Train a factorization, such as als or svd, or a neighbor model.")));
	model->form->compare(model, side, row, metric, scores);
}

bool
model_has_part(const Model *model, ModelPart part)
{
	return model->part[part]->blocks > 0;
}

/* Number of rows of a part. */
int32
model_part_rows(const Model *model, ModelPart part)
{
	return (int32) model->part[part]->rows;
}

/* Number of columns of a part. */
int32
model_part_cols(const Model *model, ModelPart part)
{
	return (int32) model->part[part]->cols;
}

/* Was the model made to be without its ratings? */
static bool
needs_no_ratings(const Model *model)
{
	const ModelHeader *header = model->whole != NULL ? &model->whole->header : &model->header;
	JsonbValue	value;

	if (header->users == 0)
		return true;
	return json_get(header->options, "store_ratings", &value) && value.type == jbvBool &&
		!value.val.boolean;
}

static void
report_no_ratings(const Model *model)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("model \"%s\" has no ratings",
					get_rel_name(model->relid)),
			 errdetail(model->header.users == 0 ? "It was trained without any." :
					   "It was trained with store_ratings false."),
			 errhint(model->header.users == 0 ? "Train it on ratings." :
					 "Train it without the option \"store_ratings\".")));
}

/*
 * Error unless the model has the part, with that type and shape.  It is damaged
 * if it has not, but for ratings that it was made to do without.
 */
void
model_require_part(const Model *model, ModelPart part, BlockType type,
				   int64 rows, int64 cols)
{
	const PartState *state = model->part[part];

	if (state->blocks == 0 && part == PART_RATINGS && needs_no_ratings(model))
		report_no_ratings(model);
	if (state->blocks == 0)
		damaged(model, part, "it is missing");
	if (state->type != type || state->rows != rows || state->cols != cols)
		damaged(model, part, "it has another shape than the header says");
}

/*
 * Error if the text of a model would be misread: it was written in a database
 * of another encoding.  It is not converted, because its order is by bytes.
 */
static void
require_encoding(const Model *model)
{
	const ModelHeader *header = &model->header;

	if (header->encoding == NULL || header->ascii ||
		strcmp(header->encoding, GetDatabaseEncodingName()) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("model \"%s\" has text in encoding %s", get_rel_name(model->relid),
					header->encoding),
			 errdetail("It was trained in a database of that encoding; this one has %s.",
					   GetDatabaseEncodingName()),
			 errhint("Train it again here, with recsys_retrain.")));
}

/* Read and check a block that has not been read yet. */
static ModelBlock *
load_block(Model *model, ModelPart part, int number)
{
	PartState  *state = model->part[part];
	BlockState *block = &state->block[number];
	MemoryContext old;
	ModelBlock	read;
	const char *problem;

	if (state->type == BLOCK_TEXT)
		require_encoding(model);
	old = MemoryContextSwitchTo(model->context);
	if (!model->source->read(model->source, state->component, part, number, &read, &problem))
		damaged(model, part, problem);
	if (read.crc != block->crc || read.shape.part != part ||
		read.shape.type != state->type || read.shape.block != number ||
		read.shape.first_row != block->first_row ||
		read.shape.rows != block->rows || read.shape.cols != state->cols)
	{
		/* The model may stay in the cache: leave nothing in its memory. */
		pfree(read.payload);
		damaged(model, part, "a block is not the one that was written");
	}
	block->loaded = palloc(sizeof(ModelBlock));
	*block->loaded = read;
	MemoryContextSwitchTo(old);
	return block->loaded;
}

static ModelBlock *
get_block(Model *model, ModelPart part, int number)
{
	ModelBlock *loaded = model->part[part]->block[number].loaded;

	return loaded != NULL ? loaded : load_block(model, part, number);
}

/* The block that has a row, and in *local the row's place in it. */
static ModelBlock *
block_of_row(Model *model, ModelPart part, int32 row, uint32 *local)
{
	const PartState *state = model->part[part];
	int			low = 0;
	int			high = state->blocks - 1;

	Assert(row >= 0 && row < state->rows);
	while (low < high)
	{
		int			middle = (low + high + 1) / 2;

		if (state->block[middle].first_row <= row)
			low = middle;
		else
			high = middle - 1;
	}
	*local = row - state->block[low].first_row;
	return get_block(model, part, low);
}

/* A row of a dense part; it stays the model's. */
const float *
model_row(Model *model, ModelPart part, int32 row)
{
	uint32		local;
	ModelBlock *block = block_of_row(model, part, row, &local);

	return block->floats + (Size) local * block->shape.cols;
}

/* A row of a part that is one column of uint32s. */
uint32
model_uint32(Model *model, ModelPart part, int32 row)
{
	uint32		local;
	ModelBlock *block = block_of_row(model, part, row, &local);

	return block->uint32s[local];
}

/* A row of a sparse part; returns its number of entries. */
int32
model_sparse_row(Model *model, ModelPart part, int32 row, const int32 **index,
				 const float **value)
{
	uint32		local;
	ModelBlock *block = block_of_row(model, part, row, &local);

	*index = block->index + block->offset[local];
	*value = block->value + block->offset[local];
	return block->offset[local + 1] - block->offset[local];
}

/*
 * The items that a user has seen besides those that he has rated in training;
 * returns their number.
 */
int32
model_seen_row(Model *model, int32 user, const int32 **item)
{
	const float *value;

	if (!model_has_part(model, PART_SEEN))
		return 0;
	return model_sparse_row(model, PART_SEEN, user, item, &value);
}

/* Give back the memory of a block that has been copied. */
static void
unload_block(Model *model, ModelPart part, int number)
{
	BlockState *block = &model->part[part]->block[number];

	pfree(block->loaded->payload);
	pfree(block->loaded);
	block->loaded = NULL;
}

/* The whole of a dense part, of floats or uint32s; see model_load_floats. */
static void *
load_dense(Model *model, ModelPart part, int stride)
{
	PartState  *state = model->part[part];
	Size		size = mul_size(mul_size(state->rows, stride), sizeof(uint32));
	uint32	   *matrix = MemoryContextAllocExtended(CurrentMemoryContext, size,
													MCXT_ALLOC_HUGE);

	for (int b = 0; b < state->blocks; b++)
	{
		ModelBlock *block = get_block(model, part, b);

		for (uint32 r = 0; r < block->shape.rows; r++)
		{
			uint32	   *row = matrix + (Size) (block->shape.first_row + r) * stride;

			memcpy(row, (uint32 *) block->payload + (Size) r * state->cols,
				   state->cols * sizeof(uint32));
			memset(row + state->cols, 0, (stride - state->cols) * sizeof(uint32));
		}
		unload_block(model, part, b);
	}
	return matrix;
}

/*
 * The whole of a dense part as one matrix, in the current memory context, its
 * rows "stride" elements apart and filled up with zeros.
 */
float *
model_load_floats(Model *model, ModelPart part, int stride)
{
	return load_dense(model, part, stride);
}

/* The whole of a part that is one column of uint32s, likewise. */
uint32 *
model_load_uint32s(Model *model, ModelPart part)
{
	return load_dense(model, part, 1);
}

/* The whole of a sparse part, in the current memory context. */
void
model_load_sparse(Model *model, ModelPart part, SparseRows *matrix)
{
	PartState  *state = model->part[part];
	int64		entries = 0;

	for (int b = 0; b < state->blocks; b++)
		entries += get_block(model, part, b)->shape.extra;
	sparse_allocate(matrix, state->rows, state->cols, entries);
	entries = 0;
	for (int b = 0; b < state->blocks; b++)
	{
		ModelBlock *block = get_block(model, part, b);

		for (uint32 r = 0; r < block->shape.rows; r++)
			matrix->start[block->shape.first_row + r] = entries + block->offset[r];
		memcpy(matrix->index + entries, block->index, block->shape.extra * sizeof(int32));
		memcpy(matrix->value + entries, block->value, block->shape.extra * sizeof(float));
		entries += block->shape.extra;
		unload_block(model, part, b);
	}
	matrix->start[state->rows] = entries;
}

/* The ratings of a model, which its components hold in common. */
static void
share_ratings(Model *model, SparseRows *by_user, SparseRows *by_item)
{
	if (model->by_item == NULL)
	{
		SparseRows *loaded = palloc(sizeof(SparseRows) * 2);

		model_load_ratings(model, &loaded[0], &loaded[1]);
		model->by_user = &loaded[0];
		model->by_item = &loaded[1];
	}
	*by_user = *model->by_user;
	*by_item = *model->by_item;
}

/*
 * The ratings, which the model must have, both ways, likewise.  The arrays are
 * not the caller's to change: other components may have them too.
 */
void
model_load_ratings(Model *model, SparseRows *by_user, SparseRows *by_item)
{
	const ModelHeader *header = &model->header;

	if (model->whole != NULL)
	{
		share_ratings(model->whole, by_user, by_item);
		return;
	}
	model_require_part(model, PART_RATINGS, BLOCK_SPARSE, header->users, header->items);
	model_load_sparse(model, PART_RATINGS, by_user);
	sparse_allocate(by_item, header->items, header->users, sparse_entries(by_user));
	sparse_transpose(by_user, by_item);
}

/* Are the ids of this part integers, or else text? */
bool
model_ids_are_integers(const Model *model, ModelPart part)
{
	return model->part[part]->type == BLOCK_INT8;
}

/* The id of a dense index. */
Id
model_id(Model *model, ModelPart part, int32 row)
{
	uint32		local;
	ModelBlock *block = block_of_row(model, part, row, &local);

	return block_id(block, local);
}

/* The dense index of an id, or -1. */
int32
model_find_id(Model *model, ModelPart part, Id id)
{
	char		space[ID_TEXT_BYTES];
	int32		low = 0;
	int32		high = model->part[part]->rows;

	if (!id_convert(&id, model_ids_are_integers(model, part), space))
		return -1;
	while (low < high)
	{
		int32		middle = low + (high - low) / 2;
		int			order = id_compare(model_id(model, part, middle), id);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

/* The dense index of a user, or -1 if the model does not know it. */
int32
find_user(Model *model, Id id)
{
	return model_find_id(model, PART_USER_IDS, id);
}

/* The dense index of an item, likewise. */
int32
find_item(Model *model, Id id)
{
	return model_find_id(model, PART_ITEM_IDS, id);
}
