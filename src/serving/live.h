/*
 * live.h
 *		What memory-based recommendation reads of a live table of ratings.
 */
#ifndef RECSYS_SERVING_LIVE_H
#define RECSYS_SERVING_LIVE_H

#include "postgres.h"

#include "forms/neighborhood.h"
#include "ratings/source.h"

/* A neighborhood over part of a table, and the ids of its users and items. */
typedef struct LiveRatings
{
	Interactions *ratings;
	Neighborhood *hood;
} LiveRatings;

/* The most popular items: ids and numbers of ratings, most first. */
typedef struct PopularItems
{
	int			count;
	Id		   *id;
	double	   *ratings;
} PopularItems;

extern LiveRatings live_read(const RatingsSource *source, const NeighborParams *params,
							 Side side, Id id);
extern PopularItems live_popular(const RatingsSource *source, int64 n);

#endif							/* RECSYS_SERVING_LIVE_H */
