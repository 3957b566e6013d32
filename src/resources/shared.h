/*
 * shared.h
 *		Dynamic shared memory, for callers that can do without it.
 */
#ifndef RECSYS_RESOURCES_SHARED_H
#define RECSYS_RESOURCES_SHARED_H

#include "postgres.h"

#include "access/parallel.h"
#include "storage/dsm.h"

extern dsm_segment *shared_create(Size bytes);
extern dsm_segment *shared_attach(dsm_handle handle);
extern bool shared_initialize(ParallelContext *parallel);

#endif							/* RECSYS_RESOURCES_SHARED_H */
