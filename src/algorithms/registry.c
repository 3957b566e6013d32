/*
 * registry.c
 *		The list of algorithms.
 *
 * An algorithm is a file that fills a descriptor, and a line here.
 */
#include "postgres.h"

#include "engine/algorithm.h"

extern const Algorithm baseline_als_algorithm;
extern const Algorithm svd_algorithm;
extern const Algorithm als_algorithm;
extern const Algorithm item_knn_algorithm;
extern const Algorithm user_knn_algorithm;

const Algorithm *const algorithms[] = {
	&baseline_als_algorithm,
	&svd_algorithm,
	&als_algorithm,
	&item_knn_algorithm,
	&user_knn_algorithm,
	NULL
};
