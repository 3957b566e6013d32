/*
 * bpr.h
 *		The loss of a pair of items in the wrong order, and a step against it.
 */
#ifndef RECSYS_MATH_BPR_H
#define RECSYS_MATH_BPR_H

/* How far a step goes, and what it leaves of vectors and biases. */
typedef struct BprStep
{
	float		rate;
	float		keep;
	float		bias_keep;
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
