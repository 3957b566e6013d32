/*
 * blends.h
 *		Blends of the best settings of a search.
 */
#ifndef RECSYS_CHOOSING_BLENDS_H
#define RECSYS_CHOOSING_BLENDS_H

#include "postgres.h"

#include "choosing/contest.h"

/* The most settings that are blended. */
#define BLEND_PARTS 3

extern bool blends_measure(Contest *contest, Contestant *const *part, int parts, int number,
						   Contestant **blend);

#endif							/* RECSYS_CHOOSING_BLENDS_H */
