/*
 * batch.c
 *		The best items for many users at once, by several processes.
 *
 * Users are taken some at a time, as many as have scores for all items in a few
 * megabytes.  Where the form of the model can score them together, by a matrix
 * product, it does; then each row of scores is ranked as recsys_recommend does
 * for one user.  Blocks do not depend on each other nor on who takes them, and
 * what comes of a user is written to his own place in the result: it is the
 * same for any number of workers.
 *
 * Workers have the model from an image in shared memory, or read its table
 * under the snapshot of the leader.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/parallel.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/shmem.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "engine/dense.h"
#include "engine/team.h"
#include "math/kernels.h"
#include "model/memory_model.h"
#include "model/model.h"
#include "ratings/budget.h"
#include "ratings/shared.h"
#include "serving/batch.h"
#include "serving/ranking.h"

/* The key of the parallel context's table of contents. */
#define KEY_BATCH 1

/* Scores of a block of users are about so many bytes, and they are at most so many. */
#define BLOCK_BYTES (4 * 1024 * 1024)
#define BLOCK_USERS 64

/* So many scores are as much work as training has with one rating. */
#define SCORES_PER_RATING 16

typedef struct BatchShared
{
	pg_atomic_uint64 next;		/* block that nobody has taken yet */
	BatchShape	shape;
	dsm_handle	arrays;
	bool		image;			/* is the model one? */
	dsm_handle	memory_model;
	Oid			relid;			/* or else its table */
	Oid			type;
	int32		version;
	Size		row_cache_bytes;
} BatchShared;

/* All items by how many have rated them: the same for everybody but for what he has seen. */
typedef struct PopularOrder
{
	double	   *count;			/* [items] numbers of ratings */
	Scored	   *best;			/* [items] most first */
	double	   *place;			/* [items] how many items are before one, ties half */
	uint8	   *seen;			/* [items] work space, all 0 */
} PopularOrder;

/* A process at work. */
typedef struct BatchWorker
{
	const Batch *batch;
	Model	   *model;
	pg_atomic_uint64 *next;
	int			block;			/* users in a block */
	float	   *rows;			/* [block x items] scores of users of the model; NULL:
								 * its form scores them one after the other */
	double	   *score;			/* [items] of the user at hand, -infinity: it has none,
								 * NaN: it is not to be recommended */
	int32	   *seen;			/* [items] of the user at hand; NULL: not needed yet */
	PopularOrder *popular;		/* likewise */
	double	   *relevant;		/* scores of relevant items */
	double	   *some;			/* scores of them and of the candidates */
	int64		capacity;		/* of these two */
	Scored	   *heap;			/* [n] */
	MemoryContext context;		/* of all of this */
	MemoryContext scratch;		/* for what scoring a block allocates */
} BatchWorker;

PGDLLEXPORT void RecsysBatchMain(dsm_segment *segment, shm_toc *toc);

/* There may be no items: then there is nothing to do, but it can be asked how much. */
static int
users_in_block(int32 items)
{
	return Max(1, Min(BLOCK_USERS, BLOCK_BYTES / (sizeof(float) * (Size) Max(items, 1))));
}

static int64
count_blocks(const BatchShape *shape, int32 items)
{
	int			block = users_in_block(items);

	return ((int64) shape->users + block - 1) / block;
}

/* An array at the end of those that have a place, or NULL if there is no memory yet. */
static void *
lay_out(char *base, Size *filled, Size count, Size element)
{
	char	   *place = base == NULL ? NULL : base + *filled;

	*filled = add_size(*filled, MAXALIGN(budget_array(count, element)));
	return place;
}

static void
lay_out_items(char *base, Size *filled, int32 users, int64 entries, BatchItems *items)
{
	items->start = lay_out(base, filled, (Size) users + 1, sizeof(int64));
	items->item = lay_out(base, filled, entries, sizeof(int32));
}

/* Give the arrays of a batch their places from "base" on; returns their bytes. */
static Size
lay_out_batch(Batch *batch, char *base)
{
	const BatchShape *shape = &batch->shape;
	Size		places = budget_array(shape->users, Max(shape->n, 1));
	Size		filled = 0;

	batch->user = lay_out(base, &filled, shape->users, sizeof(int32));
	lay_out_items(base, &filled, shape->users, shape->relevant, &batch->relevant);
	if (shape->restricted)
		lay_out_items(base, &filled, shape->users, shape->candidates, &batch->candidates);
	if (shape->profiles)
	{
		SparseRows *profiles = &batch->profiles;

		profiles->rows = shape->users;
		profiles->start = lay_out(base, &filled, (Size) shape->users + 1, sizeof(int64));
		profiles->index = lay_out(base, &filled, shape->known, sizeof(int32));
		profiles->value = lay_out(base, &filled, shape->known, sizeof(float));
	}
	batch->item = lay_out(base, &filled, places, sizeof(int32));
	if (shape->scores)
		batch->score = lay_out(base, &filled, places, sizeof(double));
	batch->auc = lay_out(base, &filled, shape->users, sizeof(double));
	return filled;
}

/* How many workers a batch over so many items asks for. */
int
batch_workers(const BatchShape *shape, int32 items)
{
	double		scores = shape->popular ? 0 : (double) shape->users * items;
	int			workers = workers_for_ratings((int64) (scores / SCORES_PER_RATING));

	return Max(0, Min(workers, count_blocks(shape, items) - 1));
}

/*
 * Bytes of a batch over so many items: the arrays, and the work space of all
 * processes besides what the model takes in each.
 */
Size
batch_bytes(const BatchShape *shape, int32 items)
{
	Batch		batch = {.shape = *shape};
	Size		rows = budget_array(items, users_in_block(items) * sizeof(float) +
									3 * sizeof(double) + sizeof(Scored) + sizeof(int32) + 1);

	return add_size(lay_out_batch(&batch, NULL),
					mul_size(1 + batch_workers(shape, items), rows));
}

/*
 * Make the arrays of a batch, all zero, in shared memory if workers will be of
 * use.
 */
Batch *
batch_create(const BatchShape *shape, const Model *model)
{
	Batch	   *batch = palloc0(sizeof(Batch));
	Size		bytes;
	char	   *base;

	batch->shape = *shape;
	bytes = Max(lay_out_batch(batch, NULL), 1);
	if (batch_workers(shape, model->header.items) > 0)
		batch->segment = shared_create(bytes);
	if (batch->segment != NULL)
		base = memset(dsm_segment_address(batch->segment), 0, bytes);
	else
		base = MemoryContextAllocExtended(CurrentMemoryContext, bytes,
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	lay_out_batch(batch, base);
	return batch;
}

static void *
allocate(BatchWorker *worker, Size count, Size element)
{
	return MemoryContextAllocHuge(worker->context, budget_array(Max(count, 1), element));
}

/* Make the work space of this process, in the current memory context. */
static BatchWorker *
worker_create(const Batch *batch, Model *model, pg_atomic_uint64 *next)
{
	BatchWorker *worker = palloc0(sizeof(BatchWorker));
	int32		items = model->header.items;
	bool		block = model->form->score_users != NULL && !batch->shape.popular;

	worker->batch = batch;
	worker->model = model;
	worker->next = next;
	worker->context = CurrentMemoryContext;
	worker->scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys block",
											ALLOCSET_DEFAULT_SIZES);
	worker->block = users_in_block(items);
	if (block)
		worker->rows = allocate(worker, budget_array(worker->block, items), sizeof(float));
	worker->score = allocate(worker, items, sizeof(double));
	worker->heap = allocate(worker, batch->shape.n, sizeof(Scored));
	return worker;
}

static int64
items_count(const BatchItems *items, int32 u)
{
	return items->start[u + 1] - items->start[u];
}

/* What is known of user u besides the model; it may be nothing. */
UserProfile
batch_profile(const Batch *batch, int32 u)
{
	if (!batch->shape.profiles)
		return (UserProfile) {0};
	return profile_of_row(&batch->profiles, u);
}

/* How many of some scores are before a score in their order, ties counting half. */
static double
place_among(const double *score, int64 count, double threshold)
{
	int64		above;
	int64		equal;

	kernels->count_above(count, score, threshold, &above, &equal);
	return above + equal / 2.0;
}

/* The place of each item; of equal ones it is the same. */
static double *
find_places(const Scored *best, int32 items)
{
	double	   *place = MemoryContextAllocHuge(CurrentMemoryContext,
											   budget_array(items, sizeof(double)));

	for (int32 from = 0, to; from < items; from = to)
	{
		for (to = from + 1; to < items && best[to].score == best[from].score; to++)
			;
		for (int32 i = from; i < to; i++)
			place[best[i].index] = from + (to - from) / 2.0;
	}
	return place;
}

static const PopularOrder *
popular_order(BatchWorker *worker)
{
	int32		items = worker->model->header.items;
	MemoryContext old;
	PopularOrder *order;

	if (worker->popular != NULL)
		return worker->popular;
	old = MemoryContextSwitchTo(worker->context);
	order = palloc(sizeof(PopularOrder));
	order->count = popularity_scores(worker->model);
	/* What nobody has rated is nobody's recommendation, but has a place. */
	for (int32 item = 0; item < items; item++)
		if (isnan(order->count[item]))
			order->count[item] = 0;
	order->best = rank_scores(order->count, items, items).heap;
	order->place = find_places(order->best, items);
	order->seen = memset(allocate(worker, items, 1), 0, items);
	worker->popular = order;
	MemoryContextSwitchTo(old);
	return order;
}

/* Score all items for user u; row, if there is one, are scores made before. */
static void
score_user(BatchWorker *worker, int32 u, const float *row)
{
	const Batch *batch = worker->batch;
	Model	   *model = worker->model;
	double	   *score = worker->score;
	UserProfile profile = batch_profile(batch, u);

	if (row != NULL)
		for (int32 item = 0; item < model->header.items; item++)
			score[item] = row[item];
	else if (batch->user[u] < 0 && profile.count > 0)
		model->form->score_profile(model, &profile, score);
	else
		model->form->score_items(model, batch->user[u], score);
	for (int32 item = 0; item < model->header.items; item++)
		if (isnan(score[item]))
			score[item] = -get_float8_infinity();
}

/* What a user of the model has seen: what he has rated in training, and besides. */
static int32
seen_by_user(BatchWorker *worker, int32 user, const int32 **item)
{
	const float *value;
	const int32 *more;
	int32		count = model_sparse_row(worker->model, PART_RATINGS, user, item, &value);
	int32		more_count = model_seen_row(worker->model, user, &more);

	if (more_count == 0)
		return count;
	if (worker->seen == NULL)
		worker->seen = allocate(worker, worker->model->header.items, sizeof(int32));
	memcpy(worker->seen, *item, sizeof(int32) * count);
	/* There is room: a model may have been made by anybody. */
	more_count = Min(more_count, worker->model->header.items - count);
	memcpy(worker->seen + count, more, sizeof(int32) * more_count);
	*item = worker->seen;
	return count + more_count;
}

/* What the user is not to be recommended: what he has seen, or what is known of him. */
static int32
seen_items(BatchWorker *worker, int32 u, const int32 **item)
{
	const Batch *batch = worker->batch;
	UserProfile profile = batch_profile(batch, u);

	if (!batch->shape.exclude_seen)
		return 0;
	if (batch->user[u] >= 0)
		return seen_by_user(worker, batch->user[u], item);
	*item = profile.item;
	return profile.count;
}

static void
exclude(BatchWorker *worker, int32 u)
{
	const int32 *item;
	int32		count = seen_items(worker, u, &item);

	for (int32 i = 0; i < count; i++)
		worker->score[item[i]] = get_float8_nan();
}

static void
push(TopK *top, const double *score, int32 item)
{
	if (score[item] > -get_float8_infinity())
		topk_push(top, score[item], item);
}

static void
push_items(TopK *top, const double *score, const BatchItems *items, int32 u)
{
	for (int64 e = items->start[u]; e < items->start[u + 1]; e++)
		push(top, score, items->item[e]);
}

/* Write an entry of the list of user u; the index is -1 behind its end. */
static void
put_entry(const Batch *batch, int32 u, int i, Scored entry)
{
	Size		place = (Size) u * batch->shape.n + i;

	batch->item[place] = entry.index;
	if (batch->shape.scores)
		batch->score[place] = entry.score;
}

/* Write the list of user u. */
static void
list_best(BatchWorker *worker, int32 u)
{
	const Batch *batch = worker->batch;
	int			n = batch->shape.n;
	TopK		top;

	topk_init(&top, n, worker->heap);
	if (batch->shape.restricted)
	{
		push_items(&top, worker->score, &batch->relevant, u);
		push_items(&top, worker->score, &batch->candidates, u);
	}
	else
		for (int32 i = 0; i < worker->model->header.items; i++)
			push(&top, worker->score, i);
	topk_sort(&top);
	for (int i = 0; i < n; i++)
		put_entry(batch, u, i, i < top.count ? top.heap[i] : (Scored) {0, -1});
}

static int64
gather(const double *score, const BatchItems *items, int32 u, double *to)
{
	int64		count = 0;

	for (int64 e = items->start[u]; e < items->start[u + 1]; e++)
		to[count++] = score[items->item[e]];
	return count;
}

static void
reserve(BatchWorker *worker, int64 count)
{
	if (count <= worker->capacity)
		return;
	worker->capacity = Max(2 * worker->capacity, count);
	worker->relevant = allocate(worker, worker->capacity, sizeof(double));
	worker->some = allocate(worker, worker->capacity, sizeof(double));
}

/*
 * The share of the pairs of a relevant item and another one that have the
 * relevant one first, ties counting half: for each relevant item the others
 * that are before it are counted.
 */
static double
area_under_curve(const double *score, int64 count, const double *relevant, int64 relevant_count)
{
	int64		others = -relevant_count;
	double		wrong = 0;

	for (int64 i = 0; i < count; i++)
		others += !isnan(score[i]);
	if (others <= 0 || relevant_count == 0)
		return get_float8_nan();
	for (int64 r = 0; r < relevant_count; r++)
	{
		CHECK_FOR_INTERRUPTS();
		wrong += place_among(score, count, relevant[r]) -
			place_among(relevant, relevant_count, relevant[r]);
	}
	return 1 - wrong / ((double) others * relevant_count);
}

static void
measure_order(BatchWorker *worker, int32 u)
{
	const Batch *batch = worker->batch;
	int64		relevant = items_count(&batch->relevant, u);
	int64		count = batch->shape.restricted ? items_count(&batch->candidates, u) : 0;

	reserve(worker, relevant + count);
	gather(worker->score, &batch->relevant, u, worker->relevant);
	if (!batch->shape.restricted)
	{
		batch->auc[u] = area_under_curve(worker->score, worker->model->header.items,
										 worker->relevant, relevant);
		return;
	}
	count = gather(worker->score, &batch->relevant, u, worker->some);
	count += gather(worker->score, &batch->candidates, u, worker->some + count);
	batch->auc[u] = area_under_curve(worker->some, count, worker->relevant, relevant);
}

/* The most popular of all items, which need no sorting. */
static void
list_popular(BatchWorker *worker, int32 u)
{
	const PopularOrder *order = popular_order(worker);
	const Batch *batch = worker->batch;
	int			length = 0;

	for (int32 i = 0; i < worker->model->header.items && length < batch->shape.n; i++)
		if (!order->seen[order->best[i].index])
			put_entry(batch, u, length++, order->best[i]);
	while (length < batch->shape.n)
		put_entry(batch, u, length++, (Scored) {0, -1});
}

/* area_under_curve, for scores that are the same for all but for what is seen. */
static double
popular_area(BatchWorker *worker, int32 u, const int32 *seen, int32 seen_count)
{
	const PopularOrder *order = popular_order(worker);
	const BatchItems *items = &worker->batch->relevant;
	int64		relevant = items_count(items, u);
	int64		others = worker->model->header.items - seen_count - relevant;
	double		wrong = 0;

	if (others <= 0 || relevant == 0)
		return get_float8_nan();
	reserve(worker, relevant + seen_count);
	gather(order->count, items, u, worker->relevant);
	for (int32 i = 0; i < seen_count; i++)
		worker->some[i] = order->count[seen[i]];
	for (int64 r = 0; r < relevant; r++)
		wrong += order->place[items->item[items->start[u] + r]] -
			place_among(worker->some, seen_count, worker->relevant[r]) -
			place_among(worker->relevant, relevant, worker->relevant[r]);
	return 1 - wrong / ((double) others * relevant);
}

/* Rank by numbers of ratings for user u. */
static void
rank_by_popularity(BatchWorker *worker, int32 u)
{
	const PopularOrder *order = popular_order(worker);
	const int32 *seen;
	int32		count;

	if (worker->batch->shape.restricted)
	{
		memcpy(worker->score, order->count, sizeof(double) * (Size) worker->model->header.items);
		exclude(worker, u);
		list_best(worker, u);
		measure_order(worker, u);
		return;
	}
	count = seen_items(worker, u, &seen);
	for (int32 i = 0; i < count; i++)
		order->seen[seen[i]] = 1;
	list_popular(worker, u);
	for (int32 i = 0; i < count; i++)
		order->seen[seen[i]] = 0;
	worker->batch->auc[u] = popular_area(worker, u, seen, count);
}

/* Rank by the model for user u; row, if there is one, are scores made before. */
static void
rank_by_model(BatchWorker *worker, int32 u, const float *row)
{
	score_user(worker, u, row);
	exclude(worker, u);
	list_best(worker, u);
	if (worker->batch->shape.relevant > 0)
		measure_order(worker, u);
}

/* Score those users of a block that the model knows, in the order of the block. */
static void
score_block(BatchWorker *worker, int32 from, int32 to)
{
	int32		known[BLOCK_USERS];
	int			count = 0;

	for (int32 u = from; u < to; u++)
		if (worker->batch->user[u] >= 0)
			known[count++] = worker->batch->user[u];
	if (count > 0)
		worker->model->form->score_users(worker->model, known, count, worker->rows);
}

/* Has the model nothing for user u but what is popular? */
static bool
is_cold_user(const BatchWorker *worker, int32 u)
{
	return worker->batch->user[u] < 0 && batch_profile(worker->batch, u).count == 0 &&
		!model_is_non_personalized(worker->model);
}

static void
do_block(BatchWorker *worker, int64 block)
{
	const Batch *batch = worker->batch;
	int32		from = (int32) (block * worker->block);
	int32		to = Min(from + worker->block, batch->shape.users);
	const float *row = worker->rows;

	if (worker->rows != NULL)
		score_block(worker, from, to);
	for (int32 u = from; u < to; u++)
	{
		CHECK_FOR_INTERRUPTS();
		if (batch->shape.popular || is_cold_user(worker, u))
			rank_by_popularity(worker, u);
		else
			rank_by_model(worker, u, batch->user[u] >= 0 ? row : NULL);
		if (row != NULL && batch->user[u] >= 0)
			row += worker->model->header.items;
	}
}

/* Take blocks for as long as there are any. */
static void
take_blocks(BatchWorker *worker)
{
	uint64		blocks = count_blocks(&worker->batch->shape, worker->model->header.items);
	MemoryContext old = MemoryContextSwitchTo(worker->scratch);
	uint64		block;

	while ((block = pg_atomic_fetch_add_u64(worker->next, 1)) < blocks)
	{
		do_block(worker, (int64) block);
		MemoryContextReset(worker->scratch);
	}
	MemoryContextSwitchTo(old);
}

/* The row type of a table of a model. */
static Oid
type_of_table(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			type;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	type = ((Form_pg_class) GETSTRUCT(tuple))->reloftype;
	ReleaseSysCache(tuple);
	return type;
}

/*
 * Can workers have the model?  If so, say how.  Where row-level security decides
 * what is seen of its table, that is for this process alone: a policy may call
 * functions that must not run in a worker, or that say something else there.
 */
static bool
share_model(Model *model, BatchShared *shared)
{
	shared->image = model_is_in_memory(model);
	if (shared->image)
		return memory_model_share(model, &shared->memory_model);
	shared->relid = model->relid;
	shared->type = type_of_table(model->relid);
	shared->version = model->version;
	return get_rel_persistence(model->relid) != RELPERSISTENCE_TEMP &&
		check_enable_rls(model->relid, InvalidOid, true) != RLS_ENABLED;
}

/* Does folding somebody in take dense linear algebra, perhaps? */
static bool
has_factors(const Model *model)
{
	bool		result = model->form->has_factors;

	for (int c = 0; c < model->components; c++)
		result = result || model->component[c]->form->has_factors;
	return result;
}

/* Entry point of the workers. */
void
RecsysBatchMain(dsm_segment *segment, shm_toc *toc)
{
	BatchShared *shared = shm_toc_lookup(toc, KEY_BATCH, false);
	Batch		batch = {.shape = shared->shape};
	Model	   *model;

	batch.segment = shared_attach(shared->arrays);
	lay_out_batch(&batch, dsm_segment_address(batch.segment));
	if (shared->image)
		model = memory_model_attach(shared->memory_model);
	else
		model = model_open(shared->relid, shared->type, CurrentMemoryContext);
	if (!shared->image && model->version != shared->version)
		elog(ERROR, "a worker sees version %d of a model, not %d", model->version, shared->version);
	/* The leader has trained the model, but this process has not. */
	if (shared->shape.profiles && has_factors(model))
		dense_require();
	model->row_cache_bytes = shared->row_cache_bytes;
	take_blocks(worker_create(&batch, model, &shared->next));
	if (shared->image)
		memory_model_release(model);
	dsm_detach(batch.segment);
}

/* False: there is no room for what workers need. */
static bool
run_with_workers(const Batch *batch, Model *model, int workers, const BatchShared *description)
{
	ParallelContext *parallel;
	BatchShared *shared;

	EnterParallelMode();
	parallel = CreateParallelContext("recsys", "RecsysBatchMain", workers);
	shm_toc_estimate_chunk(&parallel->estimator, sizeof(BatchShared));
	shm_toc_estimate_keys(&parallel->estimator, 1);
	if (!shared_begin_parallel(parallel))
		return false;
	shared = shm_toc_allocate(parallel->toc, sizeof(BatchShared));
	*shared = *description;
	pg_atomic_init_u64(&shared->next, 0);
	shm_toc_insert(parallel->toc, KEY_BATCH, shared);
	LaunchParallelWorkers(parallel);
	take_blocks(worker_create(batch, model, &shared->next));
	WaitForParallelWorkersToFinish(parallel);
	DestroyParallelContext(parallel);
	ExitParallelMode();
	return true;
}

/*
 * Fill in the lists of a batch, and the rest of what comes of it.  Error: seen
 * items are to be left out and the model does not know them.
 */
void
batch_run(Batch *batch, Model *model)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys batch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	int			workers = batch_workers(&batch->shape, model->header.items);
	BatchShared shared = {.shape = batch->shape, .row_cache_bytes = model->row_cache_bytes};

	if (batch->shape.exclude_seen)
		require_seen(model);
	pg_atomic_init_u64(&shared.next, 0);
	if (batch->segment != NULL)
		shared.arrays = dsm_segment_handle(batch->segment);
	if (batch->segment == NULL || workers == 0 || !share_model(model, &shared) ||
		!run_with_workers(batch, model, workers, &shared))
		take_blocks(worker_create(batch, model, &shared.next));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Give back the memory of a batch. */
void
batch_release(Batch *batch)
{
	if (batch->segment != NULL)
		dsm_detach(batch->segment);
	batch->segment = NULL;
}
