/*
 * limit.c
 *		Users with absurdly many ratings.
 *
 * A crawler, a shared account or a test may have more items than all other
 * users together.  They say nothing of taste, and what goes through all pairs of
 * a user's items takes hours for that one.  So of such a user some ratings are
 * drawn, and only these are trained on.  What is left out was seen all the same.
 *
 * A draw depends on the place of the user among all, not on the order in which
 * rows were read.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "engine/limit.h"
#include "math/random.h"
#include "ratings/left_out.h"
#include "ratings/prune.h"
#include "resources/budget.h"

/* Nobody has too many with so few. */
#define LEAST_LIMIT 1000

/* Nor with so many times what one in a hundred users exceeds. */
#define TIMES_MANY 10

/* The stream of random numbers, and the seed: what is drawn is always the same. */
#define STREAM_LIMIT 48
#define LIMIT_SEED 0

/* Order of two lengths, for qsort. */
static int
compare_lengths(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* The lengths of all rows, rising.  Palloc'd. */
static int64 *
sorted_lengths(const SparseRows *rows)
{
	int64	   *length = allocate_array(Max(rows->rows, 1), sizeof(int64));

	for (int32 row = 0; row < rows->rows; row++)
		length[row] = sparse_row_length(rows, row);
	qsort(length, rows->rows, sizeof(int64), compare_lengths);
	return length;
}

/* What a limit leaves out of rows of n lengths. */
static LimitEffect
effect_of_limit(const int64 *length, int32 n, int32 limit)
{
	LimitEffect effect = {.limit = limit};

	for (int32 i = 0; i < n; i++)
	{
		double		left = Min(length[i], limit);

		effect.users += length[i] > limit;
		effect.ratings += length[i] - left;
		effect.pairs += left * left;
	}
	return effect;
}

/*
 * The limit that spares who goes through all pairs of each user's items the users
 * with absurdly many: those who have ten times what one in a hundred exceeds, and
 * a thousand.  They keep as many as make all of their pairs no more than those of
 * all others, or as not to be absurd.
 */
LimitEffect
limit_for_pairs(const SparseRows *by_user)
{
	int64	   *length = sorted_lengths(by_user);
	int32		n = by_user->rows;
	double		bound = n == 0 ? 0 : TIMES_MANY * length[(int32) ((n - 1) * .99)];
	double		pairs = 0;
	int32		others = 0;
	LimitEffect effect = {0};

	bound = Max(bound, LEAST_LIMIT);
	while (others < n && length[others] <= bound)
	{
		pairs += (double) length[others] * length[others];
		others++;
	}
	if (others < n)
		effect = effect_of_limit(length, n,
								 Min(Max(bound, sqrt(pairs / (n - others))), PG_INT32_MAX));
	pfree(length);
	return effect.users > 0 ? effect : (LimitEffect) {0};
}

/* Mark, by NaN, what is not drawn of a user with more ratings than the limit. */
static void
draw_ratings(SparseRows *by_user, int32 user, int32 limit)
{
	RandomStream stream = random_stream(LIMIT_SEED, STREAM_LIMIT, user);
	int64		end = by_user->start[user + 1];
	int64		wanted = limit;

	for (int64 e = by_user->start[user]; e < end; e++)
		if (random_uniform(&stream) * (end - e) < wanted)
			wanted--;
		else
			by_user->value[e] = NAN;
}

/* Move what is not marked together, in place. */
static void
drop_marked(SparseRows *by_user)
{
	int64		to = 0;
	int64		end = 0;

	for (int32 user = 0; user < by_user->rows; user++)
	{
		int64		from = end;

		CHECK_FOR_INTERRUPTS();
		/* Read before the start of the next row is written. */
		end = by_user->start[user + 1];
		for (int64 e = from; e < end; e++)
			if (!isnan(by_user->value[e]))
			{
				by_user->index[to] = by_user->index[e];
				by_user->value[to++] = by_user->value[e];
			}
		by_user->start[user + 1] = to;
	}
}

/*
 * Draw the ratings to train on of users with more than the limit, in place.
 * Items that nobody else has may go.  remember: what is not drawn was seen.
 */
void
interactions_limit(Interactions *ratings, int32 limit, bool remember)
{
	SparseRows *by_user = &ratings->by_user;
	int32		users = 0;

	for (int32 user = 0; user < by_user->rows; user++)
		if (sparse_row_length(by_user, user) > limit)
		{
			CHECK_FOR_INTERRUPTS();
			draw_ratings(by_user, user, limit);
			users++;
		}
	if (users == 0)
		return;
	if (remember)
		left_out_add_marked(ratings);
	drop_marked(by_user);
	sparse_transpose(by_user, &ratings->by_item);
	interactions_describe(ratings);
	interactions_drop_empty(ratings);
	check_interactions(ratings);
}
