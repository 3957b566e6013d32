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

/* The metric that an argument names, or the default. */
static VectorMetric
metric_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? VECTOR_COSINE :
		enum_parse("metric", text_to_cstring(PG_GETARG_TEXT_PP(n)), vector_metric_names);
}

/* The n rows of a side most like one; distances are negated. */
static TopK
rank_similar(Model *model, Side side, int32 row, VectorMetric metric, int n)
{
	int32		count = model_side_count(model, side);
	double	   *scores = allocate_array(count, sizeof(double));

	model_compare(model, side, row, metric, scores);
	if (metric == VECTOR_EUCLIDEAN || metric == VECTOR_MANHATTAN)
		negate_scores(scores, count);
	return rank_scores(scores, count, n);
}

/* Both functions; an item or user that the model does not know has no rows. */
static Datum
similar(FunctionCallInfo fcinfo, Side side)
{
	Model	   *model = model_argument(fcinfo, 0);
	int			n = count_argument(fcinfo, 2);
	VectorMetric metric = metric_argument(fcinfo, 3);
	bool		distance = metric == VECTOR_EUCLIDEAN || metric == VECTOR_MANHATTAN;
	Id			id = id_argument(fcinfo, 1, side);
	int32		row = side == SIDE_ITEMS ? find_item(model, id) : find_user(model, id);
	TopK		top = {0};

	if (row >= 0)
		top = rank_similar(model, side, row, metric, n);
	put_rows(fcinfo, &top, distance, side == SIDE_ITEMS ? model_item_id : model_user_id, model, NULL, NULL);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(recsys_similar_items);

/* The items most like one, as rows.  An item that is not known has none. */
Datum
recsys_similar_items(PG_FUNCTION_ARGS)
{
	return has_null_argument(fcinfo, 2) ? put_nothing(fcinfo) : similar(fcinfo, SIDE_ITEMS);
}

PG_FUNCTION_INFO_V1(recsys_similar_users);

/* The users most like one, as rows.  A user who is not known has none. */
Datum
recsys_similar_users(PG_FUNCTION_ARGS)
{
	return has_null_argument(fcinfo, 2) ? put_nothing(fcinfo) : similar(fcinfo, SIDE_USERS);
}
