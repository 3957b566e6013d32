/*
 * search.h
 *		The search for the algorithm and the options that suit some ratings.
 */
#ifndef RECSYS_EVALUATION_SEARCH_H
#define RECSYS_EVALUATION_SEARCH_H

#include "postgres.h"

#include "evaluation/search_request.h"
#include "evaluation/trial.h"

extern Size search_bytes(const MatrixShape *shape);
extern Trials search_run(const SearchRequest *request);

#endif							/* RECSYS_EVALUATION_SEARCH_H */
