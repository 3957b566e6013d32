/*
 * draft.h
 *		A model as training leaves it, before it is written.
 */
#ifndef RECSYS_MODEL_DRAFT_H
#define RECSYS_MODEL_DRAFT_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "model/format.h"
#include "ratings/matrix.h"

/*
 * One part.  The arrays are not owned: they live in the memory of the training
 * run until the draft has been written.
 */
typedef struct DraftPart
{
	bool		present;
	BlockType	type;
	int32		rows;
	int32		cols;
	int			stride;			/* elements from one row to the next */
	const float *floats;
	const uint32 *uint32s;
	const Ids  *ids;
	const SparseRows *sparse;
} DraftPart;

typedef struct ModelDraft
{
	DraftPart	part[PART_COUNT];
	StringInfoData params;		/* members of a JSON object, for the form */
	bool		diverged;		/* is a number among them not finite? */
	double		scale;			/* what the ratings trained on were divided by */
	struct ModelDraft *component[MODEL_COMPONENTS];
	int			components;
} ModelDraft;

extern ModelDraft *draft_create(void);
extern void draft_add_floats(ModelDraft *draft, ModelPart part, const float *floats,
							 int32 rows, int32 cols, int stride);
extern void draft_add_uint32s(ModelDraft *draft, ModelPart part, const uint32 *uint32s,
							  int32 rows);
extern void draft_add_number(ModelDraft *draft, const char *name, double value);
extern void draft_add_offset(ModelDraft *draft, double offset);
extern void draft_add_unknown(ModelDraft *draft, double preference);
extern void draft_add_biases(ModelDraft *draft, const float *user_bias, int32 user_count,
							 const float *item_bias, int32 item_count, int stride);
extern void draft_add_factors(ModelDraft *draft, double offset,
							  const float *user_factors, int32 user_count,
							  const float *item_factors, int32 item_count,
							  int factors, int stride);
extern void draft_add_ids(ModelDraft *draft, ModelPart part, const Ids *ids);
extern void draft_add_sparse(ModelDraft *draft, ModelPart part,
							 const SparseRows *matrix);
extern void draft_add_items(ModelDraft *draft, Side neighbors, const int32 *index,
							int32 item_count);
extern void draft_add_component(ModelDraft *draft, ModelDraft *component);
extern ModelDraft *draft_as_component(const ModelDraft *draft);
extern bool draft_is_ascii(const ModelDraft *draft);

/* In builds with assertions: are the parts what they are called? */
#ifdef USE_ASSERT_CHECKING
extern void check_draft(const ModelDraft *draft);
#else
#define check_draft(draft) ((void) 0)
#endif

#endif							/* RECSYS_MODEL_DRAFT_H */
