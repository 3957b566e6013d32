/*
 * recommend.c
 *		recsys_recommend: the best items for a user.
 *
 * Every item is scored; what the user has rated already is left out, by the
 * ratings kept in the model.  Scores are not clipped to the range of the
 * ratings as predictions are, because they would no longer tell the order.  A
 * user whom the model does not know gets the items with the most ratings.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "model/form.h"
#include "serving/arguments.h"
#include "serving/ranking.h"

static void
exclude_seen(Model *model, int32 user, double *scores)
{
	const int32 *index;
	const float *value;
	int32		count;

	if (!model_has_part(model, PART_RATINGS))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" does not know what users have seen",
						get_rel_name(model->relid)),
				 errdetail("It was trained with store_ratings false."),
				 errhint("Give exclude_seen => false, or train with store_ratings.")));
	count = model_sparse_row(model, PART_RATINGS, user, &index, &value);
	for (int32 i = 0; i < count; i++)
		scores[index[i]] = get_float8_nan();
}

PG_FUNCTION_INFO_V1(recsys_recommend);

Datum
recsys_recommend(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	int			n = count_argument(fcinfo, 2);
	IdConverter converter;
	int32		user;
	double	   *scores;
	TopK		top;

	id_converter_init(&converter, argument_type(fcinfo, 1), CurrentMemoryContext);
	user = find_user(model, id_from_datum(&converter, PG_GETARG_DATUM(1)));
	if (user < 0)
		scores = popularity_scores(model);
	else
	{
		scores = item_scores(model);
		model->form->score_items(model, user, scores);
		if (PG_GETARG_BOOL(3))
			exclude_seen(model, user, scores);
	}
	top = rank_scores(scores, model->header.items, n);
	put_rows(fcinfo, &top, false, model_item_id, model,
			 user >= 0 && !model_is_impersonal(model) ? basis_personalized : basis_popular, NULL);
	return (Datum) 0;
}
