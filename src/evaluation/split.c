/*
 * split.c
 *		What of the ratings is held out.
 *
 * The ratings are read whole, and each gets a label: what is trained on, what
 * is held out, and what is known of users who are held out whole.  A label
 * depends on the seed and the place of the rating in the matrix, so the same
 * rows always fall into the same parts, in whatever order they were read and
 * whatever is trained on them.
 *
 * Where time decides, the ratings are read a second time with the rank of
 * their time as the value: the matrix itself needs no times.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "evaluation/split.h"
#include "math/random.h"
#include "ratings/reader.h"
#include "resources/budget.h"

/* Streams of random numbers. */
#define STREAM_RATINGS 32
#define STREAM_ROWS 33
#define STREAM_USERS 34

#define RATINGS_PER_CHECK 1000000

/* The greatest rating that has an exponential gain: sums of such are still exact enough. */
#define MAX_EXPONENT 100

/* Something to be held out if its key is among the largest. */
typedef struct Keyed
{
	double		key;
	double		chance;			/* decides between equal keys */
	int64		number;
} Keyed;

/* Dealing labels. */
typedef struct Dealing
{
	const SplitOptions *options;
	const Interactions *whole;
	uint8	   *label;
	const float *time;			/* [ratings] rank of its time; NULL: chance decides */
	Keyed	   *keyed;			/* [ratings of a user] work space */
} Dealing;

/* By key; of equal ones the smaller number is first. */
static int
compare_keyed(const void *a, const void *b)
{
	const Keyed *x = a;
	const Keyed *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->chance != y->chance)
		return x->chance < y->chance ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* A share of a number, at least "least" and leaving as much. */
static int64
share_of(double share, int64 number, int64 least)
{
	return Max(Min((int64) rint(share * number), number - least), Min(least, number - least));
}

/* Label "count" of all ratings, each as likely as any other. */
static void
hold_out_ratings(Dealing *dealing, int64 count)
{
	int64		total = sparse_entries(&dealing->whole->by_user);
	RandomStream stream = random_stream(dealing->options->seed, STREAM_RATINGS, 0);
	uint8	   *label = dealing->label;

	for (int64 e = 0; e < total; e++)
	{
		/* The shuffle of Fisher and Yates, from the inside out. */
		int64		other = (int64) (random_uniform(&stream) * (e + 1));

		label[e] = label[other];
		label[other] = e < count ? LABEL_HELD_OUT : LABEL_TRAINING;
		if (e % RATINGS_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Hold out the newest "count" ratings of a user, or any; the others get the
 * label "rest".  Of ratings of the same time, a basket or a day, any are as
 * likely as others: in the order of the items the measures would be those of
 * some items.
 */
static void
hold_out_of_user(Dealing *dealing, int32 user, int64 count, uint8 rest)
{
	const SparseRows *by_user = &dealing->whole->by_user;
	RandomStream stream = random_stream(dealing->options->seed, STREAM_ROWS, user);
	int64		start = by_user->start[user];
	int64		length = sparse_row_length(by_user, user);

	CHECK_FOR_INTERRUPTS();
	for (int64 i = 0; i < length; i++)
		dealing->keyed[i] = (Keyed) {
			.key = dealing->time != NULL ? dealing->time[start + i] : 0,
				.chance = random_uniform(&stream),
				.number = start + i
	};
	qsort(dealing->keyed, length, sizeof(Keyed), compare_keyed);
	for (int64 i = 0; i < length; i++)
		dealing->label[dealing->keyed[i].number] = i < length - count ? rest : LABEL_HELD_OUT;
}

/* Hold out a share of the ratings of each user, or one, but never all. */
static void
hold_out_per_user(Dealing *dealing)
{
	const SparseRows *by_user = &dealing->whole->by_user;

	for (int32 user = 0; user < by_user->rows; user++)
	{
		int64		length = sparse_row_length(by_user, user);
		int64		count = dealing->options->method == SPLIT_LEAVE_ONE_OUT ? 1 :
			(int64) rint(dealing->options->share * length);

		hold_out_of_user(dealing, user, Min(count, length - 1), LABEL_TRAINING);
	}
}

/* Hold out a share of the users: all their ratings but what is to be known of them. */
static void
hold_out_users(Dealing *dealing)
{
	const SparseRows *by_user = &dealing->whole->by_user;
	RandomStream stream = random_stream(dealing->options->seed, STREAM_USERS, 0);
	int64		count = share_of(dealing->options->share, by_user->rows, 1);
	Keyed	   *users = allocate_array_zero(by_user->rows, sizeof(Keyed));

	for (int32 user = 0; user < by_user->rows; user++)
		users[user] = (Keyed) {.key = random_uniform(&stream), .number = user};
	qsort(users, by_user->rows, sizeof(Keyed), compare_keyed);
	for (int64 i = by_user->rows - count; i < by_user->rows; i++)
	{
		int32		user = (int32) users[i].number;
		int64		length = sparse_row_length(by_user, user);

		hold_out_of_user(dealing, user, length - share_of(dealing->options->known, length, 1),
						 LABEL_KNOWN);
	}
	pfree(users);
}

/* Hold out what is later than the cut: its time has the value 1. */
static void
hold_out_later(Dealing *dealing)
{
	int64		total = sparse_entries(&dealing->whole->by_user);

	for (int64 e = 0; e < total; e++)
		dealing->label[e] = dealing->time[e] > 0 ? LABEL_HELD_OUT : LABEL_TRAINING;
}

/* The condition on the rows that count, under the alias. */
static char *
rows_that_count(const SplitSources *sources, const char *alias)
{
	const SourceColumn *rating = &sources->ratings->rating;
	char	   *value;

	if (rating->name == NULL)
		return "true";
	value = psprintf("%s.%s::pg_catalog.float8", alias, rating->quoted);
	if (isinf(sources->policy.min_value))
		return psprintf(sources->policy.values == VALUES_WEIGHTS ? "%s OPERATOR(pg_catalog.<>) 0" :
						"%s IS NOT NULL", value);
	return psprintf("%s OPERATOR(pg_catalog.>=) %.17g AND (%s OPERATOR(pg_catalog.<>) 0 OR %s)",
					value, sources->policy.min_value, value,
					sources->policy.values == VALUES_WEIGHTS ? "false" : "true");
}

/* 1 where a row is later than the time given by the first parameter, else 0. */
static char *
value_if_later(const SplitOptions *options, const SplitSources *sources,
			   const RatingsSource *timed)
{
	const SourceColumn *time = &timed->time;
	char	   *cut;

	if (options->after != NULL)
		cut = "$1";
	else
		cut = psprintf("(SELECT pg_catalog.percentile_disc(1 OPERATOR(pg_catalog.-) $1) "
					   "WITHIN GROUP (ORDER BY t.%s) FROM %s t WHERE %s)",
					   time->quoted, timed->relation, rows_that_count(sources, "t"));
	return psprintf("CASE WHEN r.%s %s %s THEN 1 ELSE 0 END", time->quoted,
					source_greater(time), cut);
}

/* The place of a row among those of its user, by time. */
static char *
value_of_order(const RatingsSource *timed)
{
	return psprintf("(pg_catalog.dense_rank() OVER (PARTITION BY r.%s ORDER BY r.%s NULLS FIRST))",
					timed->user.quoted, timed->time.quoted);
}

/* A parameter of a type, from text by the type's input function: no user-defined cast is called. */
static ParamListInfo
written_parameter(Oid type, int32 typmod, const char *written)
{
	ParamListInfo params = makeParamList(1);
	Oid			input;
	Oid			param;

	getTypeInputInfo(type, &input, &param);
	params->params[0].value = OidInputFunctionCall(input, pstrdup(written), param, typmod);
	params->params[0].isnull = false;
	params->params[0].pflags = PARAM_FLAG_CONST;
	params->params[0].ptype = type;
	return params;
}

/* Read the ratings with a value made of their time, the greatest of several. */
static Interactions *
read_times(const SplitOptions *options, const SplitSources *sources)
{
	const RatingsSource *timed = source_resolve(sources->ratings->relid, sources->columns,
												options->time_col);
	bool		later = options->method == SPLIT_TEMPORAL;
	char	   *value = later ? value_if_later(options, sources, timed) : value_of_order(timed);
	ReadRequest request = {
		.source = timed,
		.policy = {.duplicates = DUPLICATES_MAX, .min_value = -get_float8_infinity()},
		.query = psprintf("SELECT %s FROM %s r WHERE %s", source_value_list(timed, "r", value),
						  timed->relation, rows_that_count(sources, "r"))
	};

	if (later && options->after != NULL)
		request.params = written_parameter(timed->time.type, timed->time.typmod, options->after);
	else if (later)
		request.params = written_parameter(FLOAT8OID, -1, psprintf("%.17g", options->share));
	return ratings_read(&request);
}

/* What the times say of each rating, in the order of by_user of the whole. */
static float *
find_times(const SplitOptions *options, const SplitSources *sources,
		   const Interactions *whole)
{
	const SparseRows *by_user = &whole->by_user;
	float	   *time = allocate_array_zero(sparse_entries(by_user), sizeof(float));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys times",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	const Interactions *times = read_times(options, sources);
	const int32 *item = ids_places(&whole->items, &times->items);

	for (int32 user = 0; user < by_user->rows; user++)
	{
		int32		row = ids_find(&times->users, ids_get(&whole->users, user));

		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_user->start[user]; row >= 0 && e < by_user->start[user + 1]; e++)
		{
			int64		place = item[by_user->index[e]] < 0 ? -1 :
				sparse_find(&times->by_user, row, item[by_user->index[e]]);

			if (place >= 0)
				time[e] = times->by_user.value[place];
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return time;
}

/* Give every rating its label. */
static void
deal_labels(Dealing *dealing)
{
	int64		total = sparse_entries(&dealing->whole->by_user);

	dealing->keyed = allocate_array_zero(sparse_longest_row(&dealing->whole->by_user), sizeof(Keyed));
	switch (dealing->options->method)
	{
		case SPLIT_RANDOM:
			hold_out_ratings(dealing, share_of(dealing->options->share, total, 1));
			break;
		case SPLIT_PER_USER:
		case SPLIT_LEAVE_ONE_OUT:
			hold_out_per_user(dealing);
			break;
		case SPLIT_TEMPORAL:
			hold_out_later(dealing);
			break;
		case SPLIT_USERS:
			hold_out_users(dealing);
			break;
		case SPLIT_GIVEN:
			break;
	}
	pfree(dealing->keyed);
}

/* The ratings with a label. */
static Interactions *
part_of(const Interactions *whole, const uint8 *label, uint8 value)
{
	SubsetFilter filter = {.label = label, .value = value, .equal = true};

	return subset_create(whole, &filter, false);
}

/* The most that a split can hold out of ratings of a given shape. */
MatrixShape
split_held_out_shape(const SplitOptions *options, const MatrixShape *whole, const TestSet *test)
{
	MatrixShape shape = *whole;

	switch (options->method)
	{
		case SPLIT_GIVEN:
			shape.users = test->held_out->users.count;
			shape.items = test->held_out->items.count;
			shape.ratings = sparse_entries(&test->held_out->by_user);
			break;
		case SPLIT_LEAVE_ONE_OUT:
			shape.ratings = whole->users;
			break;
		case SPLIT_RANDOM:
			shape.ratings = (int64) (options->share * whole->ratings) + 1;
			break;
		case SPLIT_PER_USER:
		case SPLIT_TEMPORAL:
		case SPLIT_USERS:
			break;
	}
	return shape;
}

/* Read the relations that a split names, except the ratings themselves. */
TestSet
split_read(const SplitOptions *options, const SplitSources *sources)
{
	TestSet		test = {
		.sampled_negatives = options->sampled_negatives,
		.seed = options->seed,
		.relevant_from = options->relevant_from,
		.gain = options->gain,
		.include_seen = options->include_seen
	};
	ReadRequest request = {.policy = sources->policy};
	const SourceColumn *time = &sources->ratings->time;
	ColumnNames pairs = *sources->columns;

	if (options->method == SPLIT_GIVEN)
	{
		request.source = source_resolve(options->test, sources->columns, time->name);
		test.held_out = ratings_read(&request);
	}
	if (OidIsValid(options->negatives))
	{
		pairs.rating = NULL;
		request.source = source_resolve(options->negatives, &pairs, NULL);
		request.policy = (RatingsPolicy) {
			.duplicates = DUPLICATES_MAX, .min_value = -get_float8_infinity()
		};
		test.negatives = ratings_read(&request);
	}
	return test;
}

/* Error if there is nothing to train on, or nothing to test by. */
static void
require_parts(const Split *split, const Interactions *whole, const SplitSources *sources)
{
	int64		held_out = sparse_entries(&split->test.held_out->by_user);
	int64		training = sparse_entries(&whole->by_user);

	for (int64 e = 0, total = training; e < total; e++)
		training -= split->label[e] != LABEL_TRAINING;
	if (held_out == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the split of relation %s holds nothing out",
						sources->ratings->relation)));
	if (training == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the split of relation %s leaves nothing to train on",
						sources->ratings->relation)));
}

/*
 * Error if something relevant has no gain: gains are not negative, or the best
 * list would not have the most, and they are small enough for their sums.
 */
static void
require_gains(const TestSet *test)
{
	const SparseRows *rows = &test->held_out->by_user;
	double		most = test->gain == LIST_GAIN_EXPONENTIAL ? MAX_EXPONENT : get_float8_infinity();

	for (int64 e = 0; test->gain != LIST_GAIN_BINARY && e < sparse_entries(rows); e++)
	{
		double		rating = rows->value[e];

		if (rating < test->relevant_from || (rating >= 0 && rating <= most))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a rating that is held out has no gain: %g", rating),
				 rating < 0 ?
				 errdetail("Gains are of ratings of 0 and more.") :
				 errdetail("2 to the power of it is too much: it can be %d at most.", MAX_EXPONENT),
				 rating < 0 ?
				 errhint("Say by \"relevant_from\" of the split from which rating on an item is relevant.") :
				 errhint("Ask for \"gain\": \"linear\".")));
	}
}

/*
 * Split the ratings.  "read" is what split_read has made.  Error: a part is
 * empty.
 */
Split
split_make(const SplitOptions *options, const SplitSources *sources, const TestSet *read,
		   const Interactions *whole)
{
	Split		split = {.test = *read};
	Dealing		dealing = {.options = options, .whole = whole};

	split.label = allocate_array_zero(sparse_entries(&whole->by_user), 1);
	if (options->time_col != NULL)
		dealing.time = find_times(options, sources, whole);
	dealing.label = split.label;
	deal_labels(&dealing);
	if (options->method == SPLIT_GIVEN && options->include_seen)
		split.test.held_out = read->held_out;
	else if (options->method == SPLIT_GIVEN)
		split.test.held_out = test_without_training(read->held_out,
													ids_places(&read->held_out->users, &whole->users),
													ids_places(&read->held_out->items, &whole->items),
													&whole->by_user, sources->ratings->relation);
	else
		split.test.held_out = part_of(whole, split.label, LABEL_HELD_OUT);
	if (options->method == SPLIT_USERS)
		split.test.known = part_of(whole, split.label, LABEL_KNOWN);
	require_parts(&split, whole, sources);
	require_gains(&split.test);
	return split;
}

/*
 * What is held out without the rows that were trained on, of which there is a
 * notice; user and item are where those of the test are in the training.
 */
const Interactions *
test_without_training(const Interactions *test, const int32 *user, const int32 *item,
					  const SparseRows *training, const char *relation)
{
	const SparseRows *rows = &test->by_user;
	uint8	   *label = allocate_array_zero(sparse_entries(rows), 1);
	int64		trained = 0;

	for (int32 row = 0; row < rows->rows; row++)
		for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		{
			CHECK_FOR_INTERRUPTS();
			label[e] = user[row] >= 0 && item[rows->index[e]] >= 0 &&
				sparse_find(training, user[row], item[rows->index[e]]) >= 0;
			trained += label[e];
		}
	if (trained == 0)
		return test;
	ereport(NOTICE,
			(errmsg(INT64_FORMAT " of " INT64_FORMAT " held-out rows are left out",
					trained, sparse_entries(rows)),
			 errdetail("Their pairs of user and item are also in relation %s, which is trained on.", relation)));
	return part_of(test, label, 0);
}
