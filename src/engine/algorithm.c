/*
 * algorithm.c
 *		Looking up algorithms, and what their training functions share.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "storage/shmem.h"
#include "utils/memutils.h"

#include "engine/algorithm.h"
#include "math/kernels.h"
#include "math/random.h"
#include "ratings/budget.h"

static const char **
algorithm_names(void)
{
	int			count = 0;
	const char **names;

	while (algorithms[count] != NULL)
		count++;
	names = palloc(sizeof(char *) * (count + 1));
	for (int i = 0; i < count; i++)
		names[i] = algorithms[i]->name;
	names[count] = NULL;
	return names;
}

/* The algorithm of a given name.  Error, with the nearest: there is none. */
const Algorithm *
algorithm_lookup(const char *name)
{
	for (int i = 0; algorithms[i] != NULL; i++)
		if (strcmp(algorithms[i]->name, name) == 0)
			return algorithms[i];
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unknown algorithm \"%s\"", name),
			 errhint("%sThe view recsys_algorithms lists them all.",
					 suggestion(name, algorithm_names()))));
	return NULL;
}

/* Are the scores of a model of this algorithm ratings, or else preferences? */
bool
predicts_ratings(const Algorithm *algorithm, const void *options)
{
	if (algorithm->predicts_ratings != NULL)
		return algorithm->predicts_ratings(options);
	return algorithm->feedback == FEEDBACK_EXPLICIT;
}

/* Error unless all ratings can be weights of observations. */
void
require_weights(const Algorithm *algorithm, const Interactions *ratings)
{
	if (ratings->minimum >= 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("algorithm \"%s\" needs weights that are not negative", algorithm->name),
			 errdetail("It learns from how often or how much something was done; the smallest value is %g.",
					   ratings->minimum),
			 errhint("Leave out what was not liked, as with the options '{\"min_value\": 1, \"binarize\": true}', or use an algorithm for ratings.")));
}

/* Error unless the squared error of an iteration is a number. */
void
require_convergence(double sse)
{
	if (!isfinite(sse))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("training diverged"),
				 errdetail("The error on the training ratings is no longer finite."),
				 errhint("Lower the learning_rate, or scale the ratings down.  Counts are not ratings: for them there is item_knn with the score \"sum\".")));
}

/* Error unless the model is to keep its ratings. */
void
require_stored_ratings(const CommonOptions *common)
{
	if (!common->store_ratings)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a model of this algorithm cannot do without its ratings"),
				 errhint("Leave out the option \"store_ratings\".")));
}

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
 * number for a row: whoever draws it, and whenever, it is the same.
 */
void
draw_vector(float *vector, int count, double stddev, int seed, int stream, int32 row)
{
	RandomStream numbers = random_stream(seed, stream, row);

	for (int i = 0; i < count; i++)
		vector[i] = stddev * random_normal(&numbers);
}

/* What is near denormal has no weight, but is slow to compute with: make it zero. */
void
flush_denormals(int count, float *vector)
{
	for (int i = 0; i < count; i++)
		if (fabsf(vector[i]) < FLT_MIN * 1e6f)
			vector[i] = 0;
}
