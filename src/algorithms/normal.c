/*
 * normal.c
 *		Algorithm "normal": ratings drawn at random, as the training ratings
 *		are distributed.
 *
 * What any other algorithm has to beat by far.  The model is the mean and the
 * deviation, which its header has in any case, and the seed.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "algorithms/registry.h"
#include "model/json.h"

typedef struct NormalOptions
{
	CommonOptions common;
	int			seed;
} NormalOptions;

static const OptionSpec options[] = {
	INT_OPTION("seed", NormalOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* Nothing beside the ratings. */
static Size
normal_memory(const MatrixShape *shape, const void *options)
{
	return 0;
}

/* The seed is the model. */
static void
normal_train(TrainContext *context)
{
	json_add_integer(&context->draft->params, "seed",
					 ((const NormalOptions *) context->options)->seed);
}

const Algorithm normal_algorithm = {
	.name = "normal",
	.family = "baseline",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &random_form,
	.description = "random ratings with the mean and standard deviation of the training ratings",
	.options = OPTION_TABLE(NormalOptions, options),
	.memory = normal_memory,
	.train = normal_train
};
