/*
 * model.h
 *		A trained model, as serving sees it.
 *
 * model_open returns the newest version that the running query can see, from a
 * cache of this backend.  Its parts are read from the table when they are first
 * needed, and then stay.  The functions are defined in several files, named
 * below.
 */
#ifndef RECSYS_MODEL_MODEL_H
#define RECSYS_MODEL_MODEL_H

#include "postgres.h"

#include <math.h>

#include "compat.h"
#include "model/block_source.h"
#include "model/format.h"
#include "model/header.h"
#include "ratings/matrix.h"
#include "ratings/profile.h"

typedef struct ModelForm ModelForm;
typedef struct PartState PartState;

/* Bytes of the rows that a form computes and keeps, where any may be asked for. */
#define ROW_CACHE_BYTES ((Size) 64 * 1024 * 1024)

typedef struct Model
{
	Oid			relid;
	int32		version;
	const BlockSource *source;	/* of its blocks */
	ModelHeader header;
	const ModelForm *form;
	Size		row_cache_bytes;	/* for rows that a form computes */
	MemoryContext context;		/* holds all of the model */
	PartState **part;			/* [PART_COUNT] */
	void	   *state;			/* the form's own, once it is loaded */
	bool		loading;		/* loading the state has begun, and may have failed */

	/* The models that it consists of; they share its ids, ratings and counts. */
	struct Model **component;	/* [components] */
	int			components;
	struct Model *whole;		/* of a component: the model it is in; else NULL */

	/* The ratings both ways, once a component has asked for them. */
	SparseRows *by_user;
	SparseRows *by_item;
} Model;

/* How two vectors are compared, where a form has vectors. */
typedef enum VectorMetric
{
	VECTOR_COSINE,
	VECTOR_DOT,
	VECTOR_EUCLIDEAN,
	VECTOR_MANHATTAN
} VectorMetric;

/*
 * A form: a way to turn stored parts into scores.  Many algorithms share one;
 * serving knows forms, not algorithms.
 *
 * Users and items are dense indexes; -1 stands for one that the model does
 * not know, where that is allowed.
 *
 * NaN means that there is no score.  A score that could not be computed,
 * because numbers of the model are too large, is an error: finite_score.  That
 * can only be in single precision, as what the header says is bounded too
 * (LARGEST_NUMBER); what "predict" returns goes through model_clip.
 */
struct ModelForm
{
	const char *name;

	/*
	 * Check the parts of the model and make what the functions below need, in
	 * the current memory context, which is the model's.
	 */
	void	   *(*load) (Model *model);

	/* What it is called in the headers of older models; NULL: the same. */
	const char *old_name;

	/*
	 * Are predictions for one item after another cheaper than for one user
	 * after another?  NULL: no.  Ask model_prefers_item_order.
	 */
	bool		(*prefers_item_order) (const Model *model);

	/* The rating or preference; user or item or both may be -1. */
	double		(*predict) (Model *model, int32 user, int32 item);

	/*
	 * What predict says of a user and an item for which score_items has no score.
	 * NULL: there are no such pairs.
	 */
	double		(*fallback) (Model *model, int32 user, int32 item);

	/* Scores of all items for a user, NaN for those that have none. */
	void		(*score_items) (Model *model, int32 user, double *scores);

	/*
	 * The same for some users at once: scores [count x items].  NULL: there is
	 * no faster way than one after the other.
	 */
	void		(*score_users) (Model *model, const int32 *user, int count,
								float *scores);

	/*
	 * Scores of all items for somebody who was not in training, from what they
	 * have rated.  NULL: the form cannot.
	 */
	void		(*score_profile) (Model *model, const UserProfile *profile,
								  double *scores);

	/* Can it score items that nobody has rated, by something else than ratings? */
	bool		scores_cold_items;

	/* Are the scores the same for everybody?  Ask model_is_non_personalized. */
	bool		non_personalized;

	/* Are users and items vectors, the parts PART_USER_FACTORS and PART_ITEM_FACTORS? */
	bool		has_factors;

	/* Is it of nearest neighbors, and of which side?  They may be in PART_NEIGHBORS. */
	bool		has_neighbors;
	Side		neighbor_side;

	/*
	 * Similarities, or distances, of row "row" to all rows of its side, NaN
	 * where there is none.  NULL: the form has none.  Call model_compare.
	 */
	void		(*compare) (Model *model, Side side, int32 row,
							VectorMetric metric, double *scores);

	/* Has a model of this form something to compare?  NULL: any model has. */
	bool		(*can_compare) (const Model *model);
};

/* Defined by forms/registry.c; ends with NULL. */
extern const ModelForm *const model_forms[];

/* cache.c */
extern Model *model_open(Oid relid, Oid type, MemoryContext user);
extern void model_cache_init(void);

/* memory_limit.c */
extern void model_memory_limit_init(void);
extern void model_require_memory(Size bytes, const char *what);

/* open.c */
extern Model *model_create(Oid relid, const HeaderRow *row, const BlockSource *source,
						   MemoryContext context);

/* model.c */
pg_noreturn extern void report_corruption(Oid relid, int32 version, const char *part,
										  const char *problem);
pg_noreturn extern void report_overflow(const Model *model);
extern void *model_state(Model *model);
extern bool model_prefers_item_order(const Model *model);
extern bool model_is_non_personalized(const Model *model);
extern bool model_can_compare(const Model *model);
extern void model_compare(Model *model, Side side, int32 row, VectorMetric metric,
						  double *scores);

/* parts.c */
extern bool model_has_part(const Model *model, ModelPart part);
extern void model_require_part(const Model *model, ModelPart part, BlockType type,
							   int64 rows, int64 cols);
extern int32 model_part_rows(const Model *model, ModelPart part);
extern int32 model_part_cols(const Model *model, ModelPart part);
extern const float *model_row(Model *model, ModelPart part, int32 row);
extern uint32 model_uint32(Model *model, ModelPart part, int32 row);
extern UserProfile model_profile(Model *model, int32 user);
extern int32 model_seen_besides(Model *model, int32 user, int32 cold_user,
								const int32 **item);
extern float *model_load_floats(Model *model, ModelPart part, int stride);
extern uint32 *model_load_uint32s(Model *model, ModelPart part);
extern void model_load_sparse(Model *model, ModelPart part, SparseRows *matrix);
extern void model_load_ratings(Model *model, SparseRows *by_user, SparseRows *by_item);
extern bool model_ids_are_integers(const Model *model, ModelPart part);
extern Id	model_id(Model *model, ModelPart part, int32 row);
extern int32 model_find_id(Model *model, ModelPart part, Id id);
extern int32 find_user(Model *model, Id id);
extern int32 find_cold_user(Model *model, Id id);
extern int32 find_item(Model *model, Id id);

/* How many users, or items, a model has. */
static inline int32
model_side_count(const Model *model, Side side)
{
	return side == SIDE_ITEMS ? model->header.items : model->header.users;
}

/*
 * Is a model in memory alone?  Then its blocks are what this server has just
 * made, and there is nothing to measure.
 */
static inline bool
model_is_in_memory(const Model *model)
{
	return model->source->measure == NULL;
}

/* A score, or an error if it is not finite. */
static inline double
finite_score(const Model *model, double score)
{
	if (unlikely(!isfinite(score)))
		report_overflow(model);
	return score;
}

/* Keep a predicted rating within the range of the ratings, if that is asked. */
static inline double
model_clip(const Model *model, double rating)
{
	if (!model->header.clip || isnan(rating))
		return finite_score(model, rating);
	return Min(Max(rating, model->header.minimum), model->header.maximum);
}

#endif							/* RECSYS_MODEL_MODEL_H */
