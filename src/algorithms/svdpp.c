/*
 * svdpp.c
 *		Algorithm "svdpp": mu + b_u + b_i + q_i . (p_u + |R(u)|^-1/2 sum y_j).
 *
 * Koren, "Factorization Meets the Neighborhood" (KDD 2008), eq. 15, by
 * stochastic gradient descent, user by user.
 *
 * A step changes the y of every item the user has rated, which taken literally
 * costs the square of the number of ratings.  But it changes them all alike:
 * y_j' = (1 - rate reg) y_j + rate e q / sqrt(n).  So while a user's ratings
 * are gone through only two vectors are kept up to date, the sum s of the
 * user's y (scaled) and what has been added to each of them, d; the y
 * themselves follow once, at the end of the user.  The result is that of the
 * literal algorithm, in time linear in the ratings.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/lists.h"
#include "algorithms/registry.h"
#include "algorithms/sgd.h"
#include "engine/divergence.h"
#include "engine/iteration.h"
#include "engine/vectors.h"
#include "forms/fold_in.h"
#include "math/kernels.h"
#include "storage/shmem.h"

typedef struct SvdppOptions
{
	CommonOptions common;
	IterationOptions iteration;
	RateOptions rate;
	PenaltyOptions penalty;
	int			factors;
	double		init_stddev;
	int			seed;
} SvdppOptions;

static const OptionSpec options[] = {
	INT_OPTION("factors", SvdppOptions, factors, 20, 1, 4096,
			   "length of the vectors of users and items"),
	ITERATION_OPTIONS(SvdppOptions, iteration, 20, "passes over the ratings"),
	RATE_OPTIONS(SvdppOptions, rate, .007, ""),
	PENALTY_OPTIONS(SvdppOptions, penalty, .02),
	REAL_OPTION("init_stddev", SvdppOptions, init_stddev, .05, 0, 100,
				"standard deviation of the random factors at the start",
				.old_name = "init_sd"),
	INT_OPTION("seed", SvdppOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("factors", 10, 100),
	LOG_AXIS("learning_rate", .001, .05),
	LOG_AXIS("regularization", .005, .2)
};

typedef struct Svdpp
{
	const SvdppOptions *options;
	const Interactions *ratings;
	int			stride;
	float		rate;			/* of the iteration at hand */
	float		keep;			/* what a step leaves of a vector */
	float		bias_keep;		/* and of a bias */
	float	   *p;				/* [users x stride] */
	float	   *q;				/* [items x stride] */
	float	   *y;				/* [items x stride] */
	float	   *user_bias;		/* [users] */
	float	   *item_bias;		/* [items] */
	float	   *s;				/* [stride] sum of the y of the user at hand */
	float	   *d;				/* [stride] what each of them is to be given */
} Svdpp;

/* The penalty that was left open. */
static void
svdpp_prepare(void *options, bool has_values)
{
	penalty_prepare(&((SvdppOptions *) options)->penalty);
}

/* The vectors p, q and y, and the biases. */
static Size
svdpp_memory(const MatrixShape *shape, const void *options)
{
	int			stride = KERNEL_PADDED(((const SvdppOptions *) options)->factors);

	return add_size(vectors_bytes(shape->users, stride + 1),
					vectors_bytes(shape->items, 2 * stride + 1));
}

/* Normal vectors, from a stream for each row. */
static float *
start_vectors(const Svdpp *svdpp, int32 rows, int stream_name)
{
	float	   *vectors = allocate_vectors(rows, svdpp->stride);

	for (int32 r = 0; r < rows; r++)
	{
		CHECK_FOR_INTERRUPTS();
		draw_vector(vectors + (Size) r * svdpp->stride, svdpp->options->factors,
					svdpp->options->init_stddev, svdpp->options->seed, stream_name, r);
	}
	return vectors;
}

/* All arrays, with random vectors: the leader works alone. */
static void *
svdpp_attach(TrainContext *context)
{
	Svdpp	   *svdpp = palloc0(sizeof(Svdpp));
	int32		user_count = context->ratings->by_user.rows;
	int32		item_count = context->ratings->by_item.rows;

	svdpp->options = context->options;
	svdpp->ratings = context->ratings;
	svdpp->stride = KERNEL_PADDED(svdpp->options->factors);
	svdpp->p = start_vectors(svdpp, user_count, 0);
	svdpp->q = start_vectors(svdpp, item_count, 1);
	svdpp->y = start_vectors(svdpp, item_count, 2);
	svdpp->user_bias = allocate_vectors(user_count, 1);
	svdpp->item_bias = allocate_vectors(item_count, 1);
	svdpp->s = allocate_vectors(1, svdpp->stride);
	svdpp->d = allocate_vectors(1, svdpp->stride);
	return svdpp;
}

/* Make svdpp->s the scaled sum of the y of a user's items. */
static void
sum_implicit(Svdpp *svdpp, int32 user)
{
	const SparseRows *by_user = &svdpp->ratings->by_user;
	float		scale = 1 / sqrt(sparse_row_length(by_user, user));

	memset(svdpp->s, 0, sizeof(float) * svdpp->stride);
	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
		kernels->combine(svdpp->stride, svdpp->s, 1, scale,
						 svdpp->y + (Size) by_user->index[e] * svdpp->stride);
}

/* Give the y of a user's items what the user's steps have changed. */
static void
settle_implicit(Svdpp *svdpp, int32 user)
{
	const SparseRows *by_user = &svdpp->ratings->by_user;
	float		kept = pow(svdpp->keep, sparse_row_length(by_user, user));

	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
		kernels->combine(svdpp->stride,
						 svdpp->y + (Size) by_user->index[e] * svdpp->stride,
						 kept, 1, svdpp->d);
}

/* The rating of an item by the user whose implicit sum svdpp->s is. */
static float
predict_rating(const Svdpp *svdpp, int32 user, int32 item)
{
	const float *q = svdpp->q + (Size) item * svdpp->stride;

	return svdpp->ratings->mean + svdpp->user_bias[user] + svdpp->item_bias[item] +
		kernels->dot(svdpp->stride, svdpp->p + (Size) user * svdpp->stride, q) +
		kernels->dot(svdpp->stride, svdpp->s, q);
}

/* Some ratings of a user, as the training stands. */
static void
svdpp_predict(TrainContext *context, int32 user, const int32 *item, int count,
			  double *prediction)
{
	Svdpp	   *svdpp = context->state;

	sum_implicit(svdpp, user);
	for (int i = 0; i < count; i++)
		prediction[i] = predict_rating(svdpp, user, item[i]);
}

/* The steps of one user's ratings; returns their squared error. */
static double
train_user(Svdpp *svdpp, int32 user)
{
	const SparseRows *by_user = &svdpp->ratings->by_user;
	int			stride = svdpp->stride;
	float		scale = 1 / sqrt(sparse_row_length(by_user, user));
	float	   *p = svdpp->p + (Size) user * stride;
	double		sse = 0;

	sum_implicit(svdpp, user);
	memset(svdpp->d, 0, sizeof(float) * stride);
	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
	{
		int32		item = by_user->index[e];
		float	   *q = svdpp->q + (Size) item * stride;
		float		error = by_user->value[e] - predict_rating(svdpp, user, item);
		float		step = svdpp->rate * error;

		CHECK_FOR_INTERRUPTS();
		sse += (double) error * error;
		svdpp->user_bias[user] = svdpp->bias_keep * svdpp->user_bias[user] + step;
		svdpp->item_bias[item] = svdpp->bias_keep * svdpp->item_bias[item] + step;
		kernels->svdpp_step(stride, p, q, svdpp->s, svdpp->d, step, step * scale,
							svdpp->keep);
	}
	settle_implicit(svdpp, user);
	return sse;
}

/* Fold the implicit vectors into those of the users, as the model has them. */
static void
fold_users(Svdpp *svdpp)
{
	for (int32 user = 0; user < svdpp->ratings->by_user.rows; user++)
	{
		CHECK_FOR_INTERRUPTS();
		sum_implicit(svdpp, user);
		kernels->combine(svdpp->stride, svdpp->p + (Size) user * svdpp->stride, 1, 1,
						 svdpp->s);
	}
}

/* What the model is: factors, biases, and how to fold users in. */
static void
svdpp_finish(const Svdpp *svdpp, int iterations, ModelDraft *draft)
{
	int32		user_count = svdpp->ratings->users.count;
	int32		item_count = svdpp->ratings->items.count;

	FoldIn		fold_in = {
		.kind = FOLD_IN_DESCENT,
		.regularization = svdpp->options->penalty.regularization,
		.bias_regularization = svdpp->options->penalty.bias_regularization,
		.biased = true,
		.learning_rate = svdpp->options->rate.learning_rate,
		.learning_rate_decay = svdpp->options->rate.learning_rate_decay,
		.iterations = iterations
	};

	draft_add_fold_in(draft, &fold_in);
	draft_add_factors(draft, svdpp->ratings->mean, svdpp->p, user_count, svdpp->q, item_count,
					  svdpp->options->factors, svdpp->stride);
	draft_add_biases(draft, svdpp->user_bias, user_count, svdpp->item_bias, item_count, 1);
}

/* One pass over the ratings; returns the squared error met on the way. */
static double
train_epoch(Svdpp *svdpp, int epoch)
{
	const PenaltyOptions *penalty = &svdpp->options->penalty;
	double		sse = 0;

	svdpp->rate = learning_rate(&svdpp->options->rate, epoch);
	svdpp->keep = 1 - svdpp->rate * penalty->regularization;
	svdpp->bias_keep = 1 - svdpp->rate * penalty->bias_regularization;
	for (int32 user = 0; user < svdpp->ratings->by_user.rows; user++)
		sse += train_user(svdpp, user);
	return sse;
}

/* Epochs; at the end the implicit vectors become part of those of the users. */
static void
svdpp_train(TrainContext *context)
{
	Svdpp	   *svdpp = context->state;
	int			iterations = iteration_plan(context);

	for (int epoch = 0; epoch < iterations; epoch++)
	{
		double		sse = train_epoch(svdpp, epoch);

		if (squares_have_diverged(context, sse) || !iteration_end_squares(context, sse, 0))
			break;
	}
	fold_users(svdpp);
	svdpp_finish(svdpp, context->progress->done, context->draft);
}

const Algorithm svdpp_algorithm = {
	.name = "svdpp",
	.family = "matrix factorization",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &factor_form,
	.description = "svd with a second signal: which items a user has rated, whatever the rating",
	.options = OPTION_TABLE(SvdppOptions, options),
	.space = SEARCH_SPACE(space),
	LISTS_BY_IALS,
	.depends_on_scale = true,
	.learning_rate = offsetof(SvdppOptions, rate.learning_rate),
	.iteration = offsetof(SvdppOptions, iteration),
	.prepare = svdpp_prepare,
	.memory = svdpp_memory,
	.attach = svdpp_attach,
	.train = svdpp_train,
	.predict = svdpp_predict
};
