/*
 * registry.h
 *		The descriptors of all algorithms, each defined in a file of its own.
 */
#ifndef RECSYS_ALGORITHMS_REGISTRY_H
#define RECSYS_ALGORITHMS_REGISTRY_H

#include "engine/algorithm.h"
#include "forms/registry.h"

extern const Algorithm popular_algorithm;
extern const Algorithm normal_algorithm;
extern const Algorithm baseline_als_algorithm;
extern const Algorithm baseline_sgd_algorithm;
extern const Algorithm slope_one_algorithm;
extern const Algorithm co_clustering_algorithm;
extern const Algorithm svd_algorithm;
extern const Algorithm svdpp_algorithm;
extern const Algorithm als_algorithm;
extern const Algorithm ials_algorithm;
extern const Algorithm bpr_algorithm;
extern const Algorithm logistic_mf_algorithm;
extern const Algorithm nmf_algorithm;
extern const Algorithm gradient_algorithm;
extern const Algorithm item_knn_algorithm;
extern const Algorithm user_knn_algorithm;
extern const Algorithm rp3beta_algorithm;
extern const Algorithm ease_algorithm;
extern const Algorithm slim_algorithm;
extern const Algorithm content_algorithm;
extern const Algorithm hybrid_algorithm;

/* Defined by choosing/auto.c: it measures what it chooses from. */
extern const Algorithm auto_algorithm;

#endif							/* RECSYS_ALGORITHMS_REGISTRY_H */
