/*
 * shared.c
 *		Dynamic shared memory, for callers that can do without it.
 *
 * Containers often have little of it, and what is free now may be taken by
 * another session in a moment: only an attempt to allocate shows whether there is
 * enough, and PostgreSQL reports a failure by an error.  Here the failure is an
 * answer, and the caller goes on alone.
 *
 * Such an error leaves behind descriptors that belong to the current resource
 * owner, and the lock of the area that a session shares with its workers.  So the
 * attempt gets a resource owner of its own, which is released in any case, and
 * after an error locks are released as at the end of a transaction.  A
 * subtransaction is not needed, and would not be possible in parallel mode.
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "storage/lwlock.h"
#include "storage/shm_toc.h"
#include "storage/shmem.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"

#include "resources/budget.h"
#include "resources/shared.h"

/* What PostgreSQL itself shares between a session and its workers, about. */
#define SESSION_BYTES (512 * 1024)

typedef struct Attempt
{
	ParallelContext *parallel;	/* NULL: a segment is wanted */
	Size		bytes;			/* of it */
	dsm_segment *segment;		/* the result; NULL: no segment was needed */
} Attempt;

/* Ask PostgreSQL for shared memory.  Error: it cannot be had. */
static void
make_attempt(Attempt *attempt)
{
	if (attempt->parallel == NULL)
	{
		attempt->segment = dsm_create(attempt->bytes, 0);
		return;
	}
	InitializeParallelDSM(attempt->parallel);
	attempt->segment = attempt->parallel->seg;
}

/*
 * Make an attempt.  False: there was too little of something, and the error is
 * forgotten.
 */
static bool
attempt_or_forget(Attempt *attempt)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool enough = true;

	PG_TRY();
	{
		make_attempt(attempt);
	}
	PG_CATCH();
	{
		if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_INSUFFICIENT_RESOURCES)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		/* The caller holds none: with one it could not be interrupted either. */
		LWLockReleaseAll();
		pgstat_report_wait_end();
		enough = false;
	}
	PG_END_TRY();
	return enough;
}

/*
 * The same, with a resource owner that has nothing else, and is released in
 * either case.
 */
static bool
attempt_as_owner(Attempt *attempt)
{
	ResourceOwner owner = CurrentResourceOwner;
	ResourceOwner own = ResourceOwnerCreate(owner, "recsys shared memory");
	bool		enough;

	CurrentResourceOwner = own;
	enough = attempt_or_forget(attempt);
	CurrentResourceOwner = owner;
	if (enough && attempt->segment != NULL)
	{
		/* Hand it over to the caller's resource owner. */
		dsm_pin_mapping(attempt->segment);
		dsm_unpin_mapping(attempt->segment);
	}
	ResourceOwnerRelease(own, RESOURCE_RELEASE_BEFORE_LOCKS, enough, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_LOCKS, enough, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_AFTER_LOCKS, enough, false);
	ResourceOwnerDelete(own);
	return enough;
}

/*
 * A segment of shared memory, as dsm_create makes it.  NULL: there is no room.
 */
dsm_segment *
shared_create(Size bytes)
{
	Attempt		attempt = {.bytes = Max(bytes, 1)};

	if (budget_fits_shared(bytes) && attempt_as_owner(&attempt))
		return attempt.segment;
	ereport(DEBUG1,
			(errmsg_internal("no room for %zu bytes of dynamic shared memory", bytes)));
	return NULL;
}

/*
 * InitializeParallelDSM.  False: there is no room for what the processes need
 * to work together; then the context can only be destroyed.
 */
bool
shared_initialize(ParallelContext *parallel)
{
	Attempt		attempt = {.parallel = parallel};

	if (budget_fits_shared(add_size(shm_toc_estimate(&parallel->estimator), SESSION_BYTES)) &&
		attempt_as_owner(&attempt))
		return true;
	ereport(DEBUG1,
			(errmsg_internal("no room for the dynamic shared memory of parallel workers")));
	return false;
}

/*
 * The segment of a handle, for a worker.  Error, as for PostgreSQL's own
 * segments: the session that made it has ended.
 */
dsm_segment *
shared_attach(dsm_handle handle)
{
	dsm_segment *segment = dsm_attach(handle);

	if (segment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not map dynamic shared memory segment")));
	return segment;
}
