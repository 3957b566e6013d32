/*
 * registry.c
 *		The list of algorithms.
 *
 * An algorithm is a file that fills a descriptor, a declaration in registry.h and
 * a line here.
 */
#include "postgres.h"
#include "compat.h"

#include "algorithms/registry.h"

const Algorithm *const algorithms[] = {
	&popular_algorithm,
	&normal_algorithm,
	&baseline_als_algorithm,
	&baseline_sgd_algorithm,
	&svd_algorithm,
	&svdpp_algorithm,
	&als_algorithm,
	&ials_algorithm,
	&bpr_algorithm,
	&logistic_mf_algorithm,
	&nmf_algorithm,
	&gradient_algorithm,
	&item_knn_algorithm,
	&user_knn_algorithm,
	&slope_one_algorithm,
	&rp3beta_algorithm,
	&slim_algorithm,
	&ease_algorithm,
	&co_clustering_algorithm,
	&content_algorithm,
	&hybrid_algorithm,
	&auto_algorithm,
	NULL
};
