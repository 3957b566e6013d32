/*
 * taste.h
 *		Is there more to know of users than which items are popular?
 */
#ifndef RECSYS_ENGINE_TASTE_H
#define RECSYS_ENGINE_TASTE_H

#include "postgres.h"

#include "ratings/matrix.h"

extern Size taste_bytes(const MatrixShape *shape);
extern double ratings_taste(const Interactions *ratings);

#endif							/* RECSYS_ENGINE_TASTE_H */
