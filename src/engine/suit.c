/*
 * suit.c
 *		Options that depend on the data, and what depends on the options.
 *
 * A default that serves a few thousand dense ratings may be useless on sparse
 * millions.  So an algorithm may leave options open until the number of users,
 * items and ratings is known, or the ratings themselves are.  How much memory a
 * run takes is asked while the ratings are counted, again and again: each time
 * for options that suit what has been counted.
 */
#include "postgres.h"
#include "compat.h"

#include "storage/shmem.h"
#include "utils/float.h"

#include "engine/suit.h"
#include "engine/taste.h"

/* What is known of ratings before they are read: how many there are. */
static DataTraits
traits_of_shape(const MatrixShape *shape)
{
	return (DataTraits) {
		.shape = *shape,
			.user_pairs = get_float8_nan(),
			.item_pairs = get_float8_nan(),
			.mean = get_float8_nan(),
			.stddev = get_float8_nan(),
			.minimum = get_float8_nan(),
			.maximum = get_float8_nan()
	};
}

/* Pairs of ratings of the same row: how many, with each rating and itself. */
static double
count_pairs(const SparseRows *rows)
{
	double		pairs = 0;

	for (int32 row = 0; row < rows->rows; row++)
	{
		double		length = sparse_row_length(rows, row);

		pairs += length * length;
	}
	return pairs;
}

/* The same of ratings that have been read. */
DataTraits
traits_of_ratings(const Interactions *ratings)
{
	return (DataTraits) {
		.shape = interactions_shape(ratings),
			.user_pairs = count_pairs(&ratings->by_user),
			.item_pairs = count_pairs(&ratings->by_item),
			.mean = ratings->mean,
			.stddev = ratings->stddev,
			.minimum = ratings->minimum,
			.maximum = ratings->maximum,
			.ratings = ratings
	};
}

/*
 * A copy of an algorithm's options, palloc'd, in which those that depend on the
 * data are decided.  What options point to is shared with the original.
 */
void *
options_suited(const Algorithm *algorithm, const void *options, const DataTraits *traits)
{
	void	   *copy = palloc(algorithm->options.size);

	memcpy(copy, options, algorithm->options.size);
	if (algorithm->suit != NULL)
		algorithm->suit(copy, traits);
	return copy;
}

/* Ask an algorithm for a number of bytes under options that suit a shape. */
static Size
ask_bytes(const Algorithm *algorithm, const MatrixShape *shape, const void *options,
		  Size (*ask) (const MatrixShape *shape, const void *options))
{
	DataTraits	traits = traits_of_shape(shape);
	void	   *suited = options_suited(algorithm, options, &traits);
	Size		bytes = ask(shape, suited);

	pfree(suited);
	return bytes;
}

/*
 * Bytes that a run on ratings of a shape needs besides the interaction matrix,
 * with the model that ranks beside it, if there is one.
 */
Size
algorithm_memory(const Algorithm *algorithm, const MatrixShape *shape, const void *options)
{
	const void *list_options = ((const CommonOptions *) options)->list_options;
	Size		bytes = ask_bytes(algorithm, shape, options, algorithm->memory);

	if (list_options != NULL)
		bytes = add_size(bytes, algorithm_memory(algorithm->list_algorithm, shape, list_options));
	/* Suiting comes first, and its memory is free again when training starts. */
	return algorithm->suit == NULL ? bytes : Max(bytes, taste_bytes(shape));
}

/* Bytes that each process of such a run needs more. */
Size
algorithm_scratch(const Algorithm *algorithm, const MatrixShape *shape, const void *options)
{
	const void *list_options = ((const CommonOptions *) options)->list_options;
	Size		bytes = algorithm->scratch == NULL ? 0 :
		ask_bytes(algorithm, shape, options, algorithm->scratch);

	return list_options == NULL ? bytes :
		Max(bytes, algorithm_scratch(algorithm->list_algorithm, shape, list_options));
}
