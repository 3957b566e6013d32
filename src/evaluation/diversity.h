/*
 * diversity.h
 *		How different from each other the items of a list are.
 */
#ifndef RECSYS_EVALUATION_DIVERSITY_H
#define RECSYS_EVALUATION_DIVERSITY_H

#include "postgres.h"

#include "evaluation/training.h"
#include "serving/batch.h"

extern Size diversity_bytes(const MatrixShape *part, const BatchShape *shape);
extern double mean_diversity(const Batch *batch, const SparseRows *by_item, int seed);

#endif							/* RECSYS_EVALUATION_DIVERSITY_H */
