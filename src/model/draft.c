/*
 * draft.c
 *		A model as training leaves it, before it is written.
 *
 * An algorithm adds parts by their names: arrays, which stay its own, and which
 * must live until the draft is written (encode.c).  Other
 * numbers that a form needs are members of a JSON object, the parameters.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "model/draft.h"
#include "model/json.h"
#include "ratings/sparse_rows.h"

/* A draft without parts, in the current memory context. */
ModelDraft *
draft_create(void)
{
	ModelDraft *draft = palloc0(sizeof(ModelDraft));

	draft->scale = 1;
	json_start(&draft->params);
	return draft;
}

/*
 * Add a dense matrix [rows x cols], whose row r starts at floats + r * stride.
 * The array must live until the draft is written.
 */
void
draft_add_floats(ModelDraft *draft, ModelPart part, const float *floats,
				 int32 rows, int32 cols, int stride)
{
	draft->part[part] = (DraftPart) {
		.present = true, .type = BLOCK_FLOAT4, .rows = rows, .cols = cols,
			.stride = stride, .floats = floats
	};
}

/* Add a column of uint32s; it must live until the draft is written. */
void
draft_add_uint32s(ModelDraft *draft, ModelPart part, const uint32 *uint32s, int32 rows)
{
	draft->part[part] = (DraftPart) {
		.present = true, .type = BLOCK_UINT4, .rows = rows, .cols = 1, .uint32s = uint32s
	};
}

/*
 * Add a number to the parameters.  One that is not finite, which JSON cannot
 * hold, marks the draft as diverged.
 */
void
draft_add_number(ModelDraft *draft, const char *name, double value)
{
	draft->diverged = draft->diverged || !isfinite(value);
	json_add_number(&draft->params, name, value);
}

/*
 * Add the offset of a factor model: the constant part of a prediction, in the
 * scale that is trained on.
 */
void
draft_add_offset(ModelDraft *draft, double offset)
{
	draft_add_number(draft, "offset", offset * draft->scale);
}

/*
 * Add what a factor model predicts, apart from biases, where the user or the
 * item is not known.  Without it, that is the mean of the ratings.
 */
void
draft_add_unknown(ModelDraft *draft, double preference)
{
	draft_add_number(draft, "unknown", preference);
}

/* Add the biases of users and items, "stride" elements apart. */
void
draft_add_biases(ModelDraft *draft, const float *user_bias, int32 user_count,
				 const float *item_bias, int32 item_count, int stride)
{
	draft_add_floats(draft, PART_USER_BIAS, user_bias, user_count, 1, stride);
	draft_add_floats(draft, PART_ITEM_BIAS, item_bias, item_count, 1, stride);
}

/* Add the offset and the vectors of a factor model. */
void
draft_add_factors(ModelDraft *draft, double offset, const float *user_factors, int32 user_count,
				  const float *item_factors, int32 item_count, int factors, int stride)
{
	draft_add_offset(draft, offset);
	draft_add_floats(draft, PART_USER_FACTORS, user_factors, user_count, factors, stride);
	draft_add_floats(draft, PART_ITEM_FACTORS, item_factors, item_count, factors, stride);
}

/* Add a list of ids; it must live until the draft is written. */
void
draft_add_ids(ModelDraft *draft, ModelPart part, const Ids *ids)
{
	draft->part[part] = (DraftPart) {
		.present = true, .type = ids->integer ? BLOCK_INT8 : BLOCK_TEXT,
			.rows = ids->count, .cols = 1, .ids = ids
	};
}

/* Add a sparse matrix; it must live until the draft is written. */
void
draft_add_sparse(ModelDraft *draft, ModelPart part, const SparseRows *matrix)
{
	draft->part[part] = (DraftPart) {
		.present = true, .type = BLOCK_SPARSE, .rows = matrix->rows,
			.cols = matrix->cols, .sparse = matrix
	};
}

/* Add the next component: a draft without ids, ratings and counts. */
void
draft_add_component(ModelDraft *draft, ModelDraft *component)
{
	Assert(draft->components < MODEL_COMPONENTS);
	draft->component[draft->components++] = component;
}

/* A draft of a whole model as one of a component, which it shares all else with.  Palloc'd. */
ModelDraft *
draft_as_component(const ModelDraft *draft)
{
	ModelDraft *component = palloc(sizeof(ModelDraft));

	*component = *draft;
	for (int part = 0; part < PART_COUNT; part++)
		if (part_is_shared(part))
			component->part[part].present = false;
	return component;
}

/* Is all text of a draft ASCII?  Then it is the same in every encoding. */
bool
draft_is_ascii(const ModelDraft *draft)
{
	for (int p = 0; p < PART_COUNT; p++)
	{
		const DraftPart *part = &draft->part[p];

		for (int64 i = 0; part->present && part->type == BLOCK_TEXT &&
			 i < part->ids->offset[part->rows]; i++)
			if (IS_HIGHBIT_SET(part->ids->bytes[i]))
				return false;
	}
	for (int c = 0; c < draft->components; c++)
		if (!draft_is_ascii(draft->component[c]))
			return false;
	return true;
}

#ifdef USE_ASSERT_CHECKING
/* The invariants of a part: one kind of array, of the shape that it says. */
static void
check_draft_part(const DraftPart *part)
{
	Assert((part->floats != NULL) + (part->uint32s != NULL) + (part->ids != NULL) +
		   (part->sparse != NULL) == 1);
	Assert((part->floats != NULL) == (part->type == BLOCK_FLOAT4));
	Assert((part->uint32s != NULL) == (part->type == BLOCK_UINT4));
	Assert((part->sparse != NULL) == (part->type == BLOCK_SPARSE));
	Assert(part->rows >= 0 && part->cols >= 0);
	Assert(part->floats == NULL || part->stride >= part->cols);
	if (part->ids != NULL)
	{
		Assert(part->rows == part->ids->count);
		check_ids(part->ids);
	}
	if (part->sparse != NULL)
	{
		Assert(part->rows == part->sparse->rows && part->cols == part->sparse->cols);
		check_sparse(part->sparse, SPARSE_UNIQUE, true);
	}
}

/* Is a part missing, or of so many rows and columns?  -1: of any number. */
static bool
draft_part_has_shape(const ModelDraft *draft, ModelPart number, int32 rows, int32 cols)
{
	const DraftPart *part = &draft->part[number];

	return !part->present || ((rows < 0 || part->rows == rows) && (cols < 0 || part->cols == cols));
}

/* Those of the parts of a model, or a component, with so many users and items. */
static void
check_draft_of(const ModelDraft *draft, int32 user_count, int32 item_count)
{
	for (int p = 0; p < PART_COUNT; p++)
		if (draft->part[p].present)
			check_draft_part(&draft->part[p]);
	Assert(draft_part_has_shape(draft, PART_RATINGS, user_count, item_count));
	Assert(draft_part_has_shape(draft, PART_SEEN, user_count, item_count));
	Assert(draft_part_has_shape(draft, PART_ITEM_COUNTS, item_count, 1));
	Assert(draft_part_has_shape(draft, PART_USER_BIAS, user_count, 1));
	Assert(draft_part_has_shape(draft, PART_ITEM_BIAS, item_count, 1));
	Assert(draft_part_has_shape(draft, PART_USER_FACTORS, user_count, -1));
	Assert(draft_part_has_shape(draft, PART_ITEM_FACTORS, item_count, -1));
	Assert(draft_part_has_shape(draft, PART_USER_CLUSTERS, user_count, 1));
	Assert(draft_part_has_shape(draft, PART_ITEM_CLUSTERS, item_count, 1));
	Assert(draft_part_has_shape(draft, PART_WEIGHTS, item_count, item_count));
	Assert(draft_part_has_shape(draft, PART_DENSE_WEIGHTS, item_count, item_count));
	Assert(draft_part_has_shape(draft, PART_ITEM_TERMS, item_count, draft->part[PART_TERMS].rows));
	Assert(draft->part[PART_NEIGHBORS].rows == draft->part[PART_NEIGHBORS].cols);
}

/*
 * The invariants of a draft that is complete: all parts have the shapes that the
 * numbers of users and items ask, and those of components as well.
 */
void
check_draft(const ModelDraft *draft)
{
	int32		user_count = draft->part[PART_USER_IDS].rows;
	int32		item_count = draft->part[PART_ITEM_IDS].rows;

	Assert(draft->part[PART_ITEM_IDS].present && draft->part[PART_ITEM_COUNTS].present);
	check_draft_of(draft, user_count, item_count);
	for (int c = 0; c < draft->components; c++)
		check_draft_of(draft->component[c], user_count, item_count);
}
#endif
