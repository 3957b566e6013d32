/*
 * attempt.h
 *		Something that may fail, and be gone on after.
 */
#ifndef RECSYS_RESOURCES_ATTEMPT_H
#define RECSYS_RESOURCES_ATTEMPT_H

#include "postgres.h"

extern ErrorData *attempt(void (*step) (void *arg), void *arg);

#endif							/* RECSYS_RESOURCES_ATTEMPT_H */
