/*
 * baseline_sgd.c
 *		Algorithm "baseline_sgd": mu + b_u + b_i by stochastic gradient descent.
 *
 * The model of baseline_als, fitted as the factorizations are: user by user, a
 * step for each rating.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/registry.h"
#include "algorithms/sgd.h"
#include "engine/divergence.h"
#include "engine/iteration.h"
#include "engine/vectors.h"
#include "forms/fold_in.h"
#include "resources/budget.h"

typedef struct BaselineSgdOptions
{
	CommonOptions common;
	IterationOptions iteration;
	RateOptions rate;
	double		regularization;
} BaselineSgdOptions;

typedef struct BaselineSgd
{
	float	   *user_bias;		/* [users] */
	float	   *item_bias;		/* [items] */
} BaselineSgd;

static const OptionSpec options[] = {
	ITERATION_OPTIONS(BaselineSgdOptions, iteration, 20, "passes over the ratings"),
	RATE_OPTIONS(BaselineSgdOptions, rate, .005, ""),
	REAL_OPTION("regularization", BaselineSgdOptions, regularization, .02, 0, 1000,
				"penalty on the squares of the biases, for each rating")
};

/* The biases. */
static Size
baseline_sgd_memory(const MatrixShape *shape, const void *options)
{
	return budget_array((Size) shape->users + shape->items, sizeof(float));
}

/* The biases, all zero: the leader works alone. */
static void *
baseline_sgd_attach(TrainContext *context)
{
	BaselineSgd *biases = palloc(sizeof(BaselineSgd));

	biases->user_bias = allocate_vectors(context->ratings->by_user.rows, 1);
	biases->item_bias = allocate_vectors(context->ratings->by_item.rows, 1);
	return biases;
}

/* The steps of one user's ratings; returns their squared error. */
static double
train_user(const TrainContext *context, int32 user, double rate)
{
	const SparseRows *by_user = &context->ratings->by_user;
	const BaselineSgd *biases = context->state;
	double		regularization = ((const BaselineSgdOptions *) context->options)->regularization;
	double		sse = 0;

	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		float	   *b_u = &biases->user_bias[user];
		float	   *b_i = &biases->item_bias[by_user->index[e]];
		double		error = by_user->value[e] - context->ratings->mean - *b_u - *b_i;

		sse += error * error;
		*b_u += rate * (error - regularization * *b_u);
		*b_i += rate * (error - regularization * *b_i);
	}
	return sse;
}

/* One pass over the ratings; returns the squared error met on the way. */
static double
train_epoch(const TrainContext *context, int epoch)
{
	const BaselineSgdOptions *opts = context->options;
	double		rate = learning_rate(&opts->rate, epoch);
	double		sse = 0;

	for (int32 user = 0; user < context->ratings->by_user.rows; user++)
	{
		CHECK_FOR_INTERRUPTS();
		sse += train_user(context, user, rate);
	}
	return sse;
}

/* Some ratings of a user, as the training stands. */
static void
baseline_sgd_predict(TrainContext *context, int32 user, const int32 *item, int count,
					 double *prediction)
{
	const BaselineSgd *biases = context->state;

	for (int i = 0; i < count; i++)
		prediction[i] = context->ratings->mean + biases->user_bias[user] +
			biases->item_bias[item[i]];
}

/* Epochs of steps; users are folded in by the same steps. */
static void
baseline_sgd_train(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	const BaselineSgd *biases = context->state;
	const BaselineSgdOptions *opts = context->options;
	FoldIn		fold_in = {
		.kind = FOLD_IN_DESCENT,
		.bias_regularization = opts->regularization,
		.biased = true,
		.learning_rate = opts->rate.learning_rate,
		.learning_rate_decay = opts->rate.learning_rate_decay
	};
	int			iterations = iteration_plan(context);

	for (int epoch = 0; epoch < iterations; epoch++)
	{
		double		sse = train_epoch(context, epoch);

		if (squares_have_diverged(context, sse) || !iteration_end_squares(context, sse, 0))
			break;
	}
	fold_in.iterations = context->progress->done;
	draft_add_fold_in(context->draft, &fold_in);
	draft_add_offset(context->draft, ratings->mean);
	draft_add_biases(context->draft, biases->user_bias, ratings->by_user.rows,
					 biases->item_bias, ratings->by_item.rows, 1);
}

const Algorithm baseline_sgd_algorithm = {
	.name = "baseline_sgd",
	.family = "baseline",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &factor_form,
	.description = "mean plus user and item bias, by stochastic gradient descent",
	.options = OPTION_TABLE(BaselineSgdOptions, options),
	.list_by_counts = true,
	.learning_rate = offsetof(BaselineSgdOptions, rate.learning_rate),
	.iteration = offsetof(BaselineSgdOptions, iteration),
	.memory = baseline_sgd_memory,
	.attach = baseline_sgd_attach,
	.train = baseline_sgd_train,
	.predict = baseline_sgd_predict
};
