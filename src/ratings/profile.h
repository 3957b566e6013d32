/*
 * profile.h
 *		What one user has rated: all that is known of somebody who asks for
 *		recommendations, whether they were in training or not.
 *
 * The arrays are not owned: they are a row of the interaction matrix, a row of
 * the ratings kept in a model, or what came with a request.
 */
#ifndef RECSYS_RATINGS_PROFILE_H
#define RECSYS_RATINGS_PROFILE_H

#include "postgres.h"

#include "math/sparse.h"

typedef struct UserProfile
{
	int32		count;
	const int32 *item;			/* [count] dense indexes, rising */
	const float *value;			/* [count] ratings, or weights */
} UserProfile;

extern UserProfile profile_of_row(const SparseRows *by_user, int32 user);
extern int32 profile_place(const UserProfile *profile, int32 item);
extern bool profile_is_valid(const UserProfile *profile, int32 item_count);

#endif							/* RECSYS_RATINGS_PROFILE_H */
