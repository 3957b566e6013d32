/*
 * baseline_sgd.c
 *		Algorithm "baseline_sgd": mu + b_u + b_i by stochastic gradient descent.
 *
 * The model of baseline_als, fitted as the factorizations are: user by user, a
 * step for each rating.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/registry.h"
#include "ratings/budget.h"

typedef struct BaselineSgdOptions
{
	CommonOptions common;
	int			iterations;
	double		learning_rate;
	double		regularization;
} BaselineSgdOptions;

static const OptionSpec options[] = {
	INT_OPTION("iterations", BaselineSgdOptions, iterations, 20, 1, 10000,
			   "passes over the ratings"),
	REAL_OPTION("learning_rate", BaselineSgdOptions, learning_rate, .005, 1e-9, 1,
				"step of the gradient descent"),
	REAL_OPTION("regularization", BaselineSgdOptions, regularization, .02, 0, 1000,
				"penalty on the squares of the biases, for each rating")
};

static Size
baseline_sgd_memory(const MatrixShape *shape, const void *options)
{
	return budget_array((Size) shape->users + shape->items, sizeof(float));
}

/* The steps of one user's ratings; returns their squared error. */
static double
train_user(const TrainContext *context, int32 user, float *user_bias, float *item_bias)
{
	const BaselineSgdOptions *opts = context->options;
	const SparseRows *by_user = &context->ratings->by_user;
	double		squares = 0;

	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		float	   *b_u = &user_bias[user];
		float	   *b_i = &item_bias[by_user->index[e]];
		double		error = by_user->value[e] - context->ratings->mean - *b_u - *b_i;

		squares += error * error;
		*b_u += opts->learning_rate * (error - opts->regularization * *b_u);
		*b_i += opts->learning_rate * (error - opts->regularization * *b_i);
	}
	return squares;
}

static void
baseline_sgd_train(TrainContext *context)
{
	const BaselineSgdOptions *opts = context->options;
	const SparseRows *by_user = &context->ratings->by_user;
	int32		items = context->ratings->by_item.rows;
	float	   *user_bias = allocate_vectors(by_user->rows, 1);
	float	   *item_bias = allocate_vectors(items, 1);

	progress_plan(context->progress, opts->iterations);
	for (int i = 0; i < opts->iterations; i++)
	{
		double		squares = 0;

		for (int32 user = 0; user < by_user->rows; user++)
		{
			CHECK_FOR_INTERRUPTS();
			squares += train_user(context, user, user_bias, item_bias);
		}
		require_convergence(squares);
		progress_iteration(context->progress, squares,
						   sqrt(squares / sparse_entries(by_user)));
	}
	draft_add_offset(context->draft, context->ratings->mean);
	draft_add_biases(context->draft, user_bias, by_user->rows, item_bias, items, 1);
}

const Algorithm baseline_sgd_algorithm = {
	.name = "baseline_sgd",
	.family = "baseline",
	.feedback = FEEDBACK_EXPLICIT,
	.form = "factor",
	.description = "mean plus user and item bias, by stochastic gradient descent",
	.options_size = sizeof(BaselineSgdOptions),
	.options = options,
	.option_count = lengthof(options),
	.memory = baseline_sgd_memory,
	.train = baseline_sgd_train
};
