/*
 * search_request.h
 *		What is asked of a search for the best setting.
 */
#ifndef RECSYS_CHOOSING_SEARCH_REQUEST_H
#define RECSYS_CHOOSING_SEARCH_REQUEST_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "evaluation/split_options.h"

typedef struct SearchRequest
{
	const Interactions *whole;
	const RatingsSource *source;
	const CommonOptions *common;	/* of all settings */
	bool		has_values;		/* are the ratings more than the fact that there is one? */
	List	   *algorithms;		/* of char *; NIL: all that declare a space */
	const Jsonb *space;			/* an object with one of space_create for each algorithm that
								 * is not to be searched as it declares itself */
	const Jsonb *start;			/* an algorithm and its options, to be tried too; NULL: none */
	const char *metric;
	const SplitOptions *split;	/* NULL: rows of each user are held out */
	int			trials;
	double		seconds;		/* of the whole, until a model is trained; NaN: no bound */
	int			seed;
	bool		choose;			/* may the popular list win, and blends be tried? */
	Size		held;			/* bytes in use besides the ratings */
	Progress   *progress;
} SearchRequest;

#endif							/* RECSYS_CHOOSING_SEARCH_REQUEST_H */
