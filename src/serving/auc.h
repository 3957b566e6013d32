/*
 * auc.h
 *		How many pairs of a relevant and another item are in the right order.
 */
#ifndef RECSYS_SERVING_AUC_H
#define RECSYS_SERVING_AUC_H

#include "postgres.h"

#include "serving/request.h"

extern double answer_auc(Ranker *ranker, const Request *request, ItemList relevant);

#endif							/* RECSYS_SERVING_AUC_H */
