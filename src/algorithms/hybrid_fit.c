/*
 * hybrid_fit.c
 *		The weights of a hybrid, fitted on ratings that its components have not
 *		seen.
 *
 * A share of the ratings is held out, a blend of equal weights is trained on the
 * rest, in memory alone, and its components are asked about what was held out,
 * by the code that serves them.  Weights are never negative: components are
 * much alike, and least squares without that bound would set one off against
 * another (Breiman, "Stacked regressions", Machine Learning 24, 1996).
 *
 * If the blend predicts ratings, the weights are those with the least squared
 * error on them (ridge regression towards equal weights).  Else it ranks: for
 * some users the held-out items are to come before others, of which those
 * matter that a component ranks high.  Over these candidates the NDCG of the
 * blend is maximized directly, one weight after the other, from the best of some
 * starts: equal weights, each component alone, and ridge regression of what was
 * held out (1) or not (0) on the scores.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "algorithms/hybrid.h"
#include "algorithms/registry.h"
#include "engine/run.h"
#include "engine/train.h"
#include "engine/train_header.h"
#include "forms/ranking.h"
#include "math/nonnegative.h"
#include "math/random.h"
#include "math/topk.h"
#include "model/memory_model.h"
#include "model/model.h"
#include "ratings/subset.h"
#include "resources/budget.h"

/* Users that are ranked for, at most and, if memory is the bound, at least. */
#define MOST_USERS 10000
#define LEAST_USERS 100
#define POOL_BYTES ((Size) 64 * 1024 * 1024)

/* The candidates of a user are the best so many of each component. */
#define CANDIDATES 100

/* What is maximized is the NDCG of the first so many. */
#define LIST_LENGTH 20

/* Steps of the search: factors of a weight, until the last no longer helps. */
static const double step_factors[] = {3, 1.7, 1.3, 1.1};

/* A step must help so much, in users with the right list, to be taken. */
#define LEAST_GAIN 1e-3

/* The streams of subset_hold_out with the same seed have other numbers. */
#define USER_STREAM 7

/* What the components say of the candidates of some users. */
typedef struct Pool
{
	int			components;
	int			users;
	int64	   *start;			/* [users + 1] of each user's candidates */
	float	   *score;			/* [candidates x components] */
	bool	   *relevant;		/* [candidates] was it held out? */
	double	   *ideal;			/* [users] the greatest sum of gains */
} Pool;

/* A fit while it is going on. */
typedef struct Fit
{
	const HybridOptions *options;
	const SparseRows *held_out; /* by user */
	Model	   *model;			/* of the rest, of equal weights */
	int			count;			/* components */
	double		gram[MODEL_COMPONENTS * MODEL_COMPONENTS];
	double		product[MODEL_COMPONENTS];
	int64		cases;			/* in these sums */
} Fit;

/* For how many users a blend is ranked: as many as memory and time allow. */
static int
users_to_rank_for(int components, int32 user_count)
{
	Size		candidate = components * sizeof(float) + sizeof(bool);
	Size		fit = POOL_BYTES / (candidate * components * CANDIDATES);

	return Min(user_count, Min(MOST_USERS, Max(fit, LEAST_USERS)));
}

/* Bytes of a pool, and of the scores that it is filled from. */
static Size
pool_bytes(const MatrixShape *shape, int components)
{
	Size		candidate = components * sizeof(float) + sizeof(bool);
	Size		users = users_to_rank_for(components, shape->users);

	return add_size(budget_array(users * components * CANDIDATES, candidate),
					budget_array(shape->items, (components + 1) * sizeof(double)));
}

/*
 * Bytes of a fit besides what training the components takes anyway, which leave
 * "models" bytes: the ratings in two parts, with a label for each, and the
 * blend as blocks; then what serving makes of them.
 */
Size
hybrid_fit_bytes(const MatrixShape *shape, const HybridOptions *options, Size models)
{
	Size		blocks = add_size(models, budget_array(shape->ratings,
													   sizeof(int32) + sizeof(float)));
	Size		pool = predicts_ratings(&hybrid_algorithm, options) ? 0 :
		pool_bytes(shape, options->blend.components);

	return add_size(add_size(matrix_bytes(shape), shape->ratings), add_size(blocks, pool));
}

/* Number the items of what was held out as a model does that has more. */
static void
renumber_items(Interactions *held_out, const Interactions *of_model)
{
	int32	   *index = ids_places(&held_out->items, &of_model->items);

	for (int64 e = 0; e < sparse_entries(&held_out->by_user); e++)
		held_out->by_user.index[e] = index[held_out->by_user.index[e]];
	pfree(index);
}

/*
 * The blend of equal weights of the ratings that are not held out, in the
 * current memory context; its numbers of items are then those of held_out by
 * user.
 */
static Model *
train_on_rest(TrainContext *context, const uint8 *label, Interactions *held_out)
{
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(keep, "recsys training", ALLOCSET_DEFAULT_SIZES);
	SubsetFilter rest = {.label = label, .value = 0, .equal = true};
	HybridOptions options = *(const HybridOptions *) context->options;
	TrainContext run = {
		.algorithm = context->algorithm, .options = &options, .source = context->source
	};
	Interactions *part;
	ModelHeader header;
	Model	   *model;

	MemoryContextSwitchTo(scratch);
	part = subset_create(context->ratings, &rest, interactions_are_shared(context->ratings));
	options.fitted = false;
	for (int c = 0; c < options.blend.components; c++)
		options.blend.weight[c] = 1.0 / options.blend.components;
	run.ratings = part;
	run.progress = progress_of_component(context->progress, "fit");
	train_run(&run);
	header = train_header(&run, context->source);
	if (run.model_ratings != part)
		renumber_items(held_out, run.model_ratings);
	MemoryContextSwitchTo(keep);
	model = memory_model_create(run.draft, &header);
	train_end(&run);
	context->progress->last_notice = run.progress->last_notice;
	interactions_release(part);
	MemoryContextDelete(scratch);
	return model;
}

/* Add a case to the normal equations. */
static void
add_case(Fit *fit, const double *x, double y)
{
	for (int i = 0; i < fit->count; i++)
	{
		fit->product[i] += x[i] * y;
		for (int j = 0; j < fit->count; j++)
			fit->gram[i * fit->count + j] += x[i] * x[j];
	}
	fit->cases++;
}

/* All components have the same weight. */
static void
set_equal(const Fit *fit, double *weight)
{
	for (int c = 0; c < fit->count; c++)
		weight[c] = 1.0 / fit->count;
}

/* Solve the normal equations, with a ridge towards equal weights. */
static void
solve_cases(Fit *fit, double *weight)
{
	int			n = fit->count;
	double		trace = 0;
	double		ridge;

	for (int i = 0; i < n; i++)
		trace += fit->gram[i * n + i];
	ridge = fit->options->regularization * trace / n / Max(fit->cases, 1);
	for (int i = 0; i < n; i++)
	{
		fit->gram[i * n + i] += ridge;
		fit->product[i] += ridge / n;
	}
	set_equal(fit, weight);
	nonnegative_solve(n, fit->gram, fit->product, weight);
}

/* Predict what was held out, in the order that is quicker, and compare. */
static void
add_predictions(Fit *fit, const SparseRows *rows, Side side)
{
	Model	   *model = fit->model;
	double		mean = model->header.mean;
	double		x[MODEL_COMPONENTS];

	for (int32 row = 0; row < rows->rows; row++)
		for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		{
			int32		user = side == SIDE_ITEMS ? rows->index[e] : row;
			int32		item = side == SIDE_ITEMS ? row : rows->index[e];

			CHECK_FOR_INTERRUPTS();
			for (int c = 0; c < fit->count; c++)
				x[c] = model->component[c]->form->predict(model->component[c], user, item) - mean;
			add_case(fit, x, rows->value[e] - mean);
		}
}

/* The weights with the least squared error. */
static void
fit_ratings(Fit *fit, const Interactions *held_out, double *weight)
{
	Side		side = model_prefers_item_order(fit->model) ? SIDE_ITEMS : SIDE_USERS;

	(void) model_state(fit->model);
	add_predictions(fit, interactions_by(held_out, side), side);
	solve_cases(fit, weight);
}

/* Choose users by chance, of those of whom something was held out. */
static int32 *
choose_users(const Fit *fit, int *count)
{
	const SparseRows *held_out = fit->held_out;
	int32	   *user = allocate_array(held_out->rows, sizeof(int32));
	int			most = users_to_rank_for(fit->count, held_out->rows);
	RandomStream stream = random_stream(fit->options->seed, USER_STREAM, 0);
	int32		eligible = 0;

	for (int32 u = 0; u < held_out->rows; u++)
		if (sparse_row_length(held_out, u) > 0)
			user[eligible++] = u;
	*count = Min(most, eligible);
	for (int i = 0; i < *count; i++)
	{
		int32		other = i + random_below(&stream, eligible - i);
		int32		chosen = user[other];

		user[other] = user[i];
		user[i] = chosen;
	}
	return user;
}

/* The greatest sum of gains where so many items are relevant. */
static double
ideal_gains(int64 relevant)
{
	double		gains = 0;

	for (int i = 0; i < Min(relevant, LIST_LENGTH); i++)
		gains += 1 / log2(i + 2);
	return gains;
}

/* An empty pool with room for the candidates of some users. */
static Pool *
create_pool(const Fit *fit, const int32 *user, int count)
{
	int32		item_count = fit->model->header.items;
	Pool	   *pool = palloc0(sizeof(Pool));
	Size		candidates = 0;

	pool->components = fit->count;
	pool->start = palloc0(sizeof(int64) * (count + 1));
	pool->ideal = palloc(sizeof(double) * Max(count, 1));
	for (int i = 0; i < count; i++)
		candidates += Min(item_count, fit->count * CANDIDATES +
						  sparse_row_length(fit->held_out, user[i]));
	pool->score = allocate_array(candidates, sizeof(float) * fit->count);
	pool->relevant = allocate_array(candidates, sizeof(bool));
	return pool;
}

/* Mark the best items of a component among those the user has not rated. */
static void
mark_best(const Fit *fit, int32 user, const double *score, double *masked, uint8 *mark)
{
	int32		item_count = fit->model->header.items;
	UserProfile seen = model_profile(fit->model, user);
	TopK		top;
	Scored		heap[CANDIDATES];

	memcpy(masked, score, sizeof(double) * item_count);
	leave_out(masked, (ItemList) {seen.count, seen.item});
	topk_init(&top, Min(CANDIDATES, item_count), heap);
	push_scores(&top, masked, item_count);
	for (int i = 0; i < top.count; i++)
		mark[heap[i].index] = Max(mark[heap[i].index], 1);
}

/* Marks of items: 0 not a candidate, 1 one, 2 held out. */
static void
add_candidates(Fit *fit, Pool *pool, const double *score, const uint8 *mark)
{
	int32		item_count = fit->model->header.items;
	int64		to = pool->start[pool->users];

	for (int32 item = 0; item < item_count; item++)
	{
		double		x[MODEL_COMPONENTS];

		if (mark[item] == 0)
			continue;
		for (int c = 0; c < fit->count; c++)
		{
			x[c] = score[(Size) c * item_count + item];
			pool->score[to * fit->count + c] = x[c];
		}
		add_case(fit, x, mark[item] == 2);
		pool->relevant[to++] = mark[item] == 2;
	}
	pool->users++;
	pool->start[pool->users] = to;
}

/* Ask all components about the items of some users. */
static Pool *
fill_pool(Fit *fit, const int32 *user, int count)
{
	int32		item_count = fit->model->header.items;
	const SparseRows *held_out = fit->held_out;
	Pool	   *pool = create_pool(fit, user, count);
	double	   *score = allocate_array((Size) item_count * (fit->count + 1), sizeof(double));
	uint8	   *mark = allocate_array(item_count, sizeof(uint8));

	for (int i = 0; i < count; i++)
	{
		memset(mark, 0, item_count);
		for (int c = 0; c < fit->count; c++)
		{
			double	   *row = score + (Size) c * item_count;

			blend_component_scores(fit->model, c, user[i], row);
			mark_best(fit, user[i], row, score + (Size) fit->count * item_count, mark);
			CHECK_FOR_INTERRUPTS();
		}
		for (int64 e = held_out->start[user[i]]; e < held_out->start[user[i] + 1]; e++)
			mark[held_out->index[e]] = 2;
		pool->ideal[i] = ideal_gains(sparse_row_length(held_out, user[i]));
		add_candidates(fit, pool, score, mark);
	}
	return pool;
}

/* The NDCG of a user's list under some weights. */
static double
ndcg_of_user(Pool *pool, int user, const double *weight)
{
	int64		first = pool->start[user];
	int			count = (int) (pool->start[user + 1] - first);
	Scored		heap[LIST_LENGTH];
	TopK		top;
	double		gains = 0;

	topk_init(&top, Min(LIST_LENGTH, count), heap);
	for (int i = 0; i < count; i++)
	{
		const float *score = pool->score + (first + i) * pool->components;
		double		sum = 0;

		for (int c = 0; c < pool->components; c++)
			sum += weight[c] * score[c];
		topk_push(&top, sum, i);
	}
	topk_sort(&top);
	for (int i = 0; i < top.count; i++)
		if (pool->relevant[first + heap[i].index])
			gains += 1 / log2(i + 2);
	return gains / pool->ideal[user];
}

/*
 * What is maximized: the sum of the NDCG of all users, less a penalty on what
 * the shares of the weights differ from equal ones.
 */
static double
quality(const Fit *fit, Pool *pool, const double *weight)
{
	double		sum = 0;
	double		weights = 0;
	double		penalty = 0;

	for (int c = 0; c < fit->count; c++)
		weights += weight[c];
	if (weights == 0)
		return -get_float8_infinity();
	for (int c = 0; c < fit->count; c++)
		penalty += (weight[c] / weights - 1.0 / fit->count) *
			(weight[c] / weights - 1.0 / fit->count);
	for (int user = 0; user < pool->users; user++)
	{
		sum += ndcg_of_user(pool, user, weight);
		CHECK_FOR_INTERRUPTS();
	}
	return sum - fit->options->regularization * penalty;
}

/* Take other weights if they are better. */
static bool
try_weights(const Fit *fit, Pool *pool, const double *other, double *weight, double *best)
{
	double		result = quality(fit, pool, other);

	if (!(result > *best + LEAST_GAIN))
		return false;
	*best = result;
	memcpy(weight, other, sizeof(double) * fit->count);
	return true;
}

/* Try another value of one weight. */
static bool
try_value(const Fit *fit, Pool *pool, int c, double value, double *weight, double *best)
{
	double		other[MODEL_COMPONENTS];

	memcpy(other, weight, sizeof(double) * fit->count);
	other[c] = value;
	return try_weights(fit, pool, other, weight, best);
}

/* One round over all weights; returns whether any has changed. */
static bool
improve_weights(const Fit *fit, Pool *pool, double factor, double *weight, double *best)
{
	bool		improved = false;

	for (int c = 0; c < fit->count; c++)
	{
		double		sum = 0;
		double		value = weight[c];

		for (int i = 0; i < fit->count; i++)
			sum += weight[i];
		if (value == 0)
			value = sum / 10 / factor;
		else if (try_value(fit, pool, c, 0, weight, best) ||
				 try_value(fit, pool, c, value / factor, weight, best))
		{
			improved = true;
			continue;
		}
		if (try_value(fit, pool, c, value * factor, weight, best))
			improved = true;
	}
	return improved;
}

/* The starts, of which the best is kept; then steps that get shorter. */
static void
maximize_quality(Fit *fit, Pool *pool, double *weight)
{
	double		other[MODEL_COMPONENTS];
	double		best;

	set_equal(fit, weight);
	best = quality(fit, pool, weight);
	solve_cases(fit, other);
	try_weights(fit, pool, other, weight, &best);
	for (int c = 0; c < fit->count; c++)
	{
		memset(other, 0, sizeof(other));
		other[c] = 1;
		try_weights(fit, pool, other, weight, &best);
	}
	for (int s = 0; s < lengthof(step_factors); s++)
		while (improve_weights(fit, pool, step_factors[s], weight, &best))
			continue;
}

/* The weights that rank best. */
static void
fit_ranking(Fit *fit, double *weight)
{
	int			count;
	int32	   *user = choose_users(fit, &count);

	(void) model_state(fit->model);
	maximize_quality(fit, fill_pool(fit, user, count), weight);
}

/* Say what the weights are. */
static void
report_weights(const TrainContext *context, const Fit *fit, const double *weight)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int c = 0; c < fit->count; c++)
		appendStringInfo(&list, "%s%s %.3f", c > 0 ? ", " : "",
						 fit->options->component[c].algorithm->name, weight[c]);
	ereport(NOTICE,
			(errmsg("%s: weights fitted on " INT64_FORMAT " held-out ratings: %s",
					context->algorithm->name, sparse_entries(fit->held_out), list.data),
			 errdetail("Training on all ratings now.")));
}

/*
 * Hold ratings out, train on the rest, and fit the weights.  Notice: what they
 * are, or that there was nothing to fit them on.
 */
static void
fit_on_held_out(TrainContext *context, double *weight)
{
	const HybridOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	uint8	   *label = subset_hold_out(ratings, opts->validation_fraction, opts->seed);
	SubsetFilter filter = {.label = label, .value = 1, .equal = true};
	Interactions *held_out = subset_create(ratings, &filter, false);
	Fit			fit = {
		.options = opts, .held_out = &held_out->by_user, .count = opts->blend.components
	};
	double		sum = 0;

	set_equal(&fit, weight);
	if (sparse_entries(fit.held_out) == 0)
	{
		ereport(NOTICE,
				(errmsg("%s: there are too few ratings to hold some of them out",
						context->algorithm->name),
				 errdetail("All components have the same weight.")));
		return;
	}
	fit.model = train_on_rest(context, label, held_out);
	if (predicts_ratings(context->algorithm, opts))
		fit_ratings(&fit, held_out, weight);
	else
		fit_ranking(&fit, weight);
	for (int c = 0; c < fit.count; c++)
		sum += weight[c];
	if (sum == 0)
		set_equal(&fit, weight);
	else if (!predicts_ratings(context->algorithm, opts))
		for (int c = 0; c < fit.count; c++)
			weight[c] /= sum;
	report_weights(context, &fit, weight);
}

/* Fit the weights of a run's components, which are then still to be trained. */
void
hybrid_fit(TrainContext *context, double *weight)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys fit",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);

	fit_on_held_out(context, weight);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}
