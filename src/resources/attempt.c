/*
 * attempt.c
 *		Something that may fail, and be gone on after.
 *
 * An error leaves behind whatever it met: locks, workers, shared memory, half of
 * a change.  So what may fail is done in a subtransaction, which gives all of
 * that back.
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "resources/attempt.h"

/*
 * Do something, in the current memory context.  Returns NULL, or the error that
 * ended it, palloc'd there, for the caller to go on after or to raise again.
 */
ErrorData *
attempt(void (*step) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		step(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}
