/*
 * matrix_builder.h
 *		The interaction matrix: how it is built from rows.
 */
#ifndef RECSYS_RATINGS_MATRIX_BUILDER_H
#define RECSYS_RATINGS_MATRIX_BUILDER_H

#include "postgres.h"

#include "ratings/ids_builder.h"
#include "ratings/matrix.h"

typedef struct MatrixBuilder MatrixBuilder;

/* A row as a builder holds it; ids are numbers of its IdsBuilders. */
typedef struct Triple
{
	int32		user;
	int32		item;
	float		value;
} Triple;

/* Rows are held so many at a time. */
#define CHUNK_TRIPLES 16384

extern MatrixBuilder *matrix_builder_create(bool integer_users, bool integer_items);
extern void matrix_builder_add(MatrixBuilder *builder, Id user, Id item, float value);
extern int	matrix_builder_take(MatrixBuilder *builder, Triple *triples);
extern void matrix_builder_absorb(MatrixBuilder *builder, const Triple *triples, int count,
								  const int32 *user_number, const int32 *item_number);
extern IdsBuilder *matrix_builder_users(const MatrixBuilder *builder);
extern IdsBuilder *matrix_builder_items(const MatrixBuilder *builder);
extern Size matrix_builder_bytes(const MatrixBuilder *builder);
extern MatrixShape matrix_builder_shape(const MatrixBuilder *builder);
extern Size matrix_building_bytes(const MatrixShape *shape);
extern Interactions *matrix_builder_finish(MatrixBuilder *builder,
										   const RatingsPolicy *policy,
										   bool shared);

#endif							/* RECSYS_RATINGS_MATRIX_BUILDER_H */
