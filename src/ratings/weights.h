/*
 * weights.h
 *		The weights of users as training takes them.
 */
#ifndef RECSYS_RATINGS_WEIGHTS_H
#define RECSYS_RATINGS_WEIGHTS_H

#include "postgres.h"

#include "math/weights.h"
#include "ratings/matrix.h"

extern WeightSpread spread_of_rows(const SparseRows *rows);
extern void transform_rows(const WeightRule *rule, SparseRows *rows);
extern void interactions_transform(Interactions *ratings, const WeightRule *rule);

#endif							/* RECSYS_RATINGS_WEIGHTS_H */
