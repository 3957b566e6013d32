/*
 * baseline_als.c
 *		Algorithm "baseline_als": mu + b_u + b_i.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/registry.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "forms/fold_in.h"
#include "ratings/baseline.h"
#include "resources/budget.h"

typedef struct BaselineAlsOptions
{
	CommonOptions common;
	IterationOptions iteration;
	BaselineOptions baseline;
} BaselineAlsOptions;

static const OptionSpec options[] = {
	ITERATION_OPTIONS(BaselineAlsOptions, iteration, BASELINE_ITERATIONS,
					  "alternations between items and users"),
	REAL_OPTION("item_regularization", BaselineAlsOptions, baseline.item_regularization,
				BASELINE_ITEM_REGULARIZATION, 0, 1e9,
				"penalty on item biases, in ratings: an item with that many has half the bias that fits best",
				.old_name = "reg_i"),
	REAL_OPTION("user_regularization", BaselineAlsOptions, baseline.user_regularization,
				BASELINE_USER_REGULARIZATION, 0, 1e9,
				"penalty on user biases, in ratings: a user with that many has half the bias that fits best",
				.old_name = "reg_u")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("item_regularization", 1, 100),
	LOG_AXIS("user_regularization", 1, 100)
};

/* The biases. */
static Size
baseline_als_memory(const MatrixShape *shape, const void *options)
{
	return budget_array((Size) shape->users + shape->items, sizeof(float));
}

/* The sum of the squares of some biases. */
static double
sum_of_squares(const float *bias, int32 count)
{
	double		sum = 0;

	for (int32 i = 0; i < count; i++)
		sum += (double) bias[i] * bias[i];
	return sum;
}

/* Phases of the work. */
enum
{
	BASELINE_ITEMS,				/* biases; units of items */
	BASELINE_USERS,				/* units of users */
	BASELINE_ERROR				/* squared error; units of users */
};

/* Shared arrays. */
enum
{
	BASELINE_USER_BIAS,
	BASELINE_ITEM_BIAS
};

/* The shared biases, all zero. */
static void *
baseline_als_attach(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	Baseline   *baseline = palloc(sizeof(Baseline));

	baseline->user_bias = team_vectors(context, BASELINE_USER_BIAS, ratings->by_user.rows, 1);
	baseline->item_bias = team_vectors(context, BASELINE_ITEM_BIAS, ratings->by_item.rows, 1);
	return baseline;
}

/* Squared error of the ratings of some users. */
static double
squared_error(const Interactions *ratings, const Baseline *baseline, int32 from, int32 to)
{
	const SparseRows *by_user = &ratings->by_user;
	double		sum = 0;

	for (int32 user = from; user < to; user++)
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

/* The rows that a phase is about. */
static const SparseRows *
rows_of_phase(const TrainContext *context, int phase)
{
	return phase == BASELINE_ITEMS ? &context->ratings->by_item : &context->ratings->by_user;
}

/* A unit of a phase: some rows; returns their squared error, if that is the phase. */
static double
baseline_als_work(TrainContext *context, int phase, int64 argument, int unit)
{
	const BaselineAlsOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	const SparseRows *rows = rows_of_phase(context, phase);
	RowRange	range = team_unit_rows(rows, unit);

	switch (phase)
	{
		case BASELINE_ITEMS:
			baseline_fit_items(ratings, &opts->baseline, context->state, range.from, range.to);
			return 0;
		case BASELINE_USERS:
			baseline_fit_users(ratings, &opts->baseline, context->state, range.from, range.to);
			return 0;
		default:
			return squared_error(ratings, context->state, range.from, range.to);
	}
}

/* A phase over all of its rows; returns the sum of what its units return. */
static double
run_phase(TrainContext *context, int phase)
{
	return team_run_rows(context, phase, 0, rows_of_phase(context, phase), NULL);
}

/* Returns false after the last. */
static bool
end_iteration(TrainContext *context)
{
	const BaselineAlsOptions *opts = context->options;
	const Baseline *baseline = context->state;
	const Interactions *ratings = context->ratings;
	double		sse = run_phase(context, BASELINE_ERROR);
	double		penalty =
		opts->baseline.item_regularization *
		sum_of_squares(baseline->item_bias, ratings->items.count) +
		opts->baseline.user_regularization *
		sum_of_squares(baseline->user_bias, ratings->users.count);

	return iteration_end_squares(context, sse, penalty);
}

/* Some ratings of a user, as the training stands. */
static void
baseline_als_predict(TrainContext *context, int32 user, const int32 *item, int count,
					 double *prediction)
{
	const Baseline *baseline = context->state;

	for (int i = 0; i < count; i++)
		prediction[i] = context->ratings->mean + baseline->user_bias[user] +
			baseline->item_bias[item[i]];
}

/* Item biases and user biases are fitted in turn. */
static void
baseline_als_train(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	const Baseline *baseline = context->state;
	const BaselineAlsOptions *opts = context->options;
	FoldIn		fold_in = {
		.kind = FOLD_IN_RIDGE,
		.bias_regularization = opts->baseline.user_regularization,
		.biased = true
	};
	int			iterations = iteration_plan(context);

	for (int i = 0; i < iterations; i++)
	{
		run_phase(context, BASELINE_ITEMS);
		run_phase(context, BASELINE_USERS);
		if (!end_iteration(context))
			break;
	}
	draft_add_fold_in(context->draft, &fold_in);
	draft_add_offset(context->draft, ratings->mean);
	draft_add_biases(context->draft, baseline->user_bias, ratings->users.count,
					 baseline->item_bias, ratings->items.count, 1);
}

const Algorithm baseline_als_algorithm = {
	.name = "baseline_als",
	.family = "baseline",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &factor_form,
	.description = "mean plus user and item bias, by alternating least squares",
	.options = OPTION_TABLE(BaselineAlsOptions, options),
	.space = SEARCH_SPACE(space),
	.list_by_counts = true,
	.iteration = offsetof(BaselineAlsOptions, iteration),
	.memory = baseline_als_memory,
	.attach = baseline_als_attach,
	.work = baseline_als_work,
	.train = baseline_als_train,
	.predict = baseline_als_predict
};
