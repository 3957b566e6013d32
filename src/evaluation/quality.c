/*
 * quality.c
 *		How good a model is on ratings that it was not given: errors of its
 *		predictions, and the lists that it recommends.
 *
 * Each user with something relevant held out gets the n best items, of all
 * that the model knows but for those that he has rated in training, or of the
 * held-out and some negative items alone.  What is relevant and unknown to the
 * model is missed.  Everything that is known of items (who has rated them, how
 * often) is of the training of the model.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "evaluation/fold.h"
#include "evaluation/list_measures.h"
#include "math/random.h"
#include "ratings/budget.h"

const char *const metric_names[] = {
	"rmse", "mae", "precision", "recall", "hit_rate", "ndcg", "map", "mrr", "auc",
	"coverage", "novelty", "gini", "diversity", "popularity", "users", NULL
};

/* Streams of random numbers for drawing negatives. */
#define STREAM_NEGATIVES 31

/* A test, with what is where in the model. */
typedef struct Measurement
{
	Model	   *model;
	const TestSet *test;
	FoldIndex	index;			/* of what is held out */
	FoldIndex	negatives;		/* of those, if they are given */
	int32	   *negative_row;	/* [users held out] row among the negatives, or -1 */
	Training	training;
	int32	   *drawable;		/* items that somebody has rated */
	int32		drawables;
	int32	   *user;			/* [users of the batch] row of what is held out */
	int64	   *relevant;		/* [users of the batch] number of relevant items */
	Batch	   *batch;
} Measurement;

/*
 * Bytes of measuring a model of ratings of a given shape on others, besides
 * the model as it is served here: it takes "served" bytes in each worker.
 */
Size
quality_bytes(const MatrixShape *part, const MatrixShape *held_out,
			  const MeasureOptions *wanted, const TestSet *test, Size served)
{
	Size		predictions = budget_array(held_out->ratings, sizeof(Prediction));
	Size		places = (Size) Min(held_out->users, held_out->ratings);
	BatchShape	shape = {
		.users = (int32) places,
		.n = Min(wanted->n, part->items),
		.restricted = test->negatives != NULL || test->sampled_negatives > 0,
		.profiles = test->known != NULL,
		.relevant = held_out->ratings,
		.candidates = test->negatives != NULL ? sparse_entries(&test->negatives->by_user) :
		budget_array(places, Min(test->sampled_negatives, part->items))
	};
	Size		bytes = add_size(matrix_bytes(held_out), matrix_bytes(part));

	if (shape.restricted)
		shape.candidates += shape.relevant;
	if (!wanted->ranking)
		return add_size(bytes, predictions);
	served = mul_size(served, batch_workers(&shape, part->items));
	return add_size(bytes, Max(predictions,
							   add_size(add_size(batch_bytes(&shape, part->items), served),
										lists_bytes(part))));
}

/* Errors of the means of the items in training, and of the mean of all. */
static PredictionErrors
errors_of_means(const Measurement *m, Prediction *prediction)
{
	const SparseRows *rows = &m->test->held_out->by_item;
	int64		n = 0;

	for (int32 row = 0; row < rows->rows; row++)
	{
		int32		item = m->index.item[row];
		double		mean = item < 0 ? m->model->header.mean : training_mean(&m->training, item);

		CHECK_FOR_INTERRUPTS();
		for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
			prediction[n++] = (Prediction) {0, isnan(mean) ? m->model->header.mean : mean,
				rows->value[e]};
	}
	return judgement_errors(prediction, n);
}

static void
put_errors(Quality *quality, PredictionErrors errors)
{
	quality->value[METRIC_RMSE] = sqrt(errors.mse);
	quality->value[METRIC_MAE] = errors.mae;
}

static void
measure_errors(const Measurement *m, const MeasureOptions *wanted, Quality *quality,
			   Quality *popular)
{
	int64		count = sparse_entries(&m->test->held_out->by_user);
	Prediction *prediction = allocate_array(count, sizeof(Prediction));

	fold_judge(m->model, m->test->held_out, &m->index, prediction);
	put_errors(quality, judgement_errors(prediction, count));
	if (wanted->popular)
		put_errors(popular, errors_of_means(m, prediction));
	pfree(prediction);
}

/* How many of a user's held-out items are relevant. */
static int64
count_relevant(const TestSet *test, int32 row)
{
	const SparseRows *rows = &test->held_out->by_user;
	int64		count = 0;

	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		count += rows->value[e] >= test->relevant_from;
	return count;
}

/* Can this user's list be judged? */
static bool
is_evaluated(const Measurement *m, int32 row)
{
	if (m->test->negatives != NULL && m->negative_row[row] < 0)
		return false;
	return count_relevant(m->test, row) > 0;
}

/* Append an item that the model knows; returns the new end. */
static int64
append_known(const BatchItems *items, int64 end, int32 item)
{
	if (item >= 0)
		items->item[end++] = item;
	return end;
}

static void
fill_relevant(Measurement *m, int32 u)
{
	const SparseRows *rows = &m->test->held_out->by_user;
	int32		row = m->user[u];
	int64		end = m->batch->relevant.start[u];

	m->relevant[u] = count_relevant(m->test, row);
	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		if (rows->value[e] >= m->test->relevant_from)
			end = append_known(&m->batch->relevant, end, m->index.item[rows->index[e]]);
	m->batch->relevant.start[u + 1] = end;
}

static void
fill_profile(Measurement *m, int32 u)
{
	const SparseRows *rows = &m->test->known->by_user;
	int32		row = m->user[u];
	SparseRows *profiles = &m->batch->profiles;
	int64		end = profiles->start[u];

	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
	{
		int32		item = m->index.item[rows->index[e]];

		if (item < 0)
			continue;
		profiles->index[end] = item;
		profiles->value[end++] = rows->value[e];
	}
	profiles->start[u + 1] = end;
}

static void
mark_relevant(const Batch *batch, int32 u, uint8 mark, uint8 *marked)
{
	for (int64 e = batch->relevant.start[u]; e < batch->relevant.start[u + 1]; e++)
		marked[batch->relevant.item[e]] = mark;
}

/* The candidates start with what is relevant; returns the end of that. */
static int64
start_candidates(Measurement *m, int32 u)
{
	ItemList	relevant = batch_list(&m->batch->relevant, u);
	int64		start = m->batch->candidates.start[u];

	memcpy(m->batch->candidates.item + start, relevant.item, sizeof(int32) * relevant.count);
	return start + relevant.count;
}

/* The given negatives; what is relevant is none, and must not be ranked twice. */
static void
fill_given_negatives(Measurement *m, int32 u, uint8 *marked)
{
	const SparseRows *rows = &m->test->negatives->by_user;
	int32		row = m->negative_row[m->user[u]];
	int64		end = start_candidates(m, u);

	mark_relevant(m->batch, u, 1, marked);
	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
	{
		int32		item = m->negatives.item[rows->index[e]];

		if (item >= 0 && !marked[item])
			m->batch->candidates.item[end++] = item;
	}
	m->batch->candidates.start[u + 1] = end;
	mark_relevant(m->batch, u, 0, marked);
}

/* Mark, by 1, what may not be drawn for a user: all that has to do with him. */
static void
mark_items(const Measurement *m, int32 row, uint8 mark, uint8 *marked)
{
	const SparseRows *parts[2] = {&m->test->held_out->by_user, NULL};
	const SparseRows *by_user = &m->training.by_user;
	int32		user = m->index.user[row];
	const int32 *seen;
	int32		seen_count;

	if (m->test->known != NULL)
		parts[1] = &m->test->known->by_user;
	for (int p = 0; p < 2 && parts[p] != NULL; p++)
		for (int64 e = parts[p]->start[row]; e < parts[p]->start[row + 1]; e++)
			if (m->index.item[parts[p]->index[e]] >= 0)
				marked[m->index.item[parts[p]->index[e]]] = mark;
	if (user < 0)
		return;
	for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
		marked[by_user->index[e]] = mark;
	seen_count = model_seen_row(m->model, user, &seen);
	for (int32 i = 0; i < seen_count; i++)
		marked[seen[i]] = mark;
}

/*
 * Draw negatives for a user without replacement, by going through the items
 * with the chance that each has to be among those that are still wanted.
 */
static void
draw_negatives(Measurement *m, int32 u, uint8 *marked)
{
	RandomStream stream = random_stream(m->test->seed, STREAM_NEGATIVES, m->user[u]);
	BatchItems *candidates = &m->batch->candidates;
	int64		end = start_candidates(m, u);
	int32		left = 0;
	int32		wanted;

	mark_items(m, m->user[u], 1, marked);
	for (int32 i = 0; i < m->drawables; i++)
		left += !marked[m->drawable[i]];
	wanted = Min(m->test->sampled_negatives, left);
	for (int32 i = 0; wanted > 0; i++)
	{
		if (marked[m->drawable[i]])
			continue;
		if (random_uniform(&stream) * left-- < wanted)
		{
			candidates->item[end++] = m->drawable[i];
			wanted--;
		}
	}
	candidates->start[u + 1] = end;
	mark_items(m, m->user[u], 0, marked);
}

static void
find_drawable(Measurement *m)
{
	m->drawable = allocate_array(m->training.by_item.rows, sizeof(int32));
	for (int32 item = 0; item < m->training.by_item.rows; item++)
		if (sparse_row_length(&m->training.by_item, item) > 0)
			m->drawable[m->drawables++] = item;
}

/* Which rows of the negatives the users held out are. */
static void
find_negatives(Measurement *m)
{
	m->negatives = fold_index(m->model, m->test->negatives);
	m->negative_row = ids_places(&m->test->held_out->users, &m->test->negatives->users);
}

/* The most that the arrays of the batch can have to hold. */
static BatchShape
shape_of_batch(const Measurement *m, int32 users, int n)
{
	const TestSet *test = m->test;
	BatchShape	shape = {
		.users = users,
		.n = Min(n, m->model->header.items),
		.exclude_seen = true,
		.restricted = test->negatives != NULL || test->sampled_negatives > 0,
		.profiles = test->known != NULL,
		.relevant = sparse_entries(&test->held_out->by_user)
	};

	if (test->negatives != NULL)
		shape.candidates = sparse_entries(&test->negatives->by_user);
	else
		shape.candidates = (int64) users * Min(test->sampled_negatives, m->drawables);
	if (shape.restricted)
		shape.candidates += shape.relevant;
	if (test->known != NULL)
		shape.known = sparse_entries(&test->known->by_user);
	return shape;
}

/* Choose the users whose lists can be judged. */
static int32
choose_users(Measurement *m)
{
	int32		rows = m->test->held_out->by_user.rows;
	int32		users = 0;

	m->user = allocate_array(rows, sizeof(int32));
	for (int32 row = 0; row < rows; row++)
		if (is_evaluated(m, row))
			m->user[users++] = row;
	m->relevant = allocate_array(users, sizeof(int64));
	return users;
}

static void
prepare_batch(Measurement *m, int n)
{
	uint8	   *marked = memset(allocate_array(m->model->header.items, 1), 0, m->model->header.items);
	BatchShape	shape;
	int32		users;

	if (m->test->negatives != NULL)
		find_negatives(m);
	users = choose_users(m);
	if (m->test->sampled_negatives > 0)
		find_drawable(m);
	shape = shape_of_batch(m, users, n);
	/* The model may know more items than were rated. */
	budget_require(batch_bytes(&shape, m->model->header.items),
				   psprintf("measuring %d lists of %d items", users, shape.n));
	m->batch = batch_create(&shape, m->model);
	for (int32 u = 0; u < users; u++)
	{
		CHECK_FOR_INTERRUPTS();
		m->batch->user[u] = m->index.user[m->user[u]];
		fill_relevant(m, u);
		if (m->test->known != NULL)
			fill_profile(m, u);
		if (m->test->negatives != NULL)
			fill_given_negatives(m, u, marked);
		else if (m->test->sampled_negatives > 0)
			draw_negatives(m, u, marked);
	}
}

static void
measure_ranking(Measurement *m, const MeasureOptions *wanted, Quality *quality,
				Quality *popular)
{
	prepare_batch(m, wanted->n);
	if (m->batch->shape.users > 0)
	{
		batch_run(m->batch, m->model);
		lists_measure(m->batch, wanted->n, m->relevant, &m->training, quality);
	}
	if (m->batch->shape.users > 0 && wanted->popular)
	{
		m->batch->shape.popular = true;
		batch_run(m->batch, m->model);
		lists_measure(m->batch, wanted->n, m->relevant, &m->training, popular);
	}
	quality->value[METRIC_USERS] = popular->value[METRIC_USERS] = m->batch->shape.users;
	batch_release(m->batch);
}

static void
forget(Quality *quality)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		quality->value[i] = get_float8_nan();
}

/*
 * Measure a model, and, if that is asked, the popularity list and the item
 * means beside it; what is not asked, or undefined, is NaN.  The model has to
 * have its ratings.
 */
void
quality_measure(Model *model, const TestSet *test, const MeasureOptions *wanted,
				Quality *quality, Quality *popular)
{
	Measurement m = {.model = model, .test = test};

	forget(quality);
	forget(popular);
	m.index = fold_index(model, test->held_out);
	training_load(model, &m.training);
	if (wanted->errors)
		measure_errors(&m, wanted, quality, popular);
	if (wanted->ranking)
		measure_ranking(&m, wanted, quality, popular);
}
