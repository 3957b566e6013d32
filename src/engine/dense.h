/*
 * dense.h
 *		Loading the library for dense linear algebra.
 */
#ifndef RECSYS_ENGINE_DENSE_H
#define RECSYS_ENGINE_DENSE_H

#include "engine/algorithm.h"

extern void dense_require(void);
extern void dense_require_for(const Algorithm *algorithm, const void *options);

#endif							/* RECSYS_ENGINE_DENSE_H */
