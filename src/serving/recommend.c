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

/* The best items for one user, as rows.  An unknown user gets the popular list. */
Datum
recsys_recommend(PG_FUNCTION_ARGS)
{
	Model	   *model = model_argument(fcinfo, 0);
	Request		request = {.n = count_argument(fcinfo, 2), .exclude_seen = PG_GETARG_BOOL(3)};
	IdConverter converter;
	Answer		answer;

	id_converter_init(&converter, argument_type(fcinfo, 1), CurrentMemoryContext);
	request_set_user(&request, model, id_from_datum(&converter, PG_GETARG_DATUM(1)));
	answer = request_answer_once(model, &request);
	put_answer(fcinfo, model, &answer);
	return (Datum) 0;
}
