/*
 * recommend.c
 *		recsys_recommend: the best items for a user.
 *
 * Every item is scored; what the user has rated already is left out, by the
 * ratings kept in the model.  Scores are not clipped to the range of the
 * ratings as predictions are, because they would no longer tell the order.  A
 * user whom the model does not know gets the items with the most ratings, or,
 * from a model whose scores are the same for everybody, what everybody gets.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"

#include "model/model.h"
#include "serving/arguments.h"
#include "serving/ranking.h"

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
	if (user < 0 && !model_is_non_personalized(model))
		scores = popularity_scores(model);
	else
	{
		scores = item_scores(model);
		model->form->score_items(model, user, scores);
		if (user >= 0 && PG_GETARG_BOOL(3))
		{
			require_seen(model);
			exclude_seen(model, user, scores);
		}
	}
	top = rank_scores(scores, model->header.items, n);
	put_rows(fcinfo, &top, false, model_item_id, model,
			 user >= 0 && !model_is_non_personalized(model) ? basis_personalized : basis_popular, NULL);
	return (Datum) 0;
}
