/*
 * train_header.c
 *		What the header of a model says of the training run that made it.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "engine/train_header.h"
#include "model/json.h"
#include "ratings/id_type.h"

/* What the header says of the components of a run; NULL if it has none. */
static Jsonb *
describe_components(const TrainContext *run)
{
	StringInfoData json;

	if (run->components == 0)
		return NULL;
	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int c = 0; c < run->components; c++)
	{
		const TrainContext *component = run->component[c];
		StringInfoData params = component->draft->params;

		header_encode_component(&json, component->algorithm->name,
								component->algorithm->form->name,
								options_encode(&component->algorithm->options, component->options),
								json_finish(&params));
	}
	appendStringInfoChar(&json, ']');
	return json_from_cstring(json.data);
}

/*
 * The error on the training ratings at the end; the log of a run of components
 * has those of each, and none of the whole.
 */
static double
final_rmse(const TrainContext *run)
{
	const Progress *progress = run->progress;

	if (progress->done == 0 || run->algorithm->components != NULL)
		return NAN;
	return progress->log[progress->done - 1].train_rmse;
}

/* The name of a type, or NULL if there is none. */
static const char *
type_name(Oid type)
{
	return OidIsValid(type) ? id_type_name(type) : NULL;
}

/* The header of the model that a run has made; it may point into the run. */
ModelHeader
train_header(const TrainContext *run, const RatingsSource *source)
{
	const Interactions *ratings = run->model_ratings;
	const Progress *progress = run->progress;
	StringInfoData params = run->draft->params;
	ModelHeader header = {
		.algorithm = run->algorithm->name,
		.form = run->algorithm->form->name,
		.options = options_encode(&run->algorithm->options, run->options),
		.params = json_finish(&params),
		.components = describe_components(run),
		.choice = run->choice,
		.relation = source->relation,
		.user_col = source->user.name,
		.item_col = source->item.name,
		.rating_col = source->rating.name,
		.user_type = type_name(source->user.type),
		.item_type = type_name(OidIsValid(source->item.type) ? source->item.type :
							   run->item_type),
		.encoding = GetDatabaseEncodingName(),
		.ascii = draft_is_ascii(run->draft),
		.users = ratings->users.count,
		.items = ratings->items.count,
		.ratings = sparse_entries(&ratings->by_user),
		.mean = ratings->mean,
		.stddev = ratings->stddev,
		.minimum = ratings->minimum,
		.maximum = ratings->maximum,
		.clip = ((const CommonOptions *) run->options)->clip,
		.trained_at = GetCurrentTimestamp(),
		.iterations = progress->done,
		.train_rmse = final_rmse(run),
		.seconds = progress_seconds(progress),
		.log = progress->log
	};

	return header;
}
