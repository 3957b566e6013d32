/*
 * test_batch.c
 *		The lists that a model is asked for when it is tested.
 *
 * Each user with something relevant held out gets one: the best of all items
 * that the model knows but for those that the user has rated in training, or
 * the best of what is held out and some negatives alone, which are given, or
 * drawn from what nothing is known of.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "evaluation/test_batch.h"
#include "math/random.h"
#include "resources/budget.h"
#include "serving/profile_weights.h"

/* Streams of random numbers for drawing negatives. */
#define STREAM_NEGATIVES 31

/* A batch as it is made. */
typedef struct BatchBuilder
{
	Model	   *model;
	const TestSet *test;
	const FoldIndex *index;
	const Training *training;
	int32	   *user;			/* as in TestBatch */
	int64	   *relevant;
	double	   *gain;			/* NULL: gains are 1 */
	double	   *ideal;
	double	   *gains;			/* [ratings held out of a user] work space */
	int			n;				/* entries that a list should have */
	Batch	   *batch;
	FoldIndex	negatives;		/* where they are in the model, if they are given */
	int32	   *negative_row;	/* [users held out] row among the negatives, or -1 */
	int32	   *drawable;		/* items that somebody has rated */
	int32		drawables;
} BatchBuilder;

/* Are candidates ranked, and not all items? */
static bool
is_restricted(const TestSet *test)
{
	return test->negatives != NULL || test->sampled_negatives > 0;
}

/*
 * The most that the lists of so many users can take, where the model has so many
 * items, of which so many can be drawn, and so many items are held out.
 */
static BatchShape
batch_shape(const TestSet *test, int32 user_count, int32 item_count, int32 drawables,
			int64 held_out, const MeasureOptions *wanted)
{
	BatchShape	shape = {
		.users = user_count,
		.n = Min(wanted->n, item_count),
		.exclude_seen = !test->include_seen,
		.auc = metrics_wanted(wanted, METRIC_BIT(METRIC_AUC)),
		.restricted = is_restricted(test),
		.profiles = test->known != NULL,
		.relevant = held_out
	};

	if (test->negatives != NULL)
		shape.candidates = sparse_entries(&test->negatives->by_user);
	else
		shape.candidates = budget_array(user_count, Min(test->sampled_negatives, drawables));
	if (shape.restricted)
		shape.candidates += shape.relevant;
	if (test->known != NULL)
		shape.known = sparse_entries(&test->known->by_user);
	return shape;
}

/*
 * The most that lists of n items can take, for a model of ratings of a given
 * shape tested by others.
 */
BatchShape
test_batch_most(const TestSet *test, const MatrixShape *part, const MatrixShape *held_out,
				const MeasureOptions *wanted)
{
	return batch_shape(test, (int32) Min(held_out->users, held_out->ratings), part->items,
					   part->items, held_out->ratings, wanted);
}

/* The most that the gains of what is relevant can take. */
Size
test_gains_bytes(const TestSet *test, const MatrixShape *held_out)
{
	if (test->gain == LIST_GAIN_BINARY)
		return 0;
	return add_size(budget_array(held_out->ratings, 2 * sizeof(double)),
					budget_array(held_out->users, sizeof(double)));
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
is_evaluated(const BatchBuilder *b, int32 row)
{
	if (b->test->negatives != NULL && b->negative_row[row] < 0)
		return false;
	return count_relevant(b->test, row) > 0;
}

/* Append an item with a rating, if the model knows it; returns the new end. */
static int64
append_known(const BatchBuilder *b, int64 end, int32 item, float rating)
{
	if (item < 0)
		return end;
	b->batch->relevant.item[end] = item;
	if (b->gain != NULL)
		b->gain[end] = list_gain(b->test->gain, rating);
	return end + 1;
}

/* The relevant items of a user that the model knows. */
static void
fill_relevant(BatchBuilder *b, int32 u)
{
	const SparseRows *rows = &b->test->held_out->by_user;
	int32		row = b->user[u];
	int64		end = b->batch->relevant.start[u];

	b->relevant[u] = count_relevant(b->test, row);
	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		if (rows->value[e] >= b->test->relevant_from)
			end = append_known(b, end, b->index->item[rows->index[e]], rows->value[e]);
	b->batch->relevant.start[u + 1] = end;
}

/* The gain of the best list of a user: of all that is relevant, known or not. */
static void
fill_ideal(BatchBuilder *b, int32 u)
{
	const SparseRows *rows = &b->test->held_out->by_user;
	int32		row = b->user[u];
	int64		count = 0;

	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		if (rows->value[e] >= b->test->relevant_from)
			b->gains[count++] = list_gain(b->test->gain, rows->value[e]);
	b->ideal[u] = list_ideal_gain(b->gains, count, b->n);
}

/* What is known of a user who is held out whole. */
static void
fill_profile(BatchBuilder *b, int32 u)
{
	const SparseRows *rows = &b->test->known->by_user;
	int32		row = b->user[u];
	SparseRows *profiles = &b->batch->profiles;
	int64		end = profiles->start[u];
	UserProfile profile PG_USED_FOR_ASSERTS_ONLY;

	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
	{
		int32		item = b->index->item[rows->index[e]];

		if (item < 0)
			continue;
		profiles->index[end] = item;
		profiles->value[end++] = rows->value[e];
	}
	profiles->start[u + 1] = end;
	profile = batch_profile(b->batch, u);
	Assert(profile_is_valid(&profile, b->model->header.items));
}

/* Mark the items of a list. */
static void
mark_list(ItemList items, uint8 mark, uint8 *marked)
{
	for (int32 i = 0; i < items.count; i++)
		marked[items.item[i]] = mark;
}

/* The candidates start with what is relevant; returns the end of that. */
static int64
start_candidates(BatchBuilder *b, int32 u)
{
	ItemList	relevant = batch_list(&b->batch->relevant, u);
	int64		start = b->batch->candidates.start[u];

	memcpy(b->batch->candidates.item + start, relevant.item, sizeof(int32) * relevant.count);
	return start + relevant.count;
}

/* The given negatives; what is relevant is none, and must not be ranked twice. */
static void
fill_given_negatives(BatchBuilder *b, int32 u, uint8 *marked)
{
	const SparseRows *rows = &b->test->negatives->by_user;
	int32		row = b->negative_row[b->user[u]];
	int64		end = start_candidates(b, u);

	mark_list(batch_list(&b->batch->relevant, u), 1, marked);
	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
	{
		int32		item = b->negatives.item[rows->index[e]];

		if (item >= 0 && !marked[item])
			b->batch->candidates.item[end++] = item;
	}
	b->batch->candidates.start[u + 1] = end;
	mark_list(batch_list(&b->batch->relevant, u), 0, marked);
}

/* Mark the items of a row of a part of the ratings. */
static void
mark_row(const BatchBuilder *b, const SparseRows *part, int32 row, uint8 mark, uint8 *marked)
{
	for (int64 e = part->start[row]; e < part->start[row + 1]; e++)
		if (b->index->item[part->index[e]] >= 0)
			marked[b->index->item[part->index[e]]] = mark;
}

/*
 * Mark, by 1, what may not be drawn for a user: what is held out, and what they
 * have seen unless lists may have that.
 */
static void
mark_items(const BatchBuilder *b, int32 row, uint8 mark, uint8 *marked)
{
	int32		user = b->index->user[row];
	UserProfile rated = {0};
	ItemList	seen = {0};

	mark_row(b, &b->test->held_out->by_user, row, mark, marked);
	if (b->test->include_seen)
		return;
	if (b->test->known != NULL)
		mark_row(b, &b->test->known->by_user, row, mark, marked);
	if (user >= 0)
		rated = profile_of_row(&b->training->by_user, user);
	seen.count = model_seen_besides(b->model, user, b->index->cold_user[row], &seen.item);
	mark_list((ItemList) {rated.count, rated.item}, mark, marked);
	mark_list(seen, mark, marked);
}

/*
 * Draw negatives for a user without replacement, by going through the items
 * with the chance that each has to be among those that are still wanted.
 */
static void
draw_negatives(BatchBuilder *b, int32 u, uint8 *marked)
{
	RandomStream stream = random_stream(b->test->seed, STREAM_NEGATIVES, b->user[u]);
	BatchItems *candidates = &b->batch->candidates;
	int64		end = start_candidates(b, u);
	int32		left = 0;
	int32		wanted;

	mark_items(b, b->user[u], 1, marked);
	for (int32 i = 0; i < b->drawables; i++)
		left += !marked[b->drawable[i]];
	wanted = Min(b->test->sampled_negatives, left);
	for (int32 i = 0; wanted > 0; i++)
	{
		if (marked[b->drawable[i]])
			continue;
		if (random_uniform(&stream) * left-- < wanted)
		{
			candidates->item[end++] = b->drawable[i];
			wanted--;
		}
	}
	candidates->start[u + 1] = end;
	mark_items(b, b->user[u], 0, marked);
}

/* Find the items that can be drawn: those that have ratings. */
static void
find_drawable(BatchBuilder *b)
{
	b->drawable = allocate_array(b->training->by_item.rows, sizeof(int32));
	for (int32 item = 0; item < b->training->by_item.rows; item++)
		if (sparse_row_length(&b->training->by_item, item) > 0)
			b->drawable[b->drawables++] = item;
}

/* Which rows of the negatives the users held out are. */
static void
find_negatives(BatchBuilder *b)
{
	b->negatives = fold_index(b->model, b->test->negatives);
	b->negative_row = ids_places(&b->test->held_out->users, &b->test->negatives->users);
}

/* Choose the users whose lists can be judged. */
static int32
choose_users(BatchBuilder *b)
{
	int32		rows = b->test->held_out->by_user.rows;
	int32		user_count = 0;

	b->user = allocate_array(rows, sizeof(int32));
	for (int32 row = 0; row < rows; row++)
		if (is_evaluated(b, row))
			b->user[user_count++] = row;
	b->relevant = allocate_array(user_count, sizeof(int64));
	return user_count;
}

/* Make room for gains, unless all are 1. */
static void
make_gains(BatchBuilder *b, int32 user_count)
{
	int64		held_out = sparse_entries(&b->test->held_out->by_user);

	if (b->test->gain == LIST_GAIN_BINARY)
		return;
	b->gain = allocate_array(held_out, sizeof(double));
	b->gains = allocate_array(held_out, sizeof(double));
	b->ideal = allocate_array(user_count, sizeof(double));
}

/* What is asked for a user of the batch; "marked" [items] is work space, all 0. */
static void
fill_user(BatchBuilder *b, int32 u, uint8 *marked)
{
	b->batch->user[u] = b->index->user[b->user[u]];
	b->batch->cold_user[u] = b->index->cold_user[b->user[u]];
	fill_relevant(b, u);
	if (b->gain != NULL)
		fill_ideal(b, u);
	if (b->test->known != NULL)
		fill_profile(b, u);
	if (b->test->negatives != NULL)
		fill_given_negatives(b, u, marked);
	else if (b->test->sampled_negatives > 0)
		draw_negatives(b, u, marked);
}

/*
 * Make the batch of a test, for what is to be measured, in the current memory
 * context.  Error: it does not fit into the memory.
 */
TestBatch
test_batch_create(const PlacedTest *placed, const MeasureOptions *wanted)
{
	int32		item_count = placed->model->header.items;
	BatchBuilder b = {
		.model = placed->model,
		.test = placed->test,
		.index = &placed->index,
		.training = &placed->training,
		.n = wanted->n
	};
	uint8	   *marked = allocate_array_zero(item_count, 1);
	BatchShape	shape;
	int32		user_count;

	if (b.test->negatives != NULL)
		find_negatives(&b);
	user_count = choose_users(&b);
	if (b.test->sampled_negatives > 0)
		find_drawable(&b);
	shape = batch_shape(b.test, user_count, item_count, b.drawables,
						sparse_entries(&b.test->held_out->by_user), wanted);
	/* The model may know more items than were rated. */
	budget_require(batch_bytes(&shape, item_count),
				   psprintf("measuring %d lists of %d items", user_count, shape.n));
	b.batch = batch_create(&shape, b.model);
	make_gains(&b, user_count);
	for (int32 u = 0; u < user_count; u++)
	{
		CHECK_FOR_INTERRUPTS();
		fill_user(&b, u, marked);
	}
	if (b.test->known != NULL)
		profiles_transform(b.model, &b.batch->profiles);
	return (TestBatch) {b.user, b.relevant, b.gain, b.ideal, b.batch};
}
