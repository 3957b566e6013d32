/*
 * topk.h
 *		The k best of a stream of scored indexes.
 *
 * A binary heap with the worst kept entry at its root, so that an entry that
 * cannot be among the best costs one comparison.  Of equal scores the smaller
 * index is better, so the result does not depend on the order of the stream.
 */
#ifndef RECSYS_MATH_TOPK_H
#define RECSYS_MATH_TOPK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Scored
{
	double		score;
	int32_t		index;
} Scored;

typedef struct TopK
{
	int			capacity;
	int			count;
	Scored	   *heap;			/* [capacity], the caller's */
} TopK;

extern void topk_init(TopK *top, int capacity, Scored *heap);
extern void topk_replace_worst(TopK *top, Scored entry);
extern void topk_append(TopK *top, Scored entry);
extern void topk_sort(TopK *top);
extern double kth_largest(double *number, int64_t count, int64_t k);

/* Is a better than b? */
static inline bool
scored_before(Scored a, Scored b)
{
	return a.score > b.score || (a.score == b.score && a.index < b.index);
}

/* Offer an entry; NaN scores must not be offered. */
static inline void
topk_push(TopK *top, double score, int32_t index)
{
	Scored		entry = {score, index};

	if (top->count < top->capacity)
		topk_append(top, entry);
	else if (top->capacity > 0 && scored_before(entry, top->heap[0]))
		topk_replace_worst(top, entry);
}

#endif							/* RECSYS_MATH_TOPK_H */
