/*
 * list_score.h
 *		The scores that lists go by.
 */
#ifndef RECSYS_FORMS_LIST_SCORE_H
#define RECSYS_FORMS_LIST_SCORE_H

#include "postgres.h"

#include "model/model.h"

typedef struct ListScores ListScores;

/* Bytes of the work space for each item, and for each score that is made together. */
#define LIST_SCORES_ITEM_BYTES (2 * sizeof(double))
#define LIST_SCORES_TOGETHER_BYTES sizeof(float)

extern ListScores *list_scores_create(Model *model);
extern bool list_scores_can_be_together(const Model *model);
extern void list_scores_of_user(ListScores *lists, int32 user, double *scores);
extern void list_scores_of_users(ListScores *lists, const int32 *user, int count,
								 float *scores);
extern void list_scores_of_profile(ListScores *lists, const UserProfile *profile,
								   double *scores);

#endif							/* RECSYS_FORMS_LIST_SCORE_H */
