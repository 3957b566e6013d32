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

/*
 * Seconds to find the best of each row from all rows that share a column with
 * it, which are met in so many pairs.
 */
double
cost_of_pairs(double pairs, double rows)
{
	return COST_PAIR * pairs + COST_SUM * Min(pairs, rows * rows);
}

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

/* Seconds that a run on ratings takes with the workers it will have. */
double
expected_seconds(const Algorithm *algorithm, const void *options, const Interactions *ratings)
{
	DataTraits	traits = traits_of_ratings(ratings);
	int			workers = team_workers(algorithm, options, traits.shape.ratings);

	return algorithm_cost(algorithm, &traits, options) / (1 + workers);
}

/*
 * Notice, if it is long: how many seconds one training, or several, will take on
 * ratings or on most of them, unless the options are quiet.
 */
void
report_seconds(const Algorithm *algorithm, const void *options, double seconds,
			   int trainings, const Interactions *ratings)
{
	if (seconds < LONG_RUN || ((const CommonOptions *) options)->quiet)
		return;
	ereport(NOTICE,
			(errmsg_plural("%s: training will take about %.0f s",
						   "%s: training several times will take about %.0f s",
						   trainings, algorithm->name, round_seconds(seconds)),
			 errdetail("This is a rough estimate for %d users, %d items and " INT64_FORMAT " ratings.",
					   ratings->users.count, ratings->items.count,
					   sparse_entries(&ratings->by_user)),
			 errhint("%s", algorithm->long_run_hint)));
}
