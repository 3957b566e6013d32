/*
 * ranking.h
 *		The best of all items, or users, as rows of a result.
 */
#ifndef RECSYS_SERVING_RANKING_H
#define RECSYS_SERVING_RANKING_H

#include "postgres.h"

#include "fmgr.h"

#include "math/topk.h"
#include "model/model.h"

/* Whether the rows of a ranking are for one user alone, and how that is said. */
extern const char *const basis_personalized;
extern const char *const basis_popular;

extern TopK rank_scores(const double *scores, int32 count, int n);
extern void require_seen(const Model *model);
extern void exclude_seen(Model *model, int32 user, double *scores);
extern void negate_scores(double *scores, int32 count);

/* Where the ids of a ranking come from: index to id. */
typedef Id (*IdSource) (void *source, int32 index);

/* Sources of which "source" is a Model. */
extern Id	model_item_id(void *source, int32 index);
extern Id	model_user_id(void *source, int32 index);

extern double *item_scores(const Model *model);
extern double *popularity_scores(Model *model);

extern void put_rows(FunctionCallInfo fcinfo, const TopK *top, bool negated,
					 IdSource id_source, void *source, const char *basis,
					 const int32 *support);

#endif							/* RECSYS_SERVING_RANKING_H */
