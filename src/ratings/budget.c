/*
 * budget.c
 *		The bound on memory: maintenance_work_mem.
 *
 * What a training run will need is computed before it is allocated and held
 * against maintenance_work_mem, so that too large a job ends in an error that
 * says what to set, and never in the hands of the kernel's OOM killer.
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

#include "ratings/budget.h"

/*
 * One part in so many of the room for shared memory is left to others, and so
 * many bytes at least: PostgreSQL's statistics and sessions want a megabyte at
 * a time, and to them it is an error not to get it.
 */
#define SHARE_LEFT 16
#define LEAST_LEFT (1536 * 1024)

/* The bound, in bytes. */
Size
budget_limit(void)
{
	return mul_size((Size) maintenance_work_mem, 1024);
}

/* Bytes of an array; an error if they cannot be counted. */
Size
budget_array(Size count, Size element)
{
	return mul_size(count, element);
}

/* Report an error unless "needed" bytes are within the bound. */
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
 * something left for others, who may not be able to do without?  Containers
 * often have little.  Whether it can be had is known only by shared_create.
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
 * Give memory that was freed back to the operating system: for after a step
 * that freed much, which malloc would otherwise keep besides what is allocated
 * next.
 */
void
budget_return_freed(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
