/*
 * random.h
 *		Repeatable random numbers in independent streams.
 *
 * A stream is named by a seed and two numbers (say, the iteration and the row).
 * Each piece of work draws from a stream of its own, so results depend neither on
 * the order of the work nor on the number of workers.
 */
#ifndef RECSYS_MATH_RANDOM_H
#define RECSYS_MATH_RANDOM_H

#include <stdint.h>

typedef struct RandomStream
{
	uint64_t	state;
} RandomStream;

extern RandomStream random_stream(uint64_t seed, uint64_t major, uint64_t minor);
extern uint64_t random_bits(RandomStream *stream);
extern double random_uniform(RandomStream *stream);
extern uint32_t random_below(RandomStream *stream, uint32_t bound);
extern double random_normal(RandomStream *stream);

#endif							/* RECSYS_MATH_RANDOM_H */
