/*
 * shared.c
 *		Dynamic shared memory, for those who can do without it.
 *
 * Containers often have little of it, and what is free now may be another
 * session's in a moment: that there is too little is known only when it was
 * asked for in vain, which PostgreSQL says by an error.  Here that is an answer:
 * who gets it works alone.
 *
 * All that such an error leaves behind are descriptors that belong to the
 * current resource owner, and the lock of the area in which a session keeps what
 * it shares with workers.  So the attempt gets a resource owner of its own,
 * which is released whatever comes, and after an error locks are released as at
 * the end of a transaction.  It needs no subtransaction, which could not be had
 * in parallel mode.
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

#include "ratings/budget.h"
#include "ratings/shared.h"

/* What PostgreSQL shares between a session and its workers is about as large. */
#define SESSION_BYTES (512 * 1024)

typedef struct Attempt
{
	ParallelContext *parallel;	/* NULL: a segment is wanted */
	Size		bytes;			/* of it */
	dsm_segment *segment;		/* what comes of it; NULL: no segment was needed */
} Attempt;

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

/* Make an attempt; false: there was too little of something. */
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
		/* The caller has none, or could not be interrupted either. */
		LWLockReleaseAll();
		pgstat_report_wait_end();
		enough = false;
	}
	PG_END_TRY();
	return enough;
}

/* The same, with what the resource owner has before and after. */
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
		/* From its own owner to ours. */
		dsm_pin_mapping(attempt->segment);
		dsm_unpin_mapping(attempt->segment);
	}
	ResourceOwnerRelease(own, RESOURCE_RELEASE_BEFORE_LOCKS, enough, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_LOCKS, enough, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_AFTER_LOCKS, enough, false);
	ResourceOwnerDelete(own);
	return enough;
}

/* A segment of shared memory, as dsm_create makes it; NULL: there is no room. */
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
 * InitializeParallelDSM.  False: there is no room for what processes need to
 * work together; the context can only be destroyed then.
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
 * The segment of a handle, for a worker.  Error, as PostgreSQL has it of its own
 * segments: it has gone, with the session that made it.
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
