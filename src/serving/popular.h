/*
 * popular.h
 *		The items of a model by how many have rated them.
 */
#ifndef RECSYS_SERVING_POPULAR_H
#define RECSYS_SERVING_POPULAR_H

#include "postgres.h"

#include "forms/ranking.h"
#include "model/model.h"

/* The same for everybody but for what is left out of a list. */
typedef struct PopularOrder
{
	double	   *count;			/* [items] ratings; -infinity: nobody has rated it */
	TopK		best;			/* the first of them, most ratings first */
	double	   *place;			/* [items] how many items are before one, ties half; NULL: not
								 * needed yet */
	uint8	   *left_out;		/* [items] work space, all 0 */
	int32		items;
} PopularOrder;

extern PopularOrder *popular_order_create(Model *model, int32 depth);
extern void popular_list(const PopularOrder *order, ItemList left_out, TopK *top);
extern const double *popular_places(PopularOrder *order);

#endif							/* RECSYS_SERVING_POPULAR_H */
