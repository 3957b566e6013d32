/*
 * parallel.c
 *		Parallel workers, and small memory that they share with their leader.
 *
 * The caller says how many workers it wants, and how large the chunks of memory
 * are that the workers find when they start:
 *
 *		parallel_begin			room for workers and chunks, or NULL
 *		fill the chunks
 *		LaunchParallelWorkers	any number may come, also none
 *		work, as one of them
 *		parallel_end			wait for the workers
 *
 * Between begin and end the process is in parallel mode, in which nothing may be
 * written to the database.  A worker that fails raises its error in the leader,
 * at parallel_end or before; the end of the transaction cleans up then.
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"

#include "resources/parallel.h"
#include "resources/shared.h"

/* Where to find chunk i in the table of contents. */
#define CHUNK_KEY(i) ((uint64) (i) + 1)

/*
 * Get ready to launch workers, which begin in the function of the given name,
 * PGDLLEXPORT and of this library.  They share "count" chunks with the leader,
 * of so many bytes each; their addresses go to chunk[].  Chunks are not zeroed.
 * NULL: there is no room for all this in shared memory, and the leader has to work
 * alone.
 */
ParallelContext *
parallel_begin(const char *entry_point, int workers, int count, const Size *bytes, void **chunk)
{
	ParallelContext *parallel;

	EnterParallelMode();
	parallel = CreateParallelContext("recsys", entry_point, workers);
	for (int i = 0; i < count; i++)
		shm_toc_estimate_chunk(&parallel->estimator, bytes[i]);
	shm_toc_estimate_keys(&parallel->estimator, count);
	if (!shared_initialize(parallel))
	{
		DestroyParallelContext(parallel);
		ExitParallelMode();
		return NULL;
	}
	for (int i = 0; i < count; i++)
	{
		chunk[i] = shm_toc_allocate(parallel->toc, bytes[i]);
		shm_toc_insert(parallel->toc, CHUNK_KEY(i), chunk[i]);
	}
	return parallel;
}

/* In a worker: a chunk of the leader's, by its number. */
void *
parallel_chunk(shm_toc *toc, int number)
{
	return shm_toc_lookup(toc, CHUNK_KEY(number), false);
}

/*
 * Wait until all workers have finished, and leave parallel mode.  They finish when
 * their work is done, or when the caller has told them to.  Error: that of a
 * worker.
 */
void
parallel_end(ParallelContext *parallel)
{
	WaitForParallelWorkersToFinish(parallel);
	DestroyParallelContext(parallel);
	ExitParallelMode();
}
