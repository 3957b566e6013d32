/*
 * trial.h
 *		A model of a part of the ratings, to be asked about the rest.
 */
#ifndef RECSYS_EVALUATION_TRIAL_H
#define RECSYS_EVALUATION_TRIAL_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "evaluation/concordance.h"
#include "model/model.h"
#include "ratings/subset.h"

/* What is tried on what. */
typedef struct Trial
{
	const Algorithm *algorithm;
	const void *options;
	const RatingsSource *source;
	const Interactions *whole;	/* every rating, nothing pruned */
} Trial;

/* Where the users and items of some ratings are in a model. */
typedef struct TrialIndex
{
	int32	   *user;			/* [users of the ratings] or -1 */
	int32	   *item;			/* [items of the ratings] or -1 */
} TrialIndex;

/* How far predictions are off. */
typedef struct PredictionErrors
{
	double		mse;
	double		mae;
} PredictionErrors;

extern Size trial_bytes(const Algorithm *algorithm, const void *options,
						const MatrixShape *part, Size test);
extern Model *trial_train(const Trial *trial, const SubsetFilter *filter);
extern TrialIndex trial_index(Model *model, const Interactions *ratings);
extern void trial_judge(Model *model, const Interactions *ratings, const TrialIndex *index,
						Judgement *judgement);
extern PredictionErrors judgement_errors(const Judgement *judgement, int64 count);

#endif							/* RECSYS_EVALUATION_TRIAL_H */
