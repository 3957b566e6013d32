/*
 * budget.h
 *		The bound on memory: maintenance_work_mem.
 */
#ifndef RECSYS_RESOURCES_BUDGET_H
#define RECSYS_RESOURCES_BUDGET_H

#include "postgres.h"

extern Size budget_limit(void);
extern void budget_require(Size needed, const char *purpose);
extern Size budget_array(Size count, Size element);
extern void *allocate_array(Size count, Size element);
extern void *allocate_array_zero(Size count, Size element);
extern bool budget_fits_shared(Size bytes);
extern void budget_return_freed(void);

#endif							/* RECSYS_RESOURCES_BUDGET_H */
