/*
 * draft.c
 *		A model as training leaves it, before it is written.
 */
#include "postgres.h"

#include "model/draft.h"
#include "model/json.h"

/* A draft without parts, palloc'd. */
ModelDraft *
draft_create(void)
{
	ModelDraft *draft = palloc0(sizeof(ModelDraft));

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

/* Add a list of ids, likewise. */
void
draft_add_ids(ModelDraft *draft, ModelPart part, const Ids *ids)
{
	draft->part[part] = (DraftPart) {
		.present = true, .type = ids->integer ? BLOCK_INT8 : BLOCK_TEXT,
			.rows = ids->count, .cols = 1, .ids = ids
	};
}

/* Add a sparse matrix, likewise. */
void
draft_add_sparse(ModelDraft *draft, ModelPart part, const SparseRows *matrix)
{
	draft->part[part] = (DraftPart) {
		.present = true, .type = BLOCK_SPARSE, .rows = matrix->rows,
			.cols = matrix->cols, .sparse = matrix
	};
}
