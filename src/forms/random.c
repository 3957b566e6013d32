/*
 * random.c
 *		The random form: a normal number for each user and item, always the same.
 *
 * The number depends on the seed and on the two dense indexes alone; one that
 * is not known (-1) has a stream of its own.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "forms/registry.h"
#include "math/random.h"
#include "model/json.h"

/* See ModelForm. */
static void *
random_load(Model *model)
{
	int64	   *seed = palloc(sizeof(int64));
	double		value = json_get_number(model->header.params, "seed");

	if (!(fabs(value) <= (double) PG_INT32_MAX + 1))
		report_corruption(model->relid, model->version, "header", "it has no seed");
	*seed = (int64) value;
	return seed;
}

/* See ModelForm. */
static double
random_predict(Model *model, int32 user, int32 item)
{
	const int64 *seed = model_state(model);
	RandomStream stream = random_stream(*seed, (int64) user + 1, (int64) item + 1);

	return model->header.mean + model->header.stddev * random_normal(&stream);
}

/* See ModelForm. */
static void
random_score_items(Model *model, int32 user, double *scores)
{
	for (int32 item = 0; item < model->header.items; item++)
		scores[item] = random_predict(model, user, item);
}

const ModelForm random_form = {
	.name = "random",
	.load = random_load,
	.predict = random_predict,
	.score_items = random_score_items
};
