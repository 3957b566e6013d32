/*
 * suit.h
 *		Options that depend on the data, and what depends on the options.
 */
#ifndef RECSYS_ENGINE_SUIT_H
#define RECSYS_ENGINE_SUIT_H

#include "postgres.h"

#include "engine/algorithm.h"

extern DataTraits traits_of_ratings(const Interactions *ratings);
extern void *options_suited(const Algorithm *algorithm, const void *options,
							const DataTraits *traits);
extern Size algorithm_memory(const Algorithm *algorithm, const MatrixShape *shape,
							 const void *options);
extern Size algorithm_scratch(const Algorithm *algorithm, const MatrixShape *shape,
							  const void *options);

#endif							/* RECSYS_ENGINE_SUIT_H */
