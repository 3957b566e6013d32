/*
 * recommend.c
 *		recsys_recommend: the best items for a user of a model, or for somebody
 *		whom it does not know.
 */
#include "postgres.h"
#include "compat.h"

#include "fmgr.h"

#include "serving/arguments.h"
#include "serving/result.h"

PG_FUNCTION_INFO_V1(recsys_recommend);

/*
 * The best items for one user, as rows.  An unknown user gets the popular list,
 * nobody (NULL) gets none.
 */
Datum
recsys_recommend(PG_FUNCTION_ARGS)
{
	Request		request = {0};
	Model	   *model;
	Answer		answer;

	if (has_null_argument(fcinfo, 2))
		return put_nothing(fcinfo);
	model = model_argument(fcinfo, 0);
	request.n = count_argument(fcinfo, 2);
	request.exclude_seen = true_unless_said(fcinfo, 3);
	request_set_user(&request, model, id_argument(fcinfo, 1, SIDE_USERS));
	answer = request_answer_once(model, &request);
	put_answer(fcinfo, model, &answer);
	return (Datum) 0;
}
