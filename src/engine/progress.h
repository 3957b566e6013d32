/*
 * progress.h
 *		The course of a training run: its log, and notices when it is long.
 */
#ifndef RECSYS_ENGINE_PROGRESS_H
#define RECSYS_ENGINE_PROGRESS_H

#include "postgres.h"

#include "portability/instr_time.h"

#include "model/header.h"

typedef struct Progress
{
	const char *algorithm;
	instr_time	start;
	bool		quiet;			/* are there no notices? */
	double		scale;			/* what the ratings trained on were divided by */
	double		last_notice;	/* seconds since start */
	double		first_iteration;	/* when it began, likewise */
	int			planned;		/* iterations */
	int			done;
	IterationLog *log;			/* [done], room for planned */
} Progress;

extern Progress *progress_create(const char *algorithm);
extern Progress *progress_of_component(const Progress *whole, const char *algorithm);
extern double progress_seconds(const Progress *progress);
extern void progress_plan(Progress *progress, int iterations);
extern void progress_iteration(Progress *progress, double loss, double train_rmse);
extern void progress_step(Progress *progress, const char *what, int64 done, int64 total);

#endif							/* RECSYS_ENGINE_PROGRESS_H */
