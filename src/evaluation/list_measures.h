/*
 * list_measures.h
 *		How good the lists of many users are, each and all together.
 */
#ifndef RECSYS_EVALUATION_LIST_MEASURES_H
#define RECSYS_EVALUATION_LIST_MEASURES_H

#include "postgres.h"

#include "evaluation/metrics.h"
#include "evaluation/test_batch.h"

extern Size lists_bytes(const MatrixShape *part, const BatchShape *shape,
						const MeasureOptions *wanted);
extern void lists_measure(const TestBatch *test, const MeasureOptions *wanted,
						  const Training *training, int seed, Quality *quality);

#endif							/* RECSYS_EVALUATION_LIST_MEASURES_H */
