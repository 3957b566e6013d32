/*
 * sgd.h
 *		The options of algorithms by stochastic gradient descent.
 */
#ifndef RECSYS_ALGORITHMS_SGD_H
#define RECSYS_ALGORITHMS_SGD_H

#include "postgres.h"

#include <math.h>

#include "engine/options.h"

/* How far a step goes. */
typedef struct RateOptions
{
	double		learning_rate;
	double		learning_rate_decay;
} RateOptions;

/* "more": what there is to say of the default. */
#define RATE_OPTIONS(type, member, value, more) \
	REAL_OPTION("learning_rate", type, member.learning_rate, value, 1e-9, 1, \
				"step size of the gradient descent" more), \
	REAL_OPTION("learning_rate_decay", type, member.learning_rate_decay, 1, 1e-3, 1, \
				"factor that the step size is multiplied by after each iteration")

/* The step of an iteration, counted from 0. */
static inline double
learning_rate(const RateOptions *options, int iteration)
{
	return options->learning_rate * pow(options->learning_rate_decay, iteration);
}

/* How far vectors and biases are drawn to zero. */
typedef struct PenaltyOptions
{
	double		regularization;
	double		bias_regularization;
} PenaltyOptions;

#define PENALTY_OPTIONS(type, member, value) \
	REAL_OPTION("regularization", type, member.regularization, value, 0, 1000, \
				"penalty on the squares of factors and biases, for each rating"), \
	REAL_OPTION("bias_regularization", type, member.bias_regularization, OPTION_AUTO, 0, 1000, \
				"penalty on the squares of the biases alone; default: the value of regularization")

/* Biases are penalized as factors are, unless it is said otherwise. */
static inline void
penalty_prepare(PenaltyOptions *options)
{
	if (isnan(options->bias_regularization))
		options->bias_regularization = options->regularization;
}

#endif							/* RECSYS_ALGORITHMS_SGD_H */
