/*
 * part_names.h
 *		Which parts a model may have, and what they are called.
 */
#ifndef RECSYS_MODEL_PART_NAMES_H
#define RECSYS_MODEL_PART_NAMES_H

#include "postgres.h"

/* The parts of a model.  The numbers are in the blocks: never reuse one. */
typedef enum ModelPart
{
	PART_HEADER = 0,			/* uint4: the manifest, see encode.c */
	PART_USER_IDS = 1,			/* int8 or text, in order */
	PART_ITEM_IDS = 2,
	PART_RATINGS = 3,			/* sparse, users x items */
	PART_ITEM_COUNTS = 4,		/* float4, items x 1: number of ratings */
	PART_USER_BIAS = 5,			/* float4, users x 1 */
	PART_ITEM_BIAS = 6,			/* float4, items x 1 */
	PART_USER_FACTORS = 7,		/* float4, users x factors */
	PART_ITEM_FACTORS = 8,		/* float4, items x factors */
	PART_NEIGHBORS = 9,			/* sparse, items x items or users x users */
	PART_USER_CLUSTERS = 10,	/* uint4, users x 1: which cluster, from 0 */
	PART_ITEM_CLUSTERS = 11,	/* uint4, items x 1 */
	PART_CLUSTER_OFFSETS = 12,	/* float4, user clusters x item clusters */
	PART_WEIGHTS = 13,			/* sparse, items x items: what an item adds to others */
	PART_DENSE_WEIGHTS = 14,	/* float4, items x items: the same */
	PART_TERMS = 15,			/* text, in order */
	PART_ITEM_TERMS = 16,		/* sparse, items x terms */
	PART_SEEN = 17,				/* sparse, users x items: seen, but not among the ratings */
	PART_COLD_USER_IDS = 18,	/* int8 or text, in order: users who have no ratings here */
	PART_COLD_SEEN = 19			/* sparse, cold users x items: what they have seen */
} ModelPart;

#define PART_COUNT 20

/*
 * A model may be made of others, its components, numbered from 1: they share
 * its ids, ratings and counts, and have the other parts for themselves.  The
 * number 0 stands for the model itself.
 */
#define MODEL_COMPONENTS 16

/* A part of a component in one number; that of the model itself is the part. */
#define COMPONENT_PART(component, part) ((uint32) (component) << 8 | (part))

extern const char *part_name(ModelPart part);
extern const char *component_part_name(int component, ModelPart part);
extern bool part_of_name(const char *name, int *component, ModelPart *part);
extern bool part_is_shared(ModelPart part);

#endif							/* RECSYS_MODEL_PART_NAMES_H */
