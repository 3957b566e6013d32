/*
 * test_set.h
 *		What a model is tested by.
 */
#ifndef RECSYS_EVALUATION_TEST_SET_H
#define RECSYS_EVALUATION_TEST_SET_H

#include "postgres.h"

#include "math/list_quality.h"
#include "ratings/matrix.h"

typedef struct TestSet
{
	const Interactions *held_out;	/* rows to be predicted and found */
	const Interactions *known;	/* with the same ids: the profiles of users who are
								 * held out whole; NULL: nobody is */
	const Interactions *negatives;	/* to be ranked with what is held out, in place of
									 * the whole catalogue; NULL: none are given */
	int			sampled_negatives;	/* so many are drawn; 0: none */
	int			seed;			/* for that */
	double		relevant_from;	/* held-out rows below are not relevant */
	ListGain	gain;			/* of those that are, by their ratings */
	bool		include_seen;	/* may lists have what users have in training? */
} TestSet;

#endif							/* RECSYS_EVALUATION_TEST_SET_H */
