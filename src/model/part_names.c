/*
 * part_names.c
 *		Which parts a model may have, and what they are called.
 *
 * A part has a number, which is in the blocks and in the manifest, and a name,
 * which is in the column "part" of a model's table.  The parts of a component
 * are called as those of a model, with the component's number before it:
 * "2.item_factors".
 */
#include "postgres.h"
#include "compat.h"

#include "model/part_names.h"

static const char *const part_names[PART_COUNT] = {
	[PART_HEADER] = "header",
	[PART_USER_IDS] = "user_ids",
	[PART_ITEM_IDS] = "item_ids",
	[PART_RATINGS] = "ratings",
	[PART_ITEM_COUNTS] = "item_counts",
	[PART_USER_BIAS] = "user_bias",
	[PART_ITEM_BIAS] = "item_bias",
	[PART_USER_FACTORS] = "user_factors",
	[PART_ITEM_FACTORS] = "item_factors",
	[PART_NEIGHBORS] = "neighbors",
	[PART_USER_CLUSTERS] = "user_clusters",
	[PART_ITEM_CLUSTERS] = "item_clusters",
	[PART_CLUSTER_OFFSETS] = "cluster_offsets",
	[PART_WEIGHTS] = "weights",
	[PART_DENSE_WEIGHTS] = "dense_weights",
	[PART_TERMS] = "terms",
	[PART_ITEM_TERMS] = "item_terms",
	[PART_SEEN] = "seen",
	[PART_COLD_USER_IDS] = "cold_user_ids",
	[PART_COLD_SEEN] = "cold_seen"
};

/* The name of a part of a model. */
const char *
part_name(ModelPart part)
{
	return part_names[part];
}

/*
 * The name of a part in the column "part" of a model's table: that of a
 * component has its number before it, and is palloc'd.
 */
const char *
component_part_name(int component, ModelPart part)
{
	if (component == 0)
		return part_names[part];
	return psprintf("%d.%s", component, part_names[part]);
}

/* What such a name stands for; false if it is not one. */
bool
part_of_name(const char *name, int *component, ModelPart *part)
{
	const char *dot = strchr(name, '.');

	*component = dot == NULL ? 0 : atoi(name);
	for (int p = 0; p < PART_COUNT; p++)
		if (strcmp(part_names[p], dot == NULL ? name : dot + 1) == 0)
		{
			*part = p;
			return *component >= 0 && *component <= MODEL_COMPONENTS;
		}
	return false;
}

/* Do components share this part with their model? */
bool
part_is_shared(ModelPart part)
{
	return part == PART_HEADER || part == PART_USER_IDS || part == PART_ITEM_IDS ||
		part == PART_RATINGS || part == PART_SEEN || part == PART_ITEM_COUNTS ||
		part == PART_COLD_USER_IDS || part == PART_COLD_SEEN;
}
