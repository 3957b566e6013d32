/*
 * team.h
 *		The processes that share the work of a training run.
 *
 * A training run is a series of phases, each a number of units of work that do
 * not depend on each other.  The leader runs them by team_run, alone or with
 * parallel workers: a process that is free takes the next unit, and what a unit
 * does must not depend on which process that is.  Sums are kept for each unit and added in
 * the order of the units.  So the result is the same, to the last bit, for any
 * number of workers.
 */
#ifndef RECSYS_ENGINE_TEAM_H
#define RECSYS_ENGINE_TEAM_H

#include "postgres.h"

#include "engine/algorithm.h"

/* The most units a phase can have. */
#define TEAM_UNITS 1024

/* Rows are cut into so many units, or one each: enough for many workers. */
#define TEAM_ROW_UNITS 256

/* The most shared arrays a training run can have. */
#define TEAM_ARRAYS 16

typedef struct Team Team;

/* Some rows that follow each other. */
typedef struct RowRange
{
	int32		from;
	int32		to;				/* not with it */
} RowRange;

extern int	workers_for_ratings(int64 ratings);
extern int	team_workers(const Algorithm *algorithm, const void *options, int64 ratings);
extern int64 team_share_from(const Algorithm *algorithm, const void *options);
extern Team *team_create(int workers);
extern void team_launch(TrainContext *context);
extern void team_dismiss(TrainContext *context);
extern void team_release(Team *team);

extern void *team_array(TrainContext *context, int number, Size bytes);
extern float *team_vectors(TrainContext *context, int number, int32 rows, int stride);
extern int	team_row_units(const SparseRows *rows);
extern RowRange team_unit_rows(const SparseRows *rows, int unit);
extern double team_run(TrainContext *context, int phase, int64 argument, int units,
					   const char *what);
extern double team_run_rows(TrainContext *context, int phase, int64 argument,
							const SparseRows *rows, const char *what);

extern void team_init(void);

#endif							/* RECSYS_ENGINE_TEAM_H */
