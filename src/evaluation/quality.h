/*
 * quality.h
 *		How good a model is on ratings that it was not given.
 */
#ifndef RECSYS_EVALUATION_QUALITY_H
#define RECSYS_EVALUATION_QUALITY_H

#include "postgres.h"

#include "model/model.h"
#include "ratings/matrix.h"

/* What is measured, in the order in which it is shown. */
typedef enum Metric
{
	METRIC_RMSE,
	METRIC_MAE,
	METRIC_PRECISION,
	METRIC_RECALL,
	METRIC_HIT_RATE,
	METRIC_NDCG,
	METRIC_MAP,
	METRIC_MRR,
	METRIC_AUC,
	METRIC_COVERAGE,
	METRIC_NOVELTY,
	METRIC_GINI,
	METRIC_DIVERSITY,
	METRIC_POPULARITY,
	METRIC_USERS
} Metric;

#define METRIC_COUNT (METRIC_USERS + 1)

extern const char *const metric_names[];

/* What a model is tested by. */
typedef struct TestSet
{
	const Interactions *held_out;	/* rows to be predicted and found */
	const Interactions *known;	/* with the same ids: the profiles of users who are
								 * held out whole; NULL: nobody is */
	const Interactions *negatives;	/* to be ranked with what is held out, in place of
									 * the whole catalogue; NULL: none are given */
	int			sampled_negatives;	/* so many are drawn; 0: none */
	int			seed;			/* for that */
	double		relevant_from;	/* held-out rows below are not relevant */
} TestSet;

/* What to measure. */
typedef struct MeasureOptions
{
	bool		errors;			/* rmse and mae */
	bool		ranking;		/* all others */
	bool		popular;		/* of the popularity list and item means, too */
	int			n;				/* length of the lists */
} MeasureOptions;

/* NaN: not measured, or undefined. */
typedef struct Quality
{
	double		value[METRIC_COUNT];
} Quality;

extern Size quality_bytes(const MatrixShape *part, const MatrixShape *held_out,
						  const MeasureOptions *wanted, const TestSet *test, Size served);
extern void quality_measure(Model *model, const TestSet *test, const MeasureOptions *wanted,
							Quality *quality, Quality *popular);

#endif							/* RECSYS_EVALUATION_QUALITY_H */
