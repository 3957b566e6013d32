/*
 * experiment.h
 *		Trying one or several settings of an algorithm on one split.
 */
#ifndef RECSYS_EVALUATION_EXPERIMENT_H
#define RECSYS_EVALUATION_EXPERIMENT_H

#include "postgres.h"

#include "fmgr.h"

#include "evaluation/fold.h"
#include "evaluation/quality.h"
#include "evaluation/split.h"

typedef struct Experiment
{
	const Algorithm *algorithm;
	void	  **options;		/* [candidates] of the algorithm */
	int			candidates;
	Oid			relid;
	ColumnNames columns;
	SplitOptions split_options;
	MeasureOptions wanted;
	Progress   *progress;
	bool	   *too_large;		/* [candidates] that do not fit into the memory, if others
								 * do; NULL: that is an error */

	/* Made by experiment_prepare. */
	SplitSources sources;
	Interactions *whole;
	Split		split;
} Experiment;

extern bool experiment_can_fold_in(const Algorithm *algorithm, const void *options);
extern bool experiment_predicts_ratings(const Experiment *experiment, int candidate);
extern int	list_length_argument(FunctionCallInfo fcinfo, int n);
extern void experiment_prepare(Experiment *experiment);
extern void experiment_run(const Experiment *experiment, int candidate, Quality *quality,
						   Quality *popular);

#endif							/* RECSYS_EVALUATION_EXPERIMENT_H */
