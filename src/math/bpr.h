/*
 * bpr.h
 *		The loss of a pair of items in the wrong order, and a step against it.
 */
#ifndef RECSYS_MATH_BPR_H
#define RECSYS_MATH_BPR_H

/* How far a step goes, and the factors by which penalties shrink what it moves. */
typedef struct BprStep
{
	float		rate;
	float		keep;			/* of vectors: 1 - rate * penalty */
	float		bias_keep;		/* of biases */
} BprStep;

/* An item: its vector and its bias. */
typedef struct BprItem
{
	float	   *vector;
	float	   *bias;
} BprItem;

extern double bpr_step(const BprStep *step, int n, float *user, BprItem better,
					   BprItem worse);
extern double bpr_user_step(const BprStep *step, int n, float *user,
							const float *better, const float *worse, float bias);

#endif							/* RECSYS_MATH_BPR_H */
