/*
 * result.h
 *		A ranking as the rows of a set-returning function.
 */
#ifndef RECSYS_SERVING_RESULT_H
#define RECSYS_SERVING_RESULT_H

#include "postgres.h"

#include "fmgr.h"

#include "math/topk.h"
#include "ratings/ids.h"
#include "serving/request.h"

/* Where the ids of a ranking come from: index to id. */
typedef Id (*IdSource) (void *source, int32 index);

/* Sources of which "source" is a Model. */
extern Id	model_item_id(void *source, int32 index);
extern Id	model_user_id(void *source, int32 index);

extern void put_rows(FunctionCallInfo fcinfo, const TopK *top, bool negated,
					 IdSource id_source, void *source, const char *basis,
					 const int32 *support);
extern Datum put_nothing(FunctionCallInfo fcinfo);
extern void put_answer(FunctionCallInfo fcinfo, Model *model, const Answer *answer);
extern const char *basis_name(Basis basis);

#endif							/* RECSYS_SERVING_RESULT_H */
