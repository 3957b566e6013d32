/*
 * handover.c
 *		What workers have read, handed over to the leader.
 *
 * Each worker has a queue of its own to the leader, which takes no more shared
 * memory than was there before it started.  It sends its counts; then the ids it
 * has met and its rows, or, if memory was used up, sketches of its ids.  The
 * leader goes from worker to worker, gives the ids numbers of its own builder
 * and adds the rows.
 *
 * If a worker fails its queue is detached; its error is thrown in the leader when
 * that waits for the workers to finish.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "ratings/handover.h"
#include "resources/budget.h"

/* Bytes of a message at most. */
#define MESSAGE_BYTES 16384

/* The start of a handover: sketches follow if it is full, else ids and rows. */
struct Handover
{
	LoaderCounts counts;
	int32		users;
	int32		items;
	Size		user_text;
	Size		item_text;
};

/* Send an array.  False: the leader does not want it. */
static bool
send_array(shm_mq_handle *queue, const void *data, Size bytes)
{
	const char *place = data;

	while (bytes > 0)
	{
		Size		some = Min(bytes, MESSAGE_BYTES);

		if (shm_mq_send(queue, some, place, false, true) != SHM_MQ_SUCCESS)
			return false;
		place += some;
		bytes -= some;
	}
	return true;
}

/* Send ids: numbers, or offsets and text. */
static bool
send_ids(shm_mq_handle *queue, const Ids *ids)
{
	if (ids->integer)
		return send_array(queue, ids->numbers, sizeof(int64) * (Size) ids->count);
	return send_array(queue, ids->offset, sizeof(int64) * ((Size) ids->count + 1)) &&
		send_array(queue, ids->bytes, ids->offset[ids->count]);
}

/*
 * Send all rows, whose memory is freed chunk by chunk, and at the end a chunk
 * of none.
 */
static bool
send_rows(shm_mq_handle *queue, MatrixBuilder *builder)
{
	Triple	   *triples = palloc(sizeof(Triple) * CHUNK_TRIPLES);
	int			count;

	do
	{
		count = matrix_builder_take(builder, triples);
		if (!send_array(queue, &count, sizeof(count)) ||
			!send_array(queue, triples, sizeof(Triple) * count))
			return false;
	} while (count > 0);
	return true;
}

/* Send a sketch of ids. */
static bool
send_sketch(shm_mq_handle *queue, const IdSketch *sketch)
{
	return send_array(queue, sketch->state.hashesArr, sketch->state.arrSize) &&
		send_array(queue, &sketch->text, sizeof(SketchText));
}

/* Send all that was taken in.  False: the leader does not want the rest. */
static bool
send_all(shm_mq_handle *queue, const Loader *loader)
{
	IdsBuilder *users = matrix_builder_users(loader->builder);
	IdsBuilder *items = matrix_builder_items(loader->builder);
	Handover	handover = {
		.counts = loader->counts,
		.users = ids_builder_count(users),
		.items = ids_builder_count(items),
		.user_text = ids_builder_text(users),
		.item_text = ids_builder_text(items)
	};

	if (!send_array(queue, &handover, sizeof(handover)))
		return false;
	if (loader->counts.full)
		return send_sketch(queue, loader->users) && send_sketch(queue, loader->items);
	return send_ids(queue, ids_builder_ids(users)) && send_ids(queue, ids_builder_ids(items)) &&
		send_rows(queue, loader->builder);
}

/*
 * Hand over all that was taken in, or as much as the leader wants: it detaches
 * the queue when it gives up.  The loader's rows are freed.
 */
void
handover_send(shm_mq_handle *queue, const Loader *loader)
{
	(void) send_all(queue, loader);
}

/*
 * Prepare to receive from the workers that were launched; the caller attaches
 * the queues.
 */
void
handover_begin(HandoverQueues *queues, ParallelContext *parallel)
{
	queues->parallel = parallel;
	queues->workers = parallel->nworkers_launched;
	queues->queue = palloc(sizeof(shm_mq_handle *) * Max(queues->workers, 1));
	queues->from = palloc(sizeof(Handover) * Max(queues->workers, 1));
}

/*
 * Nothing more is wanted of the workers: wait for them to finish.  Error: that
 * of a worker.
 */
void
handover_end(HandoverQueues *queues)
{
	for (int i = 0; i < queues->workers; i++)
		shm_mq_detach(queues->queue[i]);
	WaitForParallelWorkersToFinish(queues->parallel);
}

/* Receive an array of a worker.  Error: the worker has failed. */
static void
receive_array(HandoverQueues *queues, int worker, void *data, Size bytes)
{
	char	   *place = data;

	while (bytes > 0)
	{
		void	   *message;
		Size		length;

		if (shm_mq_receive(queues->queue[worker], &length, &message, false) != SHM_MQ_SUCCESS ||
			length > bytes)
		{
			/* It has failed, or did not start: waiting for it throws its error. */
			handover_end(queues);
			elog(ERROR, "lost connection to a parallel worker");
		}
		memcpy(place, message, length);
		place += length;
		bytes -= length;
	}
}

/* Receive ids of a worker, not in order.  Palloc'd. */
static Ids
receive_ids(HandoverQueues *queues, int worker, bool integer, int32 count, Size text)
{
	Size		numbers = sizeof(int64) * ((Size) count + !integer);
	int64	   *number = MemoryContextAllocHuge(CurrentMemoryContext, Max(numbers, 1));
	Ids			ids = {.integer = integer, .count = count};

	receive_array(queues, worker, number, numbers);
	if (integer)
	{
		ids.numbers = number;
		return ids;
	}
	ids.offset = number;
	ids.bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(text, 1));
	receive_array(queues, worker, ids.bytes, text);
	return ids;
}

/* Free the ids that receive_ids has made. */
static void
free_ids(const Ids *ids)
{
	pfree(ids->integer ? ids->numbers : ids->offset);
	if (!ids->integer)
		pfree(ids->bytes);
}

/*
 * The numbers of a worker's ids in the leader's builder, to which they are
 * added.  Palloc'd.
 */
static int32 *
number_ids(const Ids *ids, IdsBuilder *builder)
{
	int32	   *number = allocate_array(ids->count, sizeof(int32));

	for (int32 i = 0; i < ids->count; i++)
		number[i] = ids_builder_add(builder, ids_get(ids, i));
	return number;
}

/*
 * Receive a worker's rows, until a chunk of none, and add them with the
 * leader's numbers.
 */
static void
receive_rows(HandoverQueues *queues, int worker, MatrixBuilder *builder, const int32 *user_number,
			 const int32 *item_number)
{
	Triple	   *triples = palloc(sizeof(Triple) * CHUNK_TRIPLES);
	int			count;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		receive_array(queues, worker, &count, sizeof(count));
		if (count == 0)
			break;
		receive_array(queues, worker, triples, sizeof(Triple) * count);
		matrix_builder_absorb(builder, triples, count, user_number, item_number);
	}
	pfree(triples);
}

/* Receive the users and items of a worker that has sent its handover. */
static void
receive_both_ids(HandoverQueues *queues, int worker, const Loader *loader, Ids *users, Ids *items)
{
	const Handover *handover = &queues->from[worker];

	*users = receive_ids(queues, worker, loader->integer_users, handover->users,
						 handover->user_text);
	*items = receive_ids(queues, worker, loader->integer_items, handover->items,
						 handover->item_text);
}

/* Add what a worker has read. */
static void
receive_all(HandoverQueues *queues, int worker, Loader *loader)
{
	MemoryContext old = MemoryContextSwitchTo(loader->context);
	Ids			users;
	Ids			items;
	int32	   *user_number;
	int32	   *item_number;

	receive_both_ids(queues, worker, loader, &users, &items);
	user_number = number_ids(&users, matrix_builder_users(loader->builder));
	item_number = number_ids(&items, matrix_builder_items(loader->builder));
	free_ids(&users);
	free_ids(&items);
	receive_rows(queues, worker, loader->builder, user_number, item_number);
	pfree(user_number);
	pfree(item_number);
	MemoryContextSwitchTo(old);
}

/* Receive a sketch of a worker and add it to one of the leader's. */
static void
merge_sketch(HandoverQueues *queues, int worker, IdSketch *sketch)
{
	IdSketch   *other = sketch_create();

	receive_array(queues, worker, other->state.hashesArr, other->state.arrSize);
	receive_array(queues, worker, &other->text, sizeof(SketchText));
	sketch_merge(sketch, other);
}

/*
 * Add the ids of a worker to the sketches, exact ones if the worker has kept
 * them.
 */
static void
receive_sketches(HandoverQueues *queues, int worker, Loader *loader)
{
	Ids			users;
	Ids			items;

	if (queues->from[worker].counts.full)
	{
		merge_sketch(queues, worker, loader->users);
		merge_sketch(queues, worker, loader->items);
		return;
	}
	receive_both_ids(queues, worker, loader, &users, &items);
	sketch_add_ids(loader->users, &users);
	sketch_add_ids(loader->items, &items);
	free_ids(&users);
	free_ids(&items);
}

/* Take in what all workers have read.  This waits until they have. */
void
handover_receive(HandoverQueues *queues, Loader *loader)
{
	bool		full = loader->counts.full;

	for (int i = 0; i < queues->workers; i++)
	{
		receive_array(queues, i, &queues->from[i], sizeof(Handover));
		loader_count(&loader->counts, &queues->from[i].counts);
	}
	if (loader->counts.full && !full)
		loader_sketch(loader);
	for (int i = 0; i < queues->workers; i++)
	{
		if (loader->counts.full)
			receive_sketches(queues, i, loader);
		else
			receive_all(queues, i, loader);
	}
}
