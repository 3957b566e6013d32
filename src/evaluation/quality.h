/*
 * quality.h
 *		How good a model is on ratings that it was not given.
 */
#ifndef RECSYS_EVALUATION_QUALITY_H
#define RECSYS_EVALUATION_QUALITY_H

#include "postgres.h"

#include "evaluation/metrics.h"
#include "evaluation/test_set.h"
#include "model/model.h"
#include "ratings/matrix.h"

extern Size quality_bytes(const MatrixShape *part, const MatrixShape *held_out,
						  const MeasureOptions *wanted, const TestSet *test, Size served);
extern void quality_measure(Model *model, const TestSet *test, const MeasureOptions *wanted,
							Quality *quality, Quality *popular);

#endif							/* RECSYS_EVALUATION_QUALITY_H */
