/*
 * test_batch.h
 *		The lists that a model is asked for when it is tested.
 */
#ifndef RECSYS_EVALUATION_TEST_BATCH_H
#define RECSYS_EVALUATION_TEST_BATCH_H

#include "postgres.h"

#include "evaluation/fold.h"
#include "evaluation/metrics.h"
#include "evaluation/test_set.h"
#include "evaluation/training.h"
#include "serving/batch.h"

/* A test of a model, and where in the model what it is about is. */
typedef struct PlacedTest
{
	Model	   *model;
	const TestSet *test;
	FoldIndex	index;			/* of what is held out */
	Training	training;
} PlacedTest;

/* The users whose lists can be judged. */
typedef struct TestBatch
{
	int32	   *user;			/* [users of the batch] row of what is held out */
	int64	   *relevant;		/* [users of the batch] number of relevant items, with those
								 * that the model does not know */
	double	   *gain;			/* of each relevant item of the batch; NULL: 1 */
	double	   *ideal;			/* [users of the batch] gain of the best list, if there are
								 * gains */
	Batch	   *batch;
} TestBatch;

extern BatchShape test_batch_most(const TestSet *test, const MatrixShape *part,
								  const MatrixShape *held_out, const MeasureOptions *wanted);
extern Size test_gains_bytes(const TestSet *test, const MatrixShape *held_out);
extern TestBatch test_batch_create(const PlacedTest *placed, const MeasureOptions *wanted);

#endif							/* RECSYS_EVALUATION_TEST_BATCH_H */
