/*
 * warm_start.c
 *		Training that starts from the vectors of a model.
 *
 * The model may be of other ratings and of any factor algorithm.  A user or item
 * that both know, by its id, starts with the vector that it has in the model.
 */
#include "postgres.h"
#include "compat.h"

#include "access/table.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "engine/warm_start.h"
#include "model/json.h"
#include "model/model.h"
#include "model/table.h"
#include "ratings/trust.h"

/* Error: the model has no factors to start from. */
static void
require_factors(Model *model, const char *name)
{
	if (!model->form->has_factors || !model_has_part(model, PART_ITEM_FACTORS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("training cannot start from model \"%s\"", name),
				 errdetail("It was trained with algorithm \"%s\", and has no factors.",
						   model->header.algorithm)));
	/* Loading checks that the parts have the shapes that they should. */
	model_state(model);
}

/* Error if the owner of a model has no right to read one that it names. */
static void
require_claimant(Oid relid, Oid claimant)
{
	Relation	table = table_open(relid, NoLock);

	require_claimant_select(table, NULL, claimant);
	table_close(table, NoLock);
}

/*
 * The model of a given name, which stays valid as long as the current memory
 * context; the claimant is whose model has given it, or InvalidOid.  Errors:
 * there is none, it has no factors, and those of model_open.
 */
Model *
warm_start_open(const char *name, Oid claimant)
{
	Oid			type;
	Oid			relid = model_lookup(name, &type);
	Model	   *model = model_open(relid, type, CurrentMemoryContext);

	if (OidIsValid(claimant))
		require_claimant(relid, claimant);
	require_factors(model, name);
	return model;
}

/* The length of the vectors of a model. */
int
warm_start_factors(const Model *model)
{
	return model_part_cols(model, PART_ITEM_FACTORS);
}

/* The rows of a part of a side, for those whose id the model knows. */
static void
copy_side(Model *model, ModelPart id_part, ModelPart part, const Ids *ids,
		  float *vectors, int stride)
{
	Size		bytes = sizeof(float) * model_part_cols(model, part);

	if (ids->integer != model_ids_are_integers(model, id_part))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s ids of model \"%s\" and of the ratings are of different types",
						id_part == PART_USER_IDS ? "user" : "item", get_rel_name(model->relid)),
				 errdetail("Both must be integers, or neither.")));
	for (int32 row = 0; row < ids->count; row++)
	{
		int32		there = model_find_id(model, id_part, ids_get(ids, row));

		CHECK_FOR_INTERRUPTS();
		if (there >= 0)
			memcpy(vectors + (Size) row * stride, model_row(model, part, there), bytes);
	}
}

/*
 * Put the vectors of a model in the place of those of [users x stride] and
 * [items x stride], where their ids are in both.
 */
void
warm_start_vectors(Model *model, const Ids *users, float *user_vectors,
				   const Ids *items, float *item_vectors, int stride)
{
	copy_side(model, PART_USER_IDS, PART_USER_FACTORS, users, user_vectors, stride);
	copy_side(model, PART_ITEM_IDS, PART_ITEM_FACTORS, items, item_vectors, stride);
}

/*
 * Put the biases of a model in the place of those of [users] and [items], where
 * their ids are in both.  Returns the constant part of its predictions.
 */
double
warm_start_biases(Model *model, const Ids *users, float *user_bias,
				  const Ids *items, float *item_bias)
{
	if (model_has_part(model, PART_USER_BIAS))
		copy_side(model, PART_USER_IDS, PART_USER_BIAS, users, user_bias, 1);
	if (model_has_part(model, PART_ITEM_BIAS))
		copy_side(model, PART_ITEM_IDS, PART_ITEM_BIAS, items, item_bias, 1);
	/* Loading the model has checked it. */
	return json_get_number(model->header.params, "offset");
}
