/*
 * open.c
 *		Making a model from its header row.
 *
 * The header row has JSON, the header (header.c), and the manifest: a line for
 * each block with its place, shape and checksum.  Both are checked against their
 * checksums, and the parts of the model and of its components are given the
 * blocks that the manifest lists.  No block is read yet, but for the counts.
 *
 * A component of a model is a model itself, with a form and parts of its own;
 * the parts that all components have in common are those of the whole.
 */
#include "postgres.h"
#include "compat.h"

#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "math/kernels.h"
#include "model/encode.h"
#include "model/model.h"
#include "model/parts.h"

/* Bytes that a form keeps for a user or an item besides the parts, about. */
#define BYTES_OF_ROW 128

/* Make parts without blocks; those that components share are the whole's. */
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

/*
 * Read the manifest, and check it and the header's JSON against their
 * checksums.  Returns what is wrong, or NULL.
 */
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

/* Give all parts their blocks; returns what is wrong, or NULL. */
static const char *
add_blocks(Model *model, const ModelBlock *manifest)
{
	const ManifestEntry *entry = (const ManifestEntry *) manifest->uint32s;
	const char *problem = NULL;

	for (uint32 i = 1; i < manifest->shape.rows && problem == NULL; i++)
	{
		PartState  *part = part_of_entry(model, &entry[i]);

		problem = part == NULL ? "it lists an unknown part" : part_add_block(part, &entry[i]);
	}
	return problem;
}

/* Find the form that the header names; returns what is wrong, or NULL. */
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

/*
 * Make the components that the header describes; returns what is wrong, or
 * NULL.
 */
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

/* Read all that the header row says; returns what is wrong, or NULL. */
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

/* Note the bytes of a stored block: see MeasureBlock. */
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
 * Error unless every block of a part has the bytes that its rows need.
 * Returns how many the part takes in memory: as it is and transposed, or
 * padded.
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
			report_corrupt_part(model, part, "it is missing");
		if (least < 0 || block->bytes < least)
			report_corrupt_part(model, part, "it is shorter than the header says");
		stored = add_size(stored, block->bytes);
	}
	if (state->type == BLOCK_FLOAT4)
		padded = mul_size(state->rows, KERNEL_PADDED(state->cols) * sizeof(float));
	return Max(mul_size(stored, 2), padded);
}

/*
 * So far the header is only a claim.  Before memory is allocated by a size
 * that it claims, check that the table has the bytes, which needs no block to
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

/* What users have seen, which a model may have. */
static void
check_seen(Model *model)
{
	const ModelHeader *header = &model->header;
	int32		cold_users = model_part_rows(model, PART_COLD_USER_IDS);

	if (model_has_part(model, PART_SEEN))
		model_require_part(model, PART_SEEN, BLOCK_SPARSE, header->users, header->items);
	if (!model_has_part(model, PART_COLD_USER_IDS) && !model_has_part(model, PART_COLD_SEEN))
		return;
	model_require_part(model, PART_COLD_USER_IDS,
					   model_ids_are_integers(model, PART_USER_IDS) ? BLOCK_INT8 : BLOCK_TEXT,
					   cold_users, 1);
	model_require_part(model, PART_COLD_SEEN, BLOCK_SPARSE, cold_users, header->items);
}

/*
 * Check the parts that every model has, whatever its form.  Error: they are
 * missing or have another shape.
 */
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
	check_seen(model);
}

/* Read the part that every request needs. */
static void
load_counts(Model *model)
{
	for (int b = 0; b < model->part[PART_ITEM_COUNTS]->blocks; b++)
		part_block(model, PART_ITEM_COUNTS, b);
}

/*
 * Make a model from its header row, in the given context, which becomes the
 * model's.  Its blocks are read when they are needed, from the source, which
 * must live as long.  Error: the header is corrupt, or the model needs too
 * much memory.
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
		report_corrupt_part(model, PART_HEADER, problem);
	check_common_parts(model);
	if (!model_is_in_memory(model))
		check_sizes(model);
	load_counts(model);
	check_parts(model);
	MemoryContextSwitchTo(old);
	return model;
}
