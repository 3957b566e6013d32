/*
 * blends.h
 *		Blends of the best settings of a search.
 */
#ifndef RECSYS_EVALUATION_BLENDS_H
#define RECSYS_EVALUATION_BLENDS_H

#include "postgres.h"

#include "evaluation/contest.h"

/* The most settings that are blended. */
#define BLEND_PARTS 3

extern Contestant *blend_measure(Contest *contest, Contestant *const *part, int parts, int number);

#endif							/* RECSYS_EVALUATION_BLENDS_H */
