/*
 * fold.h
 *		A model of a part of the ratings, to be asked about the rest.
 */
#ifndef RECSYS_EVALUATION_FOLD_H
#define RECSYS_EVALUATION_FOLD_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "evaluation/concordance.h"
#include "model/model.h"
#include "ratings/subset.h"

/* What is tried on what. */
typedef struct TrainedFold
{
	const Algorithm *algorithm;
	const void *options;
	const RatingsSource *source;
	const Interactions *whole;	/* every rating, nothing pruned */
} TrainedFold;

/* The training on a part, and what came of it. */
typedef struct FoldRun
{
	TrainContext training;
	Interactions *part;
	MemoryContext scratch;		/* where all of it lives */
} FoldRun;

/* Where the users and items of some ratings are in a model. */
typedef struct FoldIndex
{
	int32	   *user;			/* [users of the ratings] or -1 */
	int32	   *cold_user;		/* [users of the ratings] row of find_cold_user, or -1 */
	int32	   *item;			/* [items of the ratings] or -1 */
} FoldIndex;

/* How far predictions are off. */
typedef struct PredictionErrors
{
	double		mse;
	double		mae;
} PredictionErrors;

extern Size fold_served_bytes(const Algorithm *algorithm, const void *options,
							  const MatrixShape *part);
extern Size fold_bytes(const Algorithm *algorithm, const void *options,
					   const MatrixShape *part, Size test);
extern FoldRun *fold_run(const TrainedFold *fold, const SubsetFilter *filter);
extern FoldRun *fold_join(FoldRun *const *part, int parts, const Algorithm *algorithm,
						  const void *options);
extern Model *fold_model(const FoldRun *run);
extern void fold_end(FoldRun *run);
extern Model *fold_train(const TrainedFold *fold, const SubsetFilter *filter);
extern FoldIndex fold_index(Model *model, const Interactions *ratings);
extern void fold_predict(Model *model, const Interactions *ratings, const FoldIndex *index,
						 Prediction *prediction);
extern PredictionErrors prediction_errors(const Prediction *prediction, int64 count);

#endif							/* RECSYS_EVALUATION_FOLD_H */
