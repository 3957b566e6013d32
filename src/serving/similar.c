/*
 * similar.c
 *		recsys_similar_items, recsys_similar_users: what is most like one.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/options.h"
#include "model/form.h"
#include "serving/arguments.h"
#include "serving/ranking.h"

/* By VectorMetric. */
static const char *const metric_names[] = {
	"cosine", "dot", "euclidean", "manhattan", NULL
};

/* Both functions; an item or user that the model does not know has no rows. */
static Datum
similar(FunctionCallInfo fcinfo, bool items)
{
	Model	   *model = model_argument(fcinfo, 0);
	int			n = count_argument(fcinfo, 2);
	VectorMetric metric = enum_parse("metric", text_to_cstring(PG_GETARG_TEXT_PP(3)),
									 metric_names);
	bool		distance = metric == METRIC_EUCLIDEAN || metric == METRIC_MANHATTAN;
	int32		count = items ? model->header.items : model->header.users;
	TopK		top = {0};
	IdConverter converter;
	Id			id;
	int32		row;

	id_converter_init(&converter, argument_type(fcinfo, 1), CurrentMemoryContext);
	id = id_from_datum(&converter, PG_GETARG_DATUM(1));
	row = items ? find_item(model, id) : find_user(model, id);
	if (row >= 0)
	{
		double	   *scores = palloc_extended(sizeof(double) * (Size) count, MCXT_ALLOC_HUGE);

		model->form->compare(model, items, row, metric, scores);
		if (distance)
			negate_scores(scores, count);
		top = rank_scores(scores, count, n);
	}
	put_rows(fcinfo, &top, distance, items ? model_item_id : model_user_id, model, NULL, NULL);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(recsys_similar_items);

Datum
recsys_similar_items(PG_FUNCTION_ARGS)
{
	return similar(fcinfo, true);
}

PG_FUNCTION_INFO_V1(recsys_similar_users);

Datum
recsys_similar_users(PG_FUNCTION_ARGS)
{
	return similar(fcinfo, false);
}
