/*
 * algorithm.c
 *		Looking up algorithms, and what they need of ratings.
 */
#include "postgres.h"
#include "compat.h"

#include "engine/algorithm.h"
#include "engine/names.h"

/* The names of all algorithms.  Palloc'd, ends with NULL. */
static const char **
algorithm_names(void)
{
	int			count = 0;
	const char **names;

	while (algorithms[count] != NULL)
		count++;
	names = palloc(sizeof(char *) * (count + 1));
	for (int i = 0; i < count; i++)
		names[i] = algorithms[i]->name;
	names[count] = NULL;
	return names;
}

/* The algorithm of a given name.  Error, with the nearest: there is none. */
const Algorithm *
algorithm_lookup(const char *name)
{
	for (int i = 0; algorithms[i] != NULL; i++)
		if (strcmp(algorithms[i]->name, name) == 0)
			return algorithms[i];
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unknown algorithm \"%s\"", name),
			 errhint("%sThe view recsys_algorithms lists them all.",
					 suggestion(name, algorithm_names()))));
	return NULL;
}

/* Are the scores of a model of this algorithm ratings?  Else they are preferences. */
bool
predicts_ratings(const Algorithm *algorithm, const void *options)
{
	if (algorithm->predicts_ratings != NULL)
		return algorithm->predicts_ratings(options);
	return algorithm->feedback == FEEDBACK_EXPLICIT;
}

/* Do the lists of a model of this algorithm go by more than its predictions? */
bool
lists_are_damped(const Algorithm *algorithm, const void *options)
{
	return ((const CommonOptions *) options)->list_score == LIST_DAMPED &&
		(algorithm->list_algorithm != NULL || algorithm->list_by_counts) &&
		predicts_ratings(algorithm, options);
}

/* Error: some ratings are negative, which implicit feedback cannot be. */
void
require_weights(const Algorithm *algorithm, const Interactions *ratings)
{
	if (ratings->minimum >= 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("algorithm \"%s\" does not accept negative values", algorithm->name),
			 errdetail("It is for implicit feedback: how often or how much something was done.  The smallest value is %g.",
					   ratings->minimum),
			 errhint("Leave out what was not liked, for example with the options '{\"min_value\": 1, \"binarize\": true}', or use an algorithm for ratings.")));
}
