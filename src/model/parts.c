/*
 * parts.c
 *		The parts of a model: reading their blocks, and rows of them.
 *
 * The manifest of a version says which blocks a part has.  A block is read and
 * checked when one of its rows is first asked for, and then stays: one user's
 * vector can be had without reading the whole matrix.  The functions that load a
 * whole part copy it, and give the memory of its blocks back.
 */
#include "postgres.h"
#include "compat.h"

#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "model/encode.h"
#include "model/json.h"
#include "model/model.h"
#include "model/parts.h"
#include "ratings/sparse_rows.h"

/* Report a part of a model whose stored bytes are not valid. */
void
report_corrupt_part(const Model *model, ModelPart part, const char *problem)
{
	report_corruption(model->relid, model->version,
					  component_part_name(model->part[part]->component, part), problem);
}

/* Append a line of the manifest to its part; returns what is wrong, or NULL. */
const char *
part_add_block(PartState *part, const ManifestEntry *entry)
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

#ifdef USE_ASSERT_CHECKING
/* The invariants of a part: blocks without a gap, and those loaded are theirs. */
static void
check_part(const PartState *part)
{
	int64		rows = 0;

	for (int b = 0; b < part->blocks; b++)
	{
		const BlockState *block = &part->block[b];

		Assert(block->rows > 0 && block->first_row == rows);
		rows += block->rows;
		if (block->loaded == NULL)
			continue;
		Assert(block->loaded->shape.type == part->type && block->loaded->shape.cols == part->cols);
		Assert(block->loaded->shape.rows == block->rows);
		check_model_block(block->loaded);
	}
	Assert(rows == part->rows && rows <= PG_INT32_MAX);
}

/* Those of all parts of a model and its components. */
void
check_parts(const Model *model)
{
	for (int p = 0; p < PART_COUNT; p++)
		check_part(model->part[p]);
	for (int c = 0; c < model->components; c++)
		check_parts(model->component[c]);
}
#endif

/* Has the model blocks of a part? */
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

/* Was the model meant to have no ratings? */
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

/* Report that a model was meant to have no ratings. */
static void
report_no_ratings(const Model *model)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("model \"%s\" has no ratings",
					get_rel_name(model->relid)),
			 errdetail(model->header.users == 0 ? "It was trained without ratings." :
					   "It was trained with store_ratings false."),
			 errhint(model->header.users == 0 ? "Train it on ratings." :
					 "Train it again without the option \"store_ratings\".")));
}

/*
 * Error unless the model has the part, with that type and shape.  Without it
 * the model is damaged, except if it was meant to have no ratings.
 */
void
model_require_part(const Model *model, ModelPart part, BlockType type,
				   int64 rows, int64 cols)
{
	const PartState *state = model->part[part];

	if (state->blocks == 0 && part == PART_RATINGS && needs_no_ratings(model))
		report_no_ratings(model);
	if (state->blocks == 0)
		report_corrupt_part(model, part, "it is missing");
	if (state->type != type || state->rows != rows || state->cols != cols)
		report_corrupt_part(model, part, "its shape is not what the header says");
}

/*
 * Error if the text of a model would be misread, because it was written in a
 * database of another encoding.  It cannot be converted: ids are in the order
 * of their bytes.
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

/*
 * Read and check a block that has not been read yet, into the model's memory.
 */
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
		report_corrupt_part(model, part, problem);
	if (read.crc != block->crc || read.shape.part != part ||
		read.shape.type != state->type || read.shape.block != number ||
		read.shape.first_row != block->first_row ||
		read.shape.rows != block->rows || read.shape.cols != state->cols)
	{
		/* The model may stay in the cache: leave nothing in its memory. */
		pfree(read.payload);
		report_corrupt_part(model, part, "a block is not the one that was written");
	}
	block->loaded = palloc(sizeof(ModelBlock));
	*block->loaded = read;
	MemoryContextSwitchTo(old);
	return block->loaded;
}

/* A block of a part, which is read if it has not been.  It stays the model's. */
ModelBlock *
part_block(Model *model, ModelPart part, int number)
{
	ModelBlock *loaded = model->part[part]->block[number].loaded;

	return loaded != NULL ? loaded : load_block(model, part, number);
}

/* The block that has a row; *local becomes the row's place in it. */
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
	return part_block(model, part, low);
}

/* A row of a dense part [columns]; it stays the model's. */
const float *
model_row(Model *model, ModelPart part, int32 row)
{
	uint32		local;
	ModelBlock *block = block_of_row(model, part, row, &local);

	return block->floats + (Size) local * block->shape.cols;
}

/* A row of a part with one column of uint32s. */
uint32
model_uint32(Model *model, ModelPart part, int32 row)
{
	uint32		local;
	ModelBlock *block = block_of_row(model, part, row, &local);

	return block->uint32s[local];
}

/*
 * A row of a sparse part, which stays the model's; returns its number of
 * entries.
 */
static int32
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
 * What a user has rated in training.  It is empty for a user whom the model
 * does not know (-1), and where the model was stored without its ratings.
 */
UserProfile
model_profile(Model *model, int32 user)
{
	UserProfile profile = {0};

	if (user < 0 || !model_has_part(model, PART_RATINGS))
		return profile;
	profile.count = model_sparse_row(model, PART_RATINGS, user, &profile.item,
									 &profile.value);
	return profile;
}

/*
 * The items that somebody has seen besides those that they have rated in
 * training: a user of the model, or (-1) a cold user, by the row of
 * find_cold_user, or (-1) somebody else.  Returns their number; they stay the
 * model's.
 */
int32
model_seen_besides(Model *model, int32 user, int32 cold_user, const int32 **item)
{
	const float *value;

	if (user >= 0 && model_has_part(model, PART_SEEN))
		return model_sparse_row(model, PART_SEEN, user, item, &value);
	if (user < 0 && cold_user >= 0)
		return model_sparse_row(model, PART_COLD_SEEN, cold_user, item, &value);
	return 0;
}

/* Free a block that has been copied. */
static void
unload_block(Model *model, ModelPart part, int number)
{
	BlockState *block = &model->part[part]->block[number];

	pfree(block->loaded->payload);
	pfree(block->loaded);
	block->loaded = NULL;
}

/* Load a dense part, of floats or uint32s; see model_load_floats. */
static void *
load_dense(Model *model, ModelPart part, int stride)
{
	PartState  *state = model->part[part];
	Size		size = mul_size(mul_size(state->rows, stride), sizeof(uint32));
	uint32	   *matrix = MemoryContextAllocExtended(CurrentMemoryContext, size,
													MCXT_ALLOC_HUGE);

	for (int b = 0; b < state->blocks; b++)
	{
		ModelBlock *block = part_block(model, part, b);

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
 * Load a dense part as one matrix, in the current memory context, with rows
 * "stride" elements apart that are padded with zeros.
 */
float *
model_load_floats(Model *model, ModelPart part, int stride)
{
	return load_dense(model, part, stride);
}

/* Load a part with one column of uint32s, in the current memory context. */
uint32 *
model_load_uint32s(Model *model, ModelPart part)
{
	return load_dense(model, part, 1);
}

/* Load a sparse part, in the current memory context. */
void
model_load_sparse(Model *model, ModelPart part, SparseRows *matrix)
{
	PartState  *state = model->part[part];
	int64		entries = 0;

	for (int b = 0; b < state->blocks; b++)
		entries += part_block(model, part, b)->shape.extra;
	sparse_allocate(matrix, state->rows, state->cols, entries);
	entries = 0;
	for (int b = 0; b < state->blocks; b++)
	{
		ModelBlock *block = part_block(model, part, b);

		for (uint32 r = 0; r < block->shape.rows; r++)
			matrix->start[block->shape.first_row + r] = entries + block->offset[r];
		memcpy(matrix->index + entries, block->index, block->shape.extra * sizeof(int32));
		memcpy(matrix->value + entries, block->value, block->shape.extra * sizeof(float));
		entries += block->shape.extra;
		unload_block(model, part, b);
	}
	matrix->start[state->rows] = entries;
	check_sparse(matrix, SPARSE_UNIQUE, true);
}

/* The ratings of a model, for one of its components; they are loaded once. */
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
 * Load the ratings both ways, in the current memory context.  The caller must
 * not change the arrays: other components may have them too.  Error: the model
 * has none.
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

/* Are the ids of a part integers, or else text? */
bool
model_ids_are_integers(const Model *model, ModelPart part)
{
	return model->part[part]->type == BLOCK_INT8;
}

/* The id with a dense index; its text stays the model's. */
Id
model_id(Model *model, ModelPart part, int32 row)
{
	uint32		local;
	ModelBlock *block = block_of_row(model, part, row, &local);

	return block_id(block, local);
}

/*
 * The dense index of an id of either kind, or -1.  By bisection, which reads
 * only some blocks.
 */
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

/*
 * The row of a user who has no ratings in training, but has seen something; -1:
 * the model does not know of any such user.
 */
int32
find_cold_user(Model *model, Id id)
{
	return model_has_part(model, PART_COLD_USER_IDS) ?
		model_find_id(model, PART_COLD_USER_IDS, id) : -1;
}

/* The dense index of an item, or -1 if the model does not know it. */
int32
find_item(Model *model, Id id)
{
	return model_find_id(model, PART_ITEM_IDS, id);
}
