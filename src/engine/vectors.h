/*
 * vectors.h
 *		The vectors that training works on: their memory and their start.
 */
#ifndef RECSYS_ENGINE_VECTORS_H
#define RECSYS_ENGINE_VECTORS_H

#include "postgres.h"

extern Size vectors_bytes(int32 rows, int stride);
extern void *allocate_aligned(Size bytes);
extern float *allocate_vectors(int32 rows, int stride);
extern void draw_vector(float *vector, int count, double stddev, int seed,
						int stream, int32 row);
extern void flush_denormals(int count, float *vector);

#endif							/* RECSYS_ENGINE_VECTORS_H */
