/*
 * progress.c
 *		The course of a training run: its log, and notices when it is long.
 *
 * A run shorter than two seconds says nothing; a longer one says where it
 * stands at most every two seconds.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "utils/float.h"

#include "engine/progress.h"

#define NOTICE_SECONDS 2.0

/* The clock of a run starts here.  Palloc'd. */
Progress *
progress_create(const char *algorithm)
{
	Progress   *progress = palloc0(sizeof(Progress));

	progress->algorithm = algorithm;
	progress->scale = 1;
	INSTR_TIME_SET_CURRENT(progress->start);
	return progress;
}

/* That of a run within another, from whose start its clock goes.  Palloc'd. */
Progress *
progress_of_component(const Progress *whole, const char *algorithm)
{
	Progress   *progress = progress_create(psprintf("%s, %s", whole->algorithm, algorithm));

	progress->quiet = whole->quiet;
	progress->start = whole->start;
	progress->last_notice = whole->last_notice;
	progress->first_iteration = progress_seconds(progress);
	return progress;
}

/* Seconds since the start. */
double
progress_seconds(const Progress *progress)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, progress->start);
	return INSTR_TIME_GET_DOUBLE(now);
}

/*
 * Announce that iterations begin, and how many there will be at most.  The log
 * is that of the iterations announced last.
 */
void
progress_plan(Progress *progress, int iterations)
{
	progress->planned = iterations;
	progress->done = 0;
	progress->first_iteration = progress_seconds(progress);
	progress->log = palloc(sizeof(IterationLog) * Max(iterations, 1));
}

/* Is it time for a notice?  If so, the time of the last one is now. */
static bool
notice_is_due(Progress *progress, double seconds)
{
	if (progress->quiet || seconds - progress->last_notice < NOTICE_SECONDS)
		return false;
	progress->last_notice = seconds;
	return true;
}

/*
 * Record the end of an iteration: the loss that is minimized and the RMSE on
 * the training ratings, in the scale that is trained on; NaN where they do not
 * apply.
 */
void
progress_iteration(Progress *progress, double loss, double train_rmse)
{
	double		seconds = progress_seconds(progress);
	IterationLog *log = &progress->log[progress->done++];
	double		left = (seconds - progress->first_iteration) / progress->done *
		(progress->planned - progress->done);

	log->loss = loss *= progress->scale * progress->scale;
	log->train_rmse = train_rmse *= progress->scale;
	log->seconds = seconds;
	if (!notice_is_due(progress, seconds))
		return;
	ereport(NOTICE,
			(errmsg("%s: iteration %d of %d, %s %.6g, %.1f s elapsed, about %.1f s left",
					progress->algorithm, progress->done, progress->planned,
					isnan(train_rmse) ? "loss" : "training RMSE",
					isnan(train_rmse) ? loss : train_rmse, seconds, left)));
}

/* Say, if it is time to, how far a long single step has come. */
void
progress_step(Progress *progress, const char *what, int64 done, int64 total)
{
	double		seconds = progress_seconds(progress);

	if (done == 0 || !notice_is_due(progress, seconds))
		return;
	ereport(NOTICE,
			(errmsg("%s: " INT64_FORMAT " of " INT64_FORMAT " %s, %.1f s elapsed, about %.1f s left",
					progress->algorithm, done, total, what, seconds,
					(seconds - progress->first_iteration) / done * (total - done))));
}
