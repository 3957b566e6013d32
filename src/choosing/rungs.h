/*
 * rungs.h
 *		Growing samples of users, and what of their ratings is held out.
 */
#ifndef RECSYS_CHOOSING_RUNGS_H
#define RECSYS_CHOOSING_RUNGS_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "evaluation/split.h"

typedef struct Rungs
{
	const Interactions *whole;
	int			count;
	int32	   *size;			/* [count] users of each sample */
	int32	   *place;			/* [users] in random order: who comes first is in the first samples */
	const uint8 *label;			/* [ratings] a fold, or of a split its label */
	const Split *split;			/* NULL: folds are held out */
	bool		given;			/* are the split's rows of another relation? */
} Rungs;

/* One of them. */
typedef struct Rung
{
	uint8	   *label;			/* [ratings of the whole] as of a split */
	TestSet		test;
	DataTraits	traits;			/* of what is trained on */
} Rung;

extern Rungs *rungs_create(const Interactions *whole, const Split *split, bool given,
						   int seed);
extern Size rungs_bytes(const MatrixShape *whole);
extern Rung *rung_create(const Rungs *rungs, int number);

#endif							/* RECSYS_CHOOSING_RUNGS_H */
