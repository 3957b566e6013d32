/*
 * search.h
 *		The search for the algorithm and the options that suit some ratings.
 */
#ifndef RECSYS_CHOOSING_SEARCH_H
#define RECSYS_CHOOSING_SEARCH_H

#include "postgres.h"

#include "choosing/search_request.h"
#include "choosing/trial.h"

extern Size search_bytes(const MatrixShape *shape);
extern Trials search_run(const SearchRequest *request);

#endif							/* RECSYS_CHOOSING_SEARCH_H */
