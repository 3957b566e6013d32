/*
 * neighborhood_score.h
 *		Scores from the k nearest neighbors.
 */
#ifndef RECSYS_FORMS_NEIGHBORHOOD_SCORE_H
#define RECSYS_FORMS_NEIGHBORHOOD_SCORE_H

#include "postgres.h"

#include "forms/neighborhood.h"
#include "ratings/profile.h"

extern double neighborhood_predict(Neighborhood *hood, int32 user, int32 item);
extern double neighborhood_fallback(const Neighborhood *hood, int32 user, int32 item);
extern void neighborhood_score(Neighborhood *hood, int32 user, double *scores);
extern void neighborhood_score_profile(Neighborhood *hood, const UserProfile *profile,
									   double *scores);

#endif							/* RECSYS_FORMS_NEIGHBORHOOD_SCORE_H */
