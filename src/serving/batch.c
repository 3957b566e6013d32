/*
 * batch.c
 *		The best items for many users at once, by several processes.
 *
 * Users are taken some at a time, as many as have scores for all items in a few
 * megabytes.  Where the form of the model can score them together, by a matrix
 * product, it does; then each user's request is answered as that of
 * recsys_recommend is (request.c).  Blocks do not depend on each other nor on
 * who takes them, and what comes of a user is written to their own place in the
 * result: it is the same for any number of workers.
 *
 * Workers have the model from an image in shared memory, or read its table
 * under the snapshot of the leader.
 */
#include "postgres.h"
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/shmem.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "engine/dense.h"
#include "engine/team.h"
#include "model/memory_model.h"
#include "model/model.h"
#include "resources/budget.h"
#include "resources/parallel.h"
#include "resources/shared.h"
#include "serving/auc.h"
#include "serving/batch.h"
#include "serving/request.h"

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

/* A process at work. */
typedef struct BatchWorker
{
	const Batch *batch;
	Model	   *model;
	pg_atomic_uint64 *next;
	int			block;			/* users in a block */
	float	   *rows;			/* [block x items] scores of users of the model; NULL:
								 * its form scores them one after the other */
	Ranker	   *ranker;
	MemoryContext scratch;		/* for what a block allocates */
} BatchWorker;

PGDLLEXPORT void RecsysBatchMain(dsm_segment *segment, shm_toc *toc);

/* How many users a block has; there may be no items, and then nothing is to do. */
static int
users_in_block(int32 item_count)
{
	return Max(1, Min(BLOCK_USERS, BLOCK_BYTES / (sizeof(float) * (Size) Max(item_count, 1))));
}

/* The blocks of all users. */
static int64
count_blocks(const BatchShape *shape, int32 item_count)
{
	int			block = users_in_block(item_count);

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

/* Give some items of each user their place. */
static void
lay_out_items(char *base, Size *filled, int32 user_count, int64 entries, BatchItems *items)
{
	items->start = lay_out(base, filled, (Size) user_count + 1, sizeof(int64));
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
	batch->cold_user = lay_out(base, &filled, shape->users, sizeof(int32));
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
	if (shape->auc)
		batch->auc = lay_out(base, &filled, shape->users, sizeof(double));
	return filled;
}

/* How many workers a batch over so many items asks for. */
int
batch_workers(const BatchShape *shape, int32 item_count)
{
	double		scores = shape->popular ? 0 : (double) shape->users * item_count;
	int			workers = workers_for_ratings((int64) (scores / SCORES_PER_RATING));

	return Max(0, Min(workers, count_blocks(shape, item_count) - 1));
}

/*
 * Bytes of a batch over so many items: the arrays, and the work space of all
 * processes besides what the model takes in each.
 */
Size
batch_bytes(const BatchShape *shape, int32 item_count)
{
	Batch		batch = {.shape = *shape};
	Size		scores = sizeof(float) + LIST_SCORES_TOGETHER_BYTES;
	Size		rows = budget_array(item_count, users_in_block(item_count) * scores +
									3 * sizeof(double) + LIST_SCORES_ITEM_BYTES + sizeof(Scored) + sizeof(int32) + 1);

	return add_size(lay_out_batch(&batch, NULL),
					mul_size(1 + batch_workers(shape, item_count), rows));
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

/* Make the work space of this process, in the current memory context. */
static BatchWorker *
worker_create(const Batch *batch, Model *model, pg_atomic_uint64 *next)
{
	BatchWorker *worker = palloc0(sizeof(BatchWorker));
	int32		item_count = model->header.items;
	bool		block = list_scores_can_be_together(model) && !batch->shape.popular;

	worker->batch = batch;
	worker->model = model;
	worker->next = next;
	worker->scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys block",
											ALLOCSET_DEFAULT_SIZES);
	worker->block = users_in_block(item_count);
	if (block)
		worker->rows = MemoryContextAllocHuge(CurrentMemoryContext,
											  budget_array(budget_array(worker->block, Max(item_count, 1)),
														   sizeof(float)));
	worker->ranker = ranker_create(model, batch->shape.n);
	worker->ranker->many = true;
	worker->ranker->ordered = batch->shape.auc;
	return worker;
}

/* The items of user u, of those of all users. */
ItemList
batch_list(const BatchItems *items, int32 u)
{
	int64		start = items->start[u];

	return (ItemList) {(int32) (items->start[u + 1] - start), items->item + start};
}

/* What is known of user u, who is not in the model; it may be nothing. */
UserProfile
batch_profile(const Batch *batch, int32 u)
{
	if (!batch->shape.profiles)
		return (UserProfile) {0};
	return profile_of_row(&batch->profiles, u);
}

/* Write the list of user u; the items are -1 behind its end. */
static void
put_list(const Batch *batch, int32 u, const TopK *top)
{
	Size		first = (Size) u * batch->shape.n;

	for (int i = 0; i < batch->shape.n; i++)
	{
		Scored		entry = i < top->count ? top->heap[i] : (Scored) {0, -1};

		batch->item[first + i] = entry.index;
		if (batch->shape.scores)
			batch->score[first + i] = entry.score;
	}
}

/* Answer the request of user u; scored, if not NULL, are scores made before. */
static void
answer_user(BatchWorker *worker, int32 u, const float *scored)
{
	const Batch *batch = worker->batch;
	ItemList	candidates;
	Request		request = {
		.user = batch->user[u],
		.cold_user = batch->cold_user[u],
		.profile = batch_profile(batch, u),
		.scored = scored,
		.exclude_seen = batch->shape.exclude_seen,
		.n = batch->shape.n,
		.by_popularity = batch->shape.popular
	};
	Answer		answer;

	if (batch->shape.restricted)
	{
		candidates = batch_list(&batch->candidates, u);
		request.candidates = &candidates;
	}
	answer = request_answer(worker->ranker, &request);
	put_list(batch, u, &answer.top);
	if (batch->shape.auc)
		batch->auc[u] = answer_auc(worker->ranker, &request, batch_list(&batch->relevant, u));
}

/* Score those users of a block whom the model knows, in the order of the block. */
static void
score_block(BatchWorker *worker, int32 from, int32 to)
{
	int32		known[BLOCK_USERS];
	int			count = 0;

	for (int32 u = from; u < to; u++)
		if (worker->batch->user[u] >= 0)
			known[count++] = worker->batch->user[u];
	if (count > 0)
		list_scores_of_users(worker->ranker->lists, known, count, worker->rows);
}

/* Answer the requests of a block of users. */
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
		answer_user(worker, u, batch->user[u] >= 0 ? row : NULL);
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

/* May folding users in need dense linear algebra? */
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
	BatchShared *shared = parallel_chunk(toc, 0);
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
	Size		bytes = sizeof(BatchShared);
	void	   *chunk;
	BatchShared *shared;
	ParallelContext *parallel = parallel_begin("RecsysBatchMain", workers, 1, &bytes, &chunk);

	if (parallel == NULL)
		return false;
	shared = chunk;
	*shared = *description;
	pg_atomic_init_u64(&shared->next, 0);
	LaunchParallelWorkers(parallel);
	take_blocks(worker_create(batch, model, &shared->next));
	parallel_end(parallel);
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
