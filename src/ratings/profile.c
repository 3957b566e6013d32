/*
 * profile.c
 *		What one user has rated.
 */
#include "postgres.h"
#include "compat.h"

#include "ratings/profile.h"

/* The profile of a row of a matrix, which it points into. */
UserProfile
profile_of_row(const SparseRows *by_user, int32 user)
{
	int64		start = by_user->start[user];

	return (UserProfile) {
		.count = (int32) sparse_row_length(by_user, user),
		.item = by_user->index + start,
		.value = by_user->value + start
	};
}

/* The place of an item in a profile that has it, by binary search. */
int32
profile_place(const UserProfile *profile, int32 item)
{
	int32		low = 0;
	int32		high = profile->count - 1;

	while (low < high)
	{
		int32		middle = low + (high - low) / 2;

		if (profile->item[middle] < item)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(low < profile->count && profile->item[low] == item);
	return low;
}

/* For assertions: do the items rise, and are they among so many? */
bool
profile_is_valid(const UserProfile *profile, int32 item_count)
{
	int32		previous = -1;

	if (profile->count < 0)
		return false;
	for (int32 i = 0; i < profile->count; i++)
	{
		if (profile->item[i] <= previous || profile->item[i] >= item_count)
			return false;
		previous = profile->item[i];
	}
	return true;
}
