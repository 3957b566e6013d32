/*
 * cost.c
 *		How long a training run will take, roughly.
 *
 * Most algorithms take time in proportion to the ratings.  Some do not: they go
 * through all pairs of items of a user, through all users and items, or invert
 * a matrix.  With those a table that is ten times larger, or one user with very
 * many items, makes hours of seconds.  So an algorithm says what it will cost
 * once the ratings are known, and who waits is told before they do.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "engine/cost.h"
#include "engine/suit.h"
#include "engine/team.h"

/* Seconds from which on a run is announced as long. */
#define LONG_RUN 60

/* Multiplications for each element of the vectors that a step changes. */
#define PRODUCTS_OF_STEP 6

/* Seconds of stochastic gradient descent: a step for each rating, in so many passes. */
double
cost_of_steps(double passes, double ratings, int factors)
{
	return passes * ratings * (COST_STEP + PRODUCTS_OF_STEP * COST_PRODUCT * factors);
}

/*
 * Seconds that a run takes on one core.  0 where time is in proportion to the
 * ratings, and little.
 */
double
algorithm_cost(const Algorithm *algorithm, const DataTraits *traits, const void *options)
{
	void	   *suited = options_suited(algorithm, options, traits);
	double		seconds = algorithm->cost == NULL ? 0 : algorithm->cost(traits, suited);

	pfree(suited);
	return seconds;
}

/* A number of seconds with two digits at most that say something. */
static double
round_seconds(double seconds)
{
	double		unit = pow(10, floor(log10(seconds)) - 1);

	return rint(seconds / unit) * unit;
}

/* Notice: the run that is about to start will take long. */
void
report_cost(const TrainContext *context)
{
	const Algorithm *algorithm = context->algorithm;
	DataTraits	traits = traits_of_ratings(context->ratings);
	int			workers = interactions_are_shared(context->ratings) ?
		team_workers(algorithm, context->options, traits.shape.ratings) : 0;
	double		seconds = algorithm_cost(algorithm, &traits, context->options) / (1 + workers);

	if (seconds < LONG_RUN || ((const CommonOptions *) context->options)->quiet)
		return;
	ereport(NOTICE,
			(errmsg("%s: training will take about %.0f s", algorithm->name,
					round_seconds(seconds)),
			 errdetail("This is a rough estimate for %d users, %d items and " INT64_FORMAT " ratings.",
					   traits.shape.users, traits.shape.items, traits.shape.ratings),
			 errhint("%s", algorithm->long_run_hint)));
}
