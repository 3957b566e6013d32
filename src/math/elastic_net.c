/*
 * elastic_net.c
 *		Least squares with weights that are not negative, and two penalties.
 *
 * By coordinate descent with updates of covariances (Friedman, Hastie,
 * Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate
 * Descent", JSS 2010): with r = g - G w the weight c is best, while the others
 * stay, at
 *
 *		max(0, r_c + G_cc w_c - l1) / (G_cc + l2)
 *
 * which changes r by a multiple of row c of G.
 */
#include <math.h>

#include "math/elastic_net.h"
#include "math/kernels.h"

/* Put a weight where it is best; returns how far that was. */
static double
improve_weight(ElasticNet *net, int c)
{
	double		norm = net->norm[c];
	double		before = net->weight[c];
	double		weight = fmax(net->rest[c] + norm * before - net->l1, 0) / (norm + net->l2);

	if (weight == before)
		return 0;
	if (net->row[c] == NULL)
		net->row[c] = net->make_row(net->arg, c);
	net->weight[c] = weight;
	kernels->combine(KERNEL_PADDED(net->count), net->rest, 1, (float) (before - weight),
					 net->row[c]);
	return fabs(weight - before);
}

/* Improve each weight in turn, or those that are not 0; returns the largest change. */
double
elastic_net_sweep(ElasticNet *net, bool all)
{
	double		largest = 0;

	for (int c = 0; c < net->count; c++)
		if (all || net->weight[c] > 0)
			largest = fmax(largest, improve_weight(net, c));
	return largest;
}
