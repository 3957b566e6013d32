/*
 * budget.c
 *		The bound on memory: maintenance_work_mem.
 *
 * The memory of a training run is computed before it is allocated, and compared
 * with maintenance_work_mem.  A job that is too large ends in an error that says
 * what to set, and not with the kernel's OOM killer.
 */
#include "postgres.h"
#include "compat.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/statvfs.h>

#include "miscadmin.h"
#include "storage/dsm_impl.h"
#include "storage/shmem.h"

#include "resources/budget.h"

/*
 * This fraction (1 / n) of the room for shared memory is left to others, and at
 * least this many bytes.  PostgreSQL's statistics and sessions allocate a
 * megabyte at a time, and fail if they do not get it.
 */
#define SHARE_LEFT 16
#define LEAST_LEFT (1536 * 1024)

/* The bound, in bytes. */
Size
budget_limit(void)
{
	return mul_size((Size) maintenance_work_mem, 1024);
}

/* Bytes of an array.  Error: they do not fit a Size. */
Size
budget_array(Size count, Size element)
{
	return mul_size(count, element);
}

/*
 * Error unless "needed" bytes are within the bound; "purpose" is the subject
 * of the message.
 */
void
budget_require(Size needed, const char *purpose)
{
	Size		megabytes = needed / (1024 * 1024) + 1;

	if (needed <= budget_limit())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("%s needs %zu MB of memory, more than \"maintenance_work_mem\" allows",
					purpose, megabytes),
			 errdetail("\"maintenance_work_mem\" is %d kB.", maintenance_work_mem),
			 errhint("Set \"maintenance_work_mem\" to at least '%zuMB' for this session.",
					 megabytes)));
}

/* An array in the current memory context, which may be larger than 1 GB. */
void *
allocate_array(Size count, Size element)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, budget_array(Max(count, 1), element));
}

/* The same, all zero. */
void *
allocate_array_zero(Size count, Size element)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, budget_array(Max(count, 1), element),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/*
 * Does there seem to be room for so many bytes of dynamic shared memory, with
 * something left for others that may not be able to do without?  Containers
 * often have little.  Only shared_create can tell for certain.
 */
bool
budget_fits_shared(Size bytes)
{
	const char *folder = NULL;
	struct statvfs info;
	uint64		left;

#ifdef __linux__
	if (dynamic_shared_memory_type == DSM_IMPL_POSIX)
		folder = "/dev/shm";
#endif
	if (dynamic_shared_memory_type == DSM_IMPL_MMAP)
		folder = PG_DYNSHMEM_DIR;
	if (folder == NULL || statvfs(folder, &info) != 0)
		return true;
	left = (uint64) info.f_blocks * info.f_frsize / SHARE_LEFT;
	return (uint64) info.f_bavail * info.f_frsize > Max(left, LEAST_LEFT) + bytes;
}

/*
 * Return freed memory to the operating system.  To be called after a step that
 * frees much, which malloc would otherwise keep in addition to what is
 * allocated next.
 */
void
budget_return_freed(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
