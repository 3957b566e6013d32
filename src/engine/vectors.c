/*
 * vectors.c
 *		The vectors that training works on: their memory and their start.
 *
 * A matrix of vectors has a row for each user or item.  Its rows are padded
 * with zeros to a stride that kernels.h likes, and begin at a cache line.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "storage/shmem.h"
#include "utils/memutils.h"

#include "engine/vectors.h"
#include "math/kernels.h"
#include "math/random.h"
#include "resources/budget.h"

/* Bytes of a matrix of padded vectors, with its alignment. */
Size
vectors_bytes(int32 rows, int stride)
{
	return budget_array(rows, budget_array(stride, sizeof(float))) + KERNEL_ALIGN;
}

/*
 * Memory in the current context, all zero, aligned to cache lines.  It cannot
 * be freed by itself.
 */
void *
allocate_aligned(Size bytes)
{
	char	   *memory = MemoryContextAllocExtended(CurrentMemoryContext,
													add_size(bytes, KERNEL_ALIGN),
													MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	return (void *) TYPEALIGN(KERNEL_ALIGN, memory);
}

/* A matrix of padded vectors [rows x stride], likewise. */
float *
allocate_vectors(int32 rows, int stride)
{
	return allocate_aligned(budget_array(rows, budget_array(stride, sizeof(float))));
}

/*
 * Fill a vector with normal numbers of mean 0, from the stream of the given
 * number for a row: it is the same in any process and in any order.
 */
void
draw_vector(float *vector, int count, double stddev, int seed, int stream, int32 row)
{
	RandomStream numbers = random_stream(seed, stream, row);

	for (int i = 0; i < count; i++)
		vector[i] = stddev * random_normal(&numbers);
}

/* Make numbers zero that are nearly denormal: they do not matter, but are slow. */
void
flush_denormals(int count, float *vector)
{
	for (int i = 0; i < count; i++)
		if (fabsf(vector[i]) < FLT_MIN * 1e6f)
			vector[i] = 0;
}
