/*
 * rungs.c
 *		Growing samples of users, and what of their ratings is held out.
 *
 * A search tries many settings on few users, and those that do well there on
 * more (successive halving: Jamieson and Talwalkar, "Non-stochastic Best Arm
 * Identification and Hyperparameter Optimization", AISTATS 2016).  Each rung has
 * the users of the one before, and others.  What is good by chance on one rung
 * must not be praised for the same on the next, so no rung measures on rows on
 * which one before has: each user's rows are dealt into folds, and a rung
 * holds out the next fold.  After so many rungs only users who are new
 * since then are measured.
 *
 * Where the caller says what is held out, that is so in every rung, and each
 * measures on the users who are new in it.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "engine/suit.h"
#include "choosing/rungs.h"
#include "math/random.h"
#include "ratings/subset.h"
#include "resources/budget.h"

/* A rung holds out one of so many parts of a user's rows. */
#define FOLDS 5

/* The fewest rungs, and the ratings that the first one should have. */
#define LEAST_RUNGS 3
#define FIRST_RATINGS 30000

/* Streams of random numbers. */
#define STREAM_SAMPLE 48
#define STREAM_FOLDS 49

/* Of ratings that are in neither part. */
#define LABEL_ABSENT 255

/* Deal the ratings of each user into folds, as equal as can be.  Palloc'd. */
static uint8 *
deal_folds(const Interactions *whole, int seed)
{
	const SparseRows *by_user = &whole->by_user;
	uint8	   *fold = allocate_array_zero(sparse_entries(by_user), 1);

	for (int32 user = 0; user < by_user->rows; user++)
	{
		RandomStream stream = random_stream(seed, STREAM_FOLDS, user);
		uint8	   *row = fold + by_user->start[user];
		uint32		first = random_below(&stream, FOLDS);

		CHECK_FOR_INTERRUPTS();
		for (int64 i = 0; i < sparse_row_length(by_user, user); i++)
		{
			/* The shuffle of Fisher and Yates, from the inside out. */
			int64		other = (int64) (random_uniform(&stream) * (i + 1));

			row[i] = row[other];
			row[other] = (first + i) % FOLDS;
		}
	}
	return fold;
}

/* Put the users in random order: the place of each.  Palloc'd. */
static int32 *
draw_order(int32 user_count, int seed)
{
	RandomStream stream = random_stream(seed, STREAM_SAMPLE, 0);
	int32	   *user = allocate_array(user_count, sizeof(int32));
	int32	   *place = allocate_array(user_count, sizeof(int32));

	for (int32 i = 0; i < user_count; i++)
	{
		int32		other = (int32) random_below(&stream, i + 1);

		user[i] = user[other];
		user[other] = i;
	}
	for (int32 i = 0; i < user_count; i++)
		place[user[i]] = i;
	pfree(user);
	return place;
}

/* How many rungs there are, each with twice the users of the one before. */
static int
count_rungs(const Interactions *whole)
{
	double		doublings = log2(Max((double) sparse_entries(&whole->by_user) / FIRST_RATINGS, 1));

	return Max(LEAST_RUNGS, 1 + (int) ceil(doublings));
}

/*
 * The users of each sample: the last one has them all.  Only folds can be
 * measured on the same users again, and so few of them need not be halved.
 */
static int32 *
choose_sizes(const Interactions *whole, bool folds, int count)
{
	int32		users = whole->users.count;
	int32	   *size = palloc(sizeof(int32) * count);
	double		least = !folds ? 1 :
		users * Min((double) FIRST_RATINGS / sparse_entries(&whole->by_user), 1);

	for (int r = 0; r < count; r++)
		size[r] = Min(users, (int32) ceil(Max(least, ldexp(users, r + 1 - count))));
	return size;
}

/* Bytes of rungs of ratings of a given shape, with one rung. */
Size
rungs_bytes(const MatrixShape *whole)
{
	return add_size(budget_array(whole->ratings, 2 * sizeof(uint8)),
					budget_array(whole->users, 2 * sizeof(int32)));
}

/*
 * The rungs of some ratings, palloc'd.  split: what is held out, NULL if any
 * rows may be; given: it is of another relation.
 */
Rungs *
rungs_create(const Interactions *whole, const Split *split, bool given, int seed)
{
	Rungs	   *rungs = palloc0(sizeof(Rungs));

	rungs->whole = whole;
	rungs->split = split;
	rungs->given = given;
	rungs->count = count_rungs(whole);
	rungs->size = choose_sizes(whole, split == NULL, rungs->count);
	rungs->place = draw_order(whole->users.count, seed);
	rungs->label = split != NULL ? split->label : deal_folds(whole, seed);
	return rungs;
}

/* Has no rung measured this user on what the given one holds out? */
static bool
is_measured(const Rungs *rungs, int number, int32 user)
{
	int			before = number - (rungs->split != NULL ? 1 : FOLDS);

	/* A user who is in the first sample of several equal ones is never new. */
	return before < 0 || rungs->place[user] >= rungs->size[before];
}

/* The label of a rating of a user of the sample. */
static uint8
label_of(const Rungs *rungs, int number, bool measured, int64 entry)
{
	uint8		label = rungs->label[entry];

	if (rungs->split != NULL)
		return measured || label == LABEL_TRAINING ? label : LABEL_ABSENT;
	return measured && label == number % FOLDS ? LABEL_HELD_OUT : LABEL_TRAINING;
}

/* Count a row of what is trained on, users or items, that has so many ratings. */
static void
count_row(int64 length, int32 *rows, double *pairs)
{
	*rows += length > 0;
	*pairs += (double) length * length;
}

/* Label all ratings, and count what is trained on. */
static void
label_ratings(const Rungs *rungs, int number, Rung *rung)
{
	const SparseRows *by_user = &rungs->whole->by_user;
	DataTraits *traits = &rung->traits;
	int32	   *of_item = allocate_array_zero(by_user->cols, sizeof(int32));

	traits->shape = (MatrixShape) {0};
	traits->user_pairs = traits->item_pairs = 0;
	for (int32 user = 0; user < by_user->rows; user++)
	{
		bool		present = rungs->place[user] < rungs->size[number];
		bool		measured = is_measured(rungs, number, user) &&
			(rungs->split != NULL || sparse_row_length(by_user, user) > 1);
		int64		length = 0;

		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_user->start[user]; e < by_user->start[user + 1]; e++)
		{
			rung->label[e] = present ? label_of(rungs, number, measured, e) : LABEL_ABSENT;
			if (rung->label[e] != LABEL_TRAINING)
				continue;
			length++;
			of_item[by_user->index[e]]++;
		}
		traits->shape.ratings += length;
		count_row(length, &traits->shape.users, &traits->user_pairs);
	}
	for (int32 item = 0; item < by_user->cols; item++)
		count_row(of_item[item], &traits->shape.items, &traits->item_pairs);
	pfree(of_item);
}

/* The ratings of the whole with a label. */
static Interactions *
part_of(const Rungs *rungs, const Rung *rung, uint8 label)
{
	SubsetFilter filter = {.label = rung->label, .value = label, .equal = true};

	return subset_create(rungs->whole, &filter, false);
}

/* Of rows that are held out of elsewhere, those of users who are measured. */
static const Interactions *
measured_rows(const Rungs *rungs, int number, const Interactions *held_out)
{
	int32	   *user = ids_places(&held_out->users, &rungs->whole->users);
	uint8	   *label = allocate_array_zero(sparse_entries(&held_out->by_user), 1);
	SubsetFilter filter = {.label = label, .value = 1, .equal = true};

	for (int32 row = 0; row < held_out->by_user.rows; row++)
		if (user[row] < 0 || (rungs->place[user[row]] < rungs->size[number] &&
							  is_measured(rungs, number, user[row])))
			memset(label + held_out->by_user.start[row], 1,
				   sparse_row_length(&held_out->by_user, row));
	return subset_create(held_out, &filter, false);
}

/*
 * One of the rungs, from 0 on, in the current memory context.  It may hold
 * nothing out, if there is little.
 */
Rung *
rung_create(const Rungs *rungs, int number)
{
	Rung	   *rung = palloc0(sizeof(Rung));

	rung->label = allocate_array_zero(sparse_entries(&rungs->whole->by_user), 1);
	rung->traits = traits_of_ratings(rungs->whole);
	label_ratings(rungs, number, rung);
	rung->test = rungs->split != NULL ? rungs->split->test :
		(TestSet) {.relevant_from = -INFINITY};
	if (rungs->given)
		rung->test.held_out = measured_rows(rungs, number, rung->test.held_out);
	else
		rung->test.held_out = part_of(rungs, rung, LABEL_HELD_OUT);
	if (rung->test.known != NULL)
		rung->test.known = part_of(rungs, rung, LABEL_KNOWN);
	return rung;
}
