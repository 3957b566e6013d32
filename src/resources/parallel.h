/*
 * parallel.h
 *		Parallel workers, and small memory that they share with their leader.
 */
#ifndef RECSYS_RESOURCES_PARALLEL_H
#define RECSYS_RESOURCES_PARALLEL_H

#include "postgres.h"

#include "access/parallel.h"

extern ParallelContext *parallel_begin(const char *entry_point, int workers, int count,
									   const Size *bytes, void **chunk);
extern void *parallel_chunk(shm_toc *toc, int number);
extern void parallel_end(ParallelContext *parallel);

#endif							/* RECSYS_RESOURCES_PARALLEL_H */
