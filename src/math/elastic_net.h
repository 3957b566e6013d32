/*
 * elastic_net.h
 *		Least squares with weights that are not negative, and two penalties.
 */
#ifndef RECSYS_MATH_ELASTIC_NET_H
#define RECSYS_MATH_ELASTIC_NET_H

#include <stdbool.h>

/*
 * The w >= 0 that minimizes w'G w / 2 - g'w + l1 sum of w + l2 |w|^2 / 2, for a
 * matrix G that is symmetric and has no negative element.  All memory is the
 * caller's; rows of G and "rest" are padded as kernels.h wants it, and aligned.
 */
typedef struct ElasticNet
{
	int			count;			/* of the weights */
	double		l1;
	double		l2;
	float	   *norm;			/* [count] the diagonal of G */
	float	   *rest;			/* [count, padded] g at first, then g - G w */
	double	   *weight;			/* [count] 0 at first */
	const float **row;			/* [count] rows of G; NULL: not asked for so far */

	/* Make row [c] of G, in memory that stays; called once for a weight that changes. */
	const float *(*make_row) (void *arg, int c);
	void	   *arg;
} ElasticNet;

extern double elastic_net_sweep(ElasticNet *net, bool all);

#endif							/* RECSYS_MATH_ELASTIC_NET_H */
