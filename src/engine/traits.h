/*
 * traits.h
 *		What the defaults of algorithms are made of.
 */
#ifndef RECSYS_ENGINE_TRAITS_H
#define RECSYS_ENGINE_TRAITS_H

#include "postgres.h"

#include "engine/algorithm.h"

extern double user_ratings_mean(const DataTraits *traits);
extern double item_ratings_mean(const DataTraits *traits);
extern double ratings_density(const DataTraits *traits);
extern double chance_bound(const DataTraits *traits);
extern double weight_level(const DataTraits *traits);
extern double traits_taste(const DataTraits *traits);
extern int	root_in_steps(double x, int least, int most);
extern double plain_number(double x, double min, double max);

#endif							/* RECSYS_ENGINE_TRAITS_H */
