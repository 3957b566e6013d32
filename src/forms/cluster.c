/*
 * cluster.c
 *		The cluster form: the means of the user and of the item, and an offset
 *		for the pair of clusters that they are in.
 *
 * The prediction is mean + b_u + b_i + d_gh, where b are the means of the user
 * and of the item less that of all ratings, and g and h their clusters.
 */
#include "postgres.h"
#include "compat.h"

#include "forms/registry.h"

typedef struct ClusterState
{
	float	   *item_bias;		/* [items] */
	uint32	   *item_cluster;	/* [items] */
} ClusterState;

/* Error unless a cluster is one of so many. */
static void
require_cluster(const Model *model, ModelPart part, uint32 cluster, int32 clusters)
{
	if (cluster >= clusters)
		report_corruption(model->relid, model->version, part_name(part),
						  "it refers to a nonexistent cluster");
}

/* Error unless the parts have the shapes that they should. */
static void
check_parts(Model *model)
{
	const ModelHeader *header = &model->header;

	model_require_part(model, PART_USER_BIAS, BLOCK_FLOAT4, header->users, 1);
	model_require_part(model, PART_ITEM_BIAS, BLOCK_FLOAT4, header->items, 1);
	model_require_part(model, PART_USER_CLUSTERS, BLOCK_UINT4, header->users, 1);
	model_require_part(model, PART_ITEM_CLUSTERS, BLOCK_UINT4, header->items, 1);
	model_require_part(model, PART_CLUSTER_OFFSETS, BLOCK_FLOAT4,
					   model_part_rows(model, PART_CLUSTER_OFFSETS),
					   model_part_cols(model, PART_CLUSTER_OFFSETS));
}

/* See ModelForm. */
static void *
cluster_load(Model *model)
{
	ClusterState *state = palloc0(sizeof(ClusterState));

	check_parts(model);
	state->item_bias = model_load_floats(model, PART_ITEM_BIAS, 1);
	state->item_cluster = model_load_uint32s(model, PART_ITEM_CLUSTERS);
	for (int32 item = 0; item < model->header.items; item++)
		require_cluster(model, PART_ITEM_CLUSTERS, state->item_cluster[item],
						model_part_cols(model, PART_CLUSTER_OFFSETS));
	return state;
}

/* The offsets of a user's cluster, for each cluster of items. */
static const float *
offsets_of_user(Model *model, int32 user)
{
	uint32		cluster = model_uint32(model, PART_USER_CLUSTERS, user);

	require_cluster(model, PART_USER_CLUSTERS, cluster,
					model_part_rows(model, PART_CLUSTER_OFFSETS));
	return model_row(model, PART_CLUSTER_OFFSETS, cluster);
}

/* See ModelForm. */
static double
cluster_predict(Model *model, int32 user, int32 item)
{
	ClusterState *state = model_state(model);
	double		rating = model->header.mean;

	if (user >= 0)
		rating += *model_row(model, PART_USER_BIAS, user);
	if (item >= 0)
		rating += state->item_bias[item];
	if (user >= 0 && item >= 0)
		rating += offsets_of_user(model, user)[state->item_cluster[item]];
	return rating;
}

/* See ModelForm. */
static void
cluster_score_items(Model *model, int32 user, double *scores)
{
	ClusterState *state = model_state(model);
	double		base = model->header.mean + *model_row(model, PART_USER_BIAS, user);
	const float *offset = offsets_of_user(model, user);

	for (int32 item = 0; item < model->header.items; item++)
		scores[item] = base + state->item_bias[item] + offset[state->item_cluster[item]];
}

const ModelForm cluster_form = {
	.name = "cluster",
	.load = cluster_load,
	.predict = cluster_predict,
	.score_items = cluster_score_items
};
