/*
 * math_rankings.c
 *		Unit tests of what factorizations for rankings are made of: the gradients
 *		of Bayesian personalized ranking and of logistic factorization against
 *		finite differences of their loss.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "math/bpr.h"
#include "math/kernels.h"
#include "math/logistic.h"

#include "samples.h"
#include "tap.h"

#define FACTORS 5
#define PADDED 16
#define VARIABLES (3 * FACTORS + 2)

/*
 * The loss of Bayesian personalized ranking by its definition: of the
 * variables user, better and worse item, and their biases.
 */
static double
ranking_loss(const double *v, double penalty, double bias_penalty)
{
	double		x = v[3 * FACTORS] - v[3 * FACTORS + 1];
	double		squares = 0;

	for (int i = 0; i < FACTORS; i++)
		x += v[i] * (v[FACTORS + i] - v[2 * FACTORS + i]);
	for (int i = 0; i < 3 * FACTORS; i++)
		squares += penalty * v[i] * v[i];
	for (int i = 3 * FACTORS; i < VARIABLES; i++)
		squares += bias_penalty * v[i] * v[i];
	return -log(1 / (1 + exp(-x))) + squares / 2;
}

/* The derivative of that loss by a variable, by finite differences. */
static double
slope(const double *at, int variable, double penalty, double bias_penalty)
{
	const double h = 1e-5;
	double		v[VARIABLES];
	double		above;

	memcpy(v, at, sizeof(v));
	v[variable] += h;
	above = ranking_loss(v, penalty, bias_penalty);
	v[variable] -= 2 * h;
	return (above - ranking_loss(v, penalty, bias_penalty)) / (2 * h);
}

/* A step of rate 1 goes as far as the gradient. */
static bool
step_is_gradient(float scale, bool user_alone)
{
	const double penalty = .125;
	const double bias_penalty = .25;
	float		vector[3][PADDED] = {{0}};
	float		bias[2];
	double		before[VARIABLES],
				loss;
	bool		agree = true;
	BprStep	step = {1, 1 - penalty, 1 - bias_penalty};

	for (int r = 0; r < 3; r++)
		fill(vector[r], FACTORS);
	fill(bias, 2);
	for (int i = 0; i < 3 * FACTORS; i++)
		before[i] = vector[i / FACTORS][i % FACTORS] *= scale;
	before[3 * FACTORS] = bias[0];
	before[3 * FACTORS + 1] = bias[1];
	if (user_alone)
		loss = bpr_user_step(&step, PADDED, vector[0], vector[1], vector[2],
							   bias[0] - bias[1]);
	else
		loss = bpr_step(&step, PADDED, vector[0], (BprItem) {vector[1], &bias[0]},
						  (BprItem) {vector[2], &bias[1]});
	agree = near(loss, ranking_loss(before, 0, 0), 1e-5);
	for (int i = 0; i < VARIABLES; i++)
	{
		double		after = i < 3 * FACTORS ? vector[i / FACTORS][i % FACTORS] :
			bias[i - 3 * FACTORS];
		double		expected = user_alone && i >= FACTORS ? 0 :
			slope(before, i, penalty, bias_penalty);

		agree = agree && near(before[i] - after, expected, 1e-4);
	}
	return agree && vector[0][FACTORS] == 0 && vector[1][PADDED - 1] == 0;
}

static void
test_ranking(void)
{
	bool		agree = true;
	bool		alone = true;

	for (int i = 0; i < 100; i++)
	{
		agree = agree && step_is_gradient(i < 50 ? 1 : 3, false);
		alone = alone && step_is_gradient(i < 50 ? 1 : 3, true);
	}
	ok(agree, "a step of Bayesian personalized ranking is its gradient");
	ok(alone, "that of the user alone, too");
}

/*
 * The loss of logistic matrix factorization by its definition, of one row and
 * some columns, some of which were observed.
 */
#define COLUMNS 37

static double
odds_loss(const double *x, const float *columns, const float *weight)
{
	double		loss = 0;

	for (int c = 0; c < COLUMNS; c++)
	{
		double		s = .25 * c - 3;

		for (int i = 0; i < FACTORS; i++)
			s += x[i] * columns[c * PADDED + i];
		loss += (1 + weight[c]) * log(1 + exp(s)) - weight[c] * s;
	}
	return loss;
}

static void
test_logistic(void)
{
	const double h = 1e-5;
	float		x[PADDED] = {0};
	float		columns[COLUMNS * PADDED] = {0};
	float		weight[COLUMNS];
	float		tile[LOGISTIC_COLS];
	float		gradient[PADDED] = {0};
	float		squares[PADDED] = {0};
	float		before[PADDED];
	double		at[FACTORS];
	double		loss;
	bool		agree = true;

	fill(x, FACTORS);
	for (int c = 0; c < COLUMNS; c++)
	{
		fill(columns + c * PADDED, FACTORS);
		weight[c] = c % 4 == 0 ? c : 0;
		tile[c] = .25f * c - 3;
	}
	for (int i = 0; i < FACTORS; i++)
		at[i] = x[i];
	loss = logistic_tile(1, COLUMNS, PADDED, x, columns, tile);
	for (int c = 0; c < COLUMNS; c++)
		if (weight[c] > 0)
			loss += logistic_observe(&tile[c], weight[c]);
	logistic_gradient(1, COLUMNS, PADDED, tile, columns, gradient);
	ok(near(loss, odds_loss(at, columns, weight), 1e-5), "loss of logistic factorization");
	for (int i = 0; i < FACTORS; i++)
	{
		double		above;

		at[i] += h;
		above = odds_loss(at, columns, weight);
		at[i] -= 2 * h;
		agree = agree && near(gradient[i], (above - odds_loss(at, columns, weight)) / (2 * h), 1e-3);
		at[i] += h;
	}
	ok(agree, "its gradient, against finite differences");

	/* The first step of AdaGrad is as long for every element. */
	memcpy(before, x, sizeof(x));
	logistic_step(PADDED, 2, .5, .25, FACTORS, gradient, squares, x);
	agree = true;
	for (int i = 0; i < PADDED; i++)
	{
		double		slope = gradient[i] + (i < FACTORS ? .25 * before[i] : 0);
		double		step = i == 2 || slope == 0 ? 0 : slope > 0 ? -.5 : .5;

		agree = agree && near(x[i] - before[i], step, 1e-4);
	}
	ok(agree, "a step of AdaGrad, but for what is fixed");
}

int
main(void)
{
	numbers = random_stream(7, 0, 0);
	kernels_choose();
	ok(blas_load() == BLAS_READY, "BLAS and LAPACK can be loaded");
	test_ranking();
	test_logistic();
	return failures > 0;
}
