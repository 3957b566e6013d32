/*
 * split.h
 *		What of the ratings is held out.
 */
#ifndef RECSYS_EVALUATION_SPLIT_H
#define RECSYS_EVALUATION_SPLIT_H

#include "postgres.h"

#include "evaluation/split_options.h"
#include "evaluation/test_set.h"
#include "ratings/source.h"
#include "ratings/subset.h"

/* Where a split reads. */
typedef struct SplitSources
{
	const ColumnNames *columns; /* the same of all relations */
	const RatingsSource *ratings;
	RatingsPolicy policy;
} SplitSources;

/* Labels of the ratings: what is trained on has the first. */
#define LABEL_TRAINING 0
#define LABEL_HELD_OUT 1
#define LABEL_KNOWN 2

typedef struct Split
{
	TestSet		test;
	uint8	   *label;			/* [ratings of the whole] */
} Split;

extern MatrixShape split_held_out_shape(const SplitOptions *options,
										const MatrixShape *whole, const TestSet *test);
extern TestSet split_read(const SplitOptions *options, const SplitSources *sources);
extern Split split_make(const SplitOptions *options, const SplitSources *sources,
						const TestSet *read, const Interactions *whole);
extern const Interactions *test_without_training(const Interactions *test,
												 const int32 *user, const int32 *item,
												 const SparseRows *training,
												 const char *relation);

#endif							/* RECSYS_EVALUATION_SPLIT_H */
