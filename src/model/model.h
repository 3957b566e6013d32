/*
 * model.h
 *		A trained model, as serving sees it.
 *
 * model_open gives the newest version that the running query can see, from a
 * cache of this backend; its parts are read from the table when they are first
 * needed, and then stay.
 */
#ifndef RECSYS_MODEL_MODEL_H
#define RECSYS_MODEL_MODEL_H

#include "postgres.h"

#include "compat.h"
#include "model/format.h"
#include "model/header.h"
#include "model/table.h"

typedef struct ModelForm ModelForm;
typedef struct PartState PartState;
typedef struct ModelImage ModelImage;

typedef struct Model
{
	Oid			relid;
	int32		version;
	const ModelImage *image;	/* its blocks; NULL: they are in the table */
	ModelHeader header;
	const ModelForm *form;
	Size		row_cache_bytes;	/* for rows that a form computes */
	MemoryContext context;		/* holds all of the model */
	PartState **part;			/* [PART_COUNT] */
	void	   *state;			/* the form's own, once it is loaded */
	bool		loading;		/* loading it has begun, and may have failed */

	/* Models of which it is made; they share its ids, ratings and counts. */
	struct Model **component;	/* [components] */
	int			components;
	struct Model *whole;		/* of a component: the model it is in; else NULL */

	/* The ratings both ways, once a component has asked for them. */
	SparseRows *by_user;
	SparseRows *by_item;
} Model;

extern Model *model_open(Oid relid, Oid type, MemoryContext user);
extern void *model_state(Model *model);
extern void model_cache_init(void);

extern Model *model_create(Oid relid, const HeaderRow *row, const ModelImage *image,
						   MemoryContext context);
pg_noreturn extern void report_damage(Oid relid, int32 version, const char *part,
									  const char *problem);

pg_noreturn extern void report_overflow(const Model *model);

extern void model_require_memory(Size bytes, const char *what);
extern bool model_has_part(const Model *model, ModelPart part);
extern void model_require_part(const Model *model, ModelPart part, BlockType type,
							   int64 rows, int64 cols);
extern int32 model_part_rows(const Model *model, ModelPart part);
extern int32 model_part_cols(const Model *model, ModelPart part);
extern const float *model_row(Model *model, ModelPart part, int32 row);
extern uint32 model_word(Model *model, ModelPart part, int32 row);
extern int32 model_seen_row(Model *model, int32 user, const int32 **item);
extern int32 model_sparse_row(Model *model, ModelPart part, int32 row,
							  const int32 **index, const float **value);
extern float *model_load_floats(Model *model, ModelPart part, int stride);
extern uint32 *model_load_words(Model *model, ModelPart part);
extern void model_load_sparse(Model *model, ModelPart part, SparseRows *matrix);
extern void model_load_ratings(Model *model, SparseRows *by_user, SparseRows *by_item);
extern bool model_ids_are_integers(const Model *model, ModelPart part);
extern Id	model_id(Model *model, ModelPart part, int32 row);
extern int32 model_find_id(Model *model, ModelPart part, Id id);

#endif							/* RECSYS_MODEL_MODEL_H */
