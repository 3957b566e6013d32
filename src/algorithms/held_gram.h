/*
 * held_gram.h
 *		How much the most popular items have in common, held in memory.
 */
#ifndef RECSYS_ALGORITHMS_HELD_GRAM_H
#define RECSYS_ALGORITHMS_HELD_GRAM_H

#include "engine/algorithm.h"

/* The shared arrays that it takes, from the number given to it on. */
#define HELD_GRAM_ARRAYS 2

/* More items are not worth the time that it takes to fill the matrix. */
#define HELD_GRAM_MOST 8192

typedef struct HeldGram
{
	int32		count;			/* of the items that are held */
	int32	   *rank;			/* [all items] shared; the most popular has 0 */
	float	   *matrix;			/* [count x count] shared; by ranks */
} HeldGram;

extern int32 held_gram_count(int32 items, Size room);
extern Size held_gram_bytes(int32 items, int32 count);
extern HeldGram held_gram_attach(TrainContext *context, int number, int32 items, int32 count);
extern void held_gram_rank(HeldGram *held, const SparseRows *by_item);
extern void held_gram_fill(HeldGram *held, const Interactions *ratings, int32 item, bool binary);

/* The row of a rank that is held. */
static inline const float *
held_gram_row(const HeldGram *held, int32 rank)
{
	return held->matrix + (Size) rank * held->count;
}

#endif							/* RECSYS_ALGORITHMS_HELD_GRAM_H */
