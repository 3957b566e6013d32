/*
 * slim_problem.h
 *		The weights of other items for one item, as slim looks for them.
 */
#ifndef RECSYS_ALGORITHMS_SLIM_PROBLEM_H
#define RECSYS_ALGORITHMS_SLIM_PROBLEM_H

#include "algorithms/held_gram.h"
#include "math/elastic_net.h"
#include "math/topk.h"

typedef struct SlimProblem
{
	const Interactions *ratings;
	const float *norm;			/* [items] G_jj */
	HeldGram	held;
	bool		binary;			/* is every rating taken as 1? */
	int			capacity;		/* the most candidates */

	ElasticNet	net;			/* of the candidates */
	int32	   *item;			/* [capacity] the candidates, popular ones first */
	int32	   *rank;			/* [capacity] their ranks */
	int			held_candidates;	/* how many of them are held: the first */
	float	   *rows;			/* [capacity x padded] of G, over the candidates */
	Scored	   *best;			/* [capacity] */

	/* Of all items; between two problems all 0, and -1. */
	float	   *common;			/* [items] the row of G at hand */
	int32	   *touched;		/* [items] where it is not 0 */
	int32	   *place;			/* [items] which candidate it is */
} SlimProblem;

extern Size slim_problem_bytes(int32 items, int capacity);
extern void slim_problem_allocate(SlimProblem *problem, int32 items);
extern void slim_problem_pose(SlimProblem *problem, int32 item, double l1, double l2);
extern void slim_problem_solve(SlimProblem *problem, double tolerance);

#endif							/* RECSYS_ALGORITHMS_SLIM_PROBLEM_H */
