/*
 * test_batch.h
 *		The lists that a model is asked for when it is tested.
 */
#ifndef RECSYS_EVALUATION_TEST_BATCH_H
#define RECSYS_EVALUATION_TEST_BATCH_H

#include "postgres.h"

#include "evaluation/fold.h"
#include "evaluation/list_measures.h"
#include "evaluation/test_set.h"
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
	Batch	   *batch;
} TestBatch;

extern BatchShape test_batch_most(const TestSet *test, const MatrixShape *part,
								  const MatrixShape *held_out, int n);
extern TestBatch test_batch_create(const PlacedTest *placed, int n);

#endif							/* RECSYS_EVALUATION_TEST_BATCH_H */
