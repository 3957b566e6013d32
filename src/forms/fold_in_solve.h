/*
 * fold_in_solve.h
 *		The vector of somebody who was not in training, in a factor model.
 */
#ifndef RECSYS_FORMS_FOLD_IN_SOLVE_H
#define RECSYS_FORMS_FOLD_IN_SOLVE_H

#include "postgres.h"

#include "forms/fold_in.h"
#include "ratings/profile.h"

/* The item side of the model. */
typedef struct FoldItems
{
	int32		count;
	int			stride;			/* of the vectors; 0: there are none */
	const float *vectors;		/* [count x stride] */
	const float *bias;			/* [count]; NULL: none */
	double		offset;
	const float *gram;			/* [stride x stride] of the vectors; weighted only */
	const double *drawn;		/* [count + 1] observations of the items before;
								 * ranking by popularity only */
} FoldItems;

extern void fold_in_solve(const FoldIn *fold_in, const FoldItems *items,
						  const UserProfile *profile, float *user, double *bias);

#endif							/* RECSYS_FORMS_FOLD_IN_SOLVE_H */
