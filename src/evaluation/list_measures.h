/*
 * list_measures.h
 *		How good the lists of many users are, each and all together.
 */
#ifndef RECSYS_EVALUATION_LIST_MEASURES_H
#define RECSYS_EVALUATION_LIST_MEASURES_H

#include "postgres.h"

#include "evaluation/metrics.h"
#include "serving/batch.h"

/* The ratings that a model was trained on. */
typedef struct Training
{
	SparseRows	by_user;
	SparseRows	by_item;
} Training;

extern void training_load(Model *model, Training *training);
extern double training_mean(const Training *training, int32 item);

extern Size lists_bytes(const MatrixShape *part);
extern void lists_measure(const Batch *batch, int k, const int64 *relevant,
						  const Training *training, Quality *quality);

#endif							/* RECSYS_EVALUATION_LIST_MEASURES_H */
