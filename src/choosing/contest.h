/*
 * contest.h
 *		Measuring settings on the rungs of a search.
 */
#ifndef RECSYS_CHOOSING_CONTEST_H
#define RECSYS_CHOOSING_CONTEST_H

#include "postgres.h"

#include "evaluation/fold.h"
#include "evaluation/quality.h"
#include "choosing/rungs.h"
#include "choosing/search_request.h"
#include "choosing/space.h"
#include "choosing/trial.h"

/* A setting that takes part. */
typedef struct Contestant
{
	Trial		trial;			/* its options are those for all ratings */
	const Algorithm *algorithm;
	const Space *space;
	const double *place;
	double		latest;			/* seconds of the last trial */
} Contestant;

/* Where it takes place. */
typedef struct Contest
{
	const SearchRequest *request;
	Metric		metric;
	MeasureOptions wanted;
	const Rungs *rungs;
	const Rung *rung;			/* the one at hand */
	int			number;			/* of it, from 0 on */
	double		popular;		/* the baseline there; NaN: not measured yet */
	DataTraits	traits;			/* of all ratings */
	StringInfoData left_out;	/* what did not fit, for people */
} Contest;

extern void contest_note(Contest *contest, const char *algorithm, const char *reason);
extern Contestant *contest_enter(Contest *contest, const Space *space, const double *place,
								 int number);
extern bool contest_can_enter(Contest *contest, Contestant *contestant);
extern void contest_set_rung(Contest *contest, int number);
/* Something that is done with a setting. */
typedef void (*ContestStep) (Contest *contest, Contestant *contestant, void *arg);

extern FoldRun *contest_train(const Contest *contest, const Contestant *contestant);
extern void contest_measure_model(Contest *contest, Contestant *contestant, Model *model);
extern bool contest_try(Contest *contest, Contestant *contestant, Size more, ContestStep step,
						void *arg);
extern Size contest_training_bytes(const Contest *contest, const Contestant *contestant);
extern double contest_cost(const Contest *contest, const Contestant *contestant);
extern void contest_report(const Contest *contest, const Trial *trial);
extern bool contest_measure(Contest *contest, Contestant *contestant);

#endif							/* RECSYS_CHOOSING_CONTEST_H */
