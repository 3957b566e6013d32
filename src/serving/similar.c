/*
 * similar.c
 *		recsys_similar_items, recsys_similar_users: what is most like one.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "engine/names.h"
#include "model/model.h"
#include "resources/budget.h"
#include "serving/arguments.h"
#include "serving/result.h"

/* By VectorMetric. */
static const char *const vector_metric_names[] = {
	"cosine", "dot", "euclidean", "manhattan", NULL
};

/* Both functions; an item or user that the model does not know has no rows. */
static Datum
similar(FunctionCallInfo fcinfo, Side side)
{
	Model	   *model = model_argument(fcinfo, 0);
	int			n = count_argument(fcinfo, 2);
	VectorMetric metric = enum_parse("metric", text_to_cstring(PG_GETARG_TEXT_PP(3)),
									 vector_metric_names);
	bool		distance = metric == VECTOR_EUCLIDEAN || metric == VECTOR_MANHATTAN;
	int32		count = model_side_count(model, side);
	TopK		top = {0};
	IdConverter converter;
	Id			id;
	int32		row;

	id_converter_init(&converter, argument_type(fcinfo, 1), CurrentMemoryContext);
	id = id_from_datum(&converter, PG_GETARG_DATUM(1));
	row = side == SIDE_ITEMS ? find_item(model, id) : find_user(model, id);
	if (row >= 0)
	{
		double	   *scores = allocate_array(count, sizeof(double));

		model_compare(model, side, row, metric, scores);
		if (distance)
			negate_scores(scores, count);
		top = rank_scores(scores, count, n);
	}
	put_rows(fcinfo, &top, distance, side == SIDE_ITEMS ? model_item_id : model_user_id, model, NULL, NULL);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(recsys_similar_items);

/* The items most like one, as rows.  An item that is not known has none. */
Datum
recsys_similar_items(PG_FUNCTION_ARGS)
{
	return similar(fcinfo, SIDE_ITEMS);
}

PG_FUNCTION_INFO_V1(recsys_similar_users);

/* The users most like one, as rows.  A user who is not known has none. */
Datum
recsys_similar_users(PG_FUNCTION_ARGS)
{
	return similar(fcinfo, SIDE_USERS);
}
