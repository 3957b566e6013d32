/*
 * budget.c
 *		The bound on memory: maintenance_work_mem.
 *
 * What a training run will need is computed before it is allocated and held
 * against maintenance_work_mem, so that too large a job ends in an error that
 * says what to set, and never in the hands of the kernel's OOM killer.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/shmem.h"

#include "ratings/budget.h"

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
