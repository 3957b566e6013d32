/*
 * baseline_als.c
 *		Algorithm "baseline_als": mu + b_u + b_i.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/baseline.h"
#include "algorithms/registry.h"
#include "model/json.h"
#include "ratings/budget.h"

typedef struct BaselineAlsOptions
{
	CommonOptions common;
	BaselineOptions baseline;
} BaselineAlsOptions;

static const OptionSpec options[] = {
	INT_OPTION("iterations", BaselineAlsOptions, baseline.iterations,
			   BASELINE_ITERATIONS, 1, 10000, "alternations between items and users"),
	REAL_OPTION("reg_i", BaselineAlsOptions, baseline.reg_i, BASELINE_REG_I, 0, 1e9,
				"regularisation of item biases, in ratings"),
	REAL_OPTION("reg_u", BaselineAlsOptions, baseline.reg_u, BASELINE_REG_U, 0, 1e9,
				"regularisation of user biases, in ratings")
};

static Size
baseline_als_memory(const MatrixShape *shape, const void *options)
{
	return budget_array((Size) shape->users + shape->items, sizeof(float));
}

static double
sum_of_squares(const float *bias, int32 count)
{
	double		sum = 0;

	for (int32 i = 0; i < count; i++)
		sum += (double) bias[i] * bias[i];
	return sum;
}

/* Squared error over the training ratings. */
static double
squared_error(const Interactions *ratings, const Baseline *baseline)
{
	const SparseRows *by_user = &ratings->by_user;
	double		sum = 0;

	for (int32 user = 0; user < by_user->rows; user++)
	{
		double		base = ratings->mean + baseline->user_bias[user];

		for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
		{
			double		error = by_user->value[e] - base -
				baseline->item_bias[by_user->index[e]];

			sum += error * error;
		}
		CHECK_FOR_INTERRUPTS();
	}
	return sum;
}

static void
log_iteration(TrainContext *context, const Baseline *baseline)
{
	const BaselineAlsOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	double		error = squared_error(ratings, baseline);
	double		penalty =
		opts->baseline.reg_i * sum_of_squares(baseline->item_bias, ratings->items.count) +
		opts->baseline.reg_u * sum_of_squares(baseline->user_bias, ratings->users.count);

	progress_iteration(context->progress, error + penalty,
					   sqrt(error / sparse_entries(&ratings->by_user)));
}

static void
baseline_als_train(TrainContext *context)
{
	const BaselineAlsOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	Baseline	baseline = baseline_create(ratings);

	progress_plan(context->progress, opts->baseline.iterations);
	for (int i = 0; i < opts->baseline.iterations; i++)
	{
		baseline_iterate(ratings, &opts->baseline, &baseline);
		log_iteration(context, &baseline);
	}
	json_add_number(&context->draft->params, "offset", ratings->mean);
	draft_add_floats(context->draft, PART_USER_BIAS, baseline.user_bias,
					 ratings->users.count, 1, 1);
	draft_add_floats(context->draft, PART_ITEM_BIAS, baseline.item_bias,
					 ratings->items.count, 1, 1);
}

const Algorithm baseline_als_algorithm = {
	.name = "baseline_als",
	.family = "baseline",
	.feedback = FEEDBACK_EXPLICIT,
	.form = "factor",
	.description = "mean plus user and item bias, by alternating least squares",
	.options_size = sizeof(BaselineAlsOptions),
	.options = options,
	.option_count = lengthof(options),
	.memory = baseline_als_memory,
	.train = baseline_als_train
};
