/*
 * lists.h
 *		What ranks beside the models of algorithms that predict ratings.
 */
#ifndef RECSYS_ALGORITHMS_LISTS_H
#define RECSYS_ALGORITHMS_LISTS_H

#include "algorithms/registry.h"

/*
 * Members of a descriptor: lists are damped by a factorization of who has rated
 * what (engine/list_model.c).  What else there is to choose depends on the data, see
 * ials_suit.
 */
#define LISTS_BY_IALS \
	.list_algorithm = &ials_algorithm, \
	.list_options = "{\"iterations\": 8}"

#endif							/* RECSYS_ALGORITHMS_LISTS_H */
