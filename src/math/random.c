/*
 * random.c
 *		Repeatable random numbers: SplitMix64 (Steele, Lea, Flood: "Fast
 *		splittable pseudorandom number generators", OOPSLA 2014).
 *
 * The generator is a counter passed through a mixing function.  That makes
 * independent streams cheap: the start of a stream is a mix of its name.
 */
#include <math.h>

#include "math/random.h"

/* The mixing function of SplitMix64. */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* The stream named (seed, major, minor), at its start. */
RandomStream
random_stream(uint64_t seed, uint64_t major, uint64_t minor)
{
	RandomStream stream;

	stream.state = mix(seed + UINT64_C(0x9e3779b97f4a7c15));
	stream.state = mix(stream.state + major + UINT64_C(0x9e3779b97f4a7c15));
	stream.state = mix(stream.state + minor + UINT64_C(0x9e3779b97f4a7c15));
	return stream;
}

/* 64 random bits. */
uint64_t
random_bits(RandomStream *stream)
{
	stream->state += UINT64_C(0x9e3779b97f4a7c15);
	return mix(stream->state);
}

/* Uniform in [0, 1), with 53 random bits. */
double
random_uniform(RandomStream *stream)
{
	return (double) (random_bits(stream) >> 11) * 0x1.0p-53;
}

/* Uniform in 0 .. bound - 1 (Lemire's multiplication; bias below 2^-32). */
uint32_t
random_below(RandomStream *stream, uint32_t bound)
{
	return (uint32_t) (((random_bits(stream) >> 32) * bound) >> 32);
}

/* Standard normal, by Marsaglia's polar method. */
double
random_normal(RandomStream *stream)
{
	double		x,
				y,
				s;

	do
	{
		x = 2.0 * random_uniform(stream) - 1.0;
		y = 2.0 * random_uniform(stream) - 1.0;
		s = x * x + y * y;
	} while (s >= 1.0 || s == 0.0);
	return x * sqrt(-2.0 * log(s) / s);
}
