/*
 * gram.h
 *		Rows of X'X: how much items have in common.
 */
#ifndef RECSYS_ALGORITHMS_GRAM_H
#define RECSYS_ALGORITHMS_GRAM_H

#include "ratings/matrix.h"

extern void gram_row(const Interactions *ratings, int32 item, int32 from,
					 bool binary, float *sum);

#endif							/* RECSYS_ALGORITHMS_GRAM_H */
