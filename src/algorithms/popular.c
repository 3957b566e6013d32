/*
 * popular.c
 *		Algorithm "popular": the items that most people like, the same for
 *		everybody.
 *
 * An item with v ratings of mean R, where all ratings have the mean C, scores
 *
 *		v								count
 *		R								mean
 *		v/(v+m) R + m/(v+m) C			weighted: R, shrunk by m votes
 *		sum of w 2^(-age/half_life)		trending: its rows' weights w, decayed
 *
 * For trending the rows are read once more, with their decayed weights as
 * values and merged by the same policy; of the result those pairs count that
 * are among the ratings of the run.  Age is counted from the newest of these
 * pairs.  That is taken to be the newest row of the relation, until a pair is
 * read that the run does not have (it may be a part of the relation only, when
 * something is held out): then the ages are read, too.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "algorithms/registry.h"
#include "engine/settle.h"
#include "math/weights.h"
#include "model/json.h"
#include "ratings/matrix_builder.h"
#include "ratings/reader.h"
#include "resources/budget.h"

/* Half of its weight is lost in so many days, where a time is one. */
#define HALF_LIFE_DAYS 30

/*
 * In half-lives: nothing is older than that, so that no weight is too small for
 * SQL's arithmetic.  A row without a time is as old.
 */
#define OLDEST 200

typedef enum PopularScore
{
	POPULAR_COUNT,
	POPULAR_MEAN,
	POPULAR_WEIGHTED,
	POPULAR_TRENDING
} PopularScore;

static const char *const score_kinds[] = {"count", "mean", "weighted", "trending", NULL};

typedef struct PopularOptions
{
	CommonOptions common;
	int			score;			/* PopularScore */
	double		min_votes;		/* NaN: by the quantile */
	double		vote_quantile;
	double		half_life;		/* NaN: by the type of the times */
} PopularOptions;

static const OptionSpec options[] = {
	ENUM_OPTION("score", PopularOptions, score, POPULAR_COUNT, score_kinds,
				"count: number of ratings; mean: their mean; weighted: their mean with min_votes more votes for the mean of all ratings; trending: sum of the values, each halved for every half_life of age"),
	REAL_OPTION("min_votes", PopularOptions, min_votes, OPTION_AUTO, 0, 1e9,
				"score weighted: number of votes for the mean of all ratings; default: as vote_quantile says"),
	REAL_OPTION("vote_quantile", PopularOptions, vote_quantile, .9, 0, 1,
				"score weighted: min_votes is this quantile of the items' numbers of ratings"),
	REAL_OPTION("half_life", PopularOptions, half_life, OPTION_AUTO, 1e-9, 1e15,
				"score trending: age at which a value counts half, in days or, with a numeric time_col, in its unit; counted from the newest row; default 30 days, required with a numeric time_col")
};

/* Is the score of an item a rating? */
static bool
is_rating_score(const PopularOptions *opts)
{
	return opts->score == POPULAR_MEAN || opts->score == POPULAR_WEIGHTED;
}

/* Errors: the score needs ratings, or times, and there are none. */
static void
popular_prepare(void *options, bool has_values)
{
	PopularOptions *opts = options;

	if (is_rating_score(opts) && !has_values)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the score \"%s\" needs ratings", score_kinds[opts->score]),
				 errdetail("Without a rating column, or with the option \"binarize\", all ratings are 1."),
				 errhint("Name the column with rating_col, or use the score \"count\".")));
	if (opts->score == POPULAR_TRENDING && opts->common.time_col == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the score \"trending\" needs the option \"time_col\""),
				 errhint("For example '{\"score\": \"trending\", \"time_col\": \"rated_at\", \"half_life\": 7}'.")));
	if (opts->score == POPULAR_TRENDING && opts->common.weight_transform > TRANSFORM_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the score \"trending\" does not support option \"weight_transform\""),
				 errdetail("It adds up the values of rows, as they are."),
				 errhint("Train on a view that has the values transformed.")));
	if (has_values && !is_rating_score(opts))
		opts->common.values = opts->common.weight_transform == TRANSFORM_NONE ?
			VALUES_RATINGS : VALUES_OPEN;
	opts->common.plain_weights = true;
	if (!is_rating_score(opts))
		opts->common.clip = false;
}

/* Are the scores ratings, under these options? */
static bool
popular_predicts_ratings(const void *options)
{
	return is_rating_score(options);
}

/* The scores, and the numbers to be sorted or what is read once more. */
static Size
popular_memory(const MatrixShape *shape, const void *options)
{
	const PopularOptions *opts = options;
	Size		scores = budget_array(shape->items, sizeof(float));

	if (opts->score == POPULAR_WEIGHTED)
		return add_size(scores, scores);
	if (opts->score == POPULAR_TRENDING)
		return add_size(add_size(scores, budget_array(shape->items, sizeof(double))),
						add_size(budget_array(shape->items, sizeof(int32)),
								 matrix_building_bytes(shape)));
	return scores;
}

/* The number of ratings of each item. */
static void
count_scores(const SparseRows *by_item, float *score)
{
	for (int32 item = 0; item < by_item->rows; item++)
		score[item] = sparse_row_length(by_item, item);
}

/* For qsort: by value. */
static int
compare_numbers(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return (x > y) - (x < y);
}

/* A quantile of the numbers of ratings, interpolated between two of them. */
static double
quantile_of_counts(const SparseRows *by_item, double quantile)
{
	float	   *count = allocate_array(by_item->rows, sizeof(float));
	double		place = quantile * (by_item->rows - 1);
	int32		below = (int32) place;
	double		result;

	count_scores(by_item, count);
	qsort(count, by_item->rows, sizeof(float), compare_numbers);
	result = count[below];
	if (below + 1 < by_item->rows)
		result += (place - below) * (count[below + 1] - count[below]);
	pfree(count);
	return result;
}

/*
 * The mean rating of each item, with "votes" votes for the mean of all.  An
 * item without ratings has that mean.
 */
static void
mean_scores(const Interactions *ratings, double votes, float *score)
{
	const SparseRows *by_item = &ratings->by_item;

	for (int32 item = 0; item < by_item->rows; item++)
	{
		double		sum = votes * ratings->mean;
		double		n = votes + sparse_row_length(by_item, item);

		CHECK_FOR_INTERRUPTS();
		for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
			sum += by_item->value[e];
		score[item] = n > 0 ? sum / n : ratings->mean;
	}
}

/*
 * The times as numbers: days, or what is in the column.  In parentheses, since
 * all of OPERATOR() bind alike.
 */
static char *
time_expression(const RatingsSource *source)
{
	const SourceColumn *time = &source->time;

	switch (time->type)
	{
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return psprintf("(pg_catalog.date_part('epoch', r.%s) OPERATOR(pg_catalog./) 86400::pg_catalog.float8)",
							time->quoted);
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return psprintf("r.%s::pg_catalog.float8", time->quoted);
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" is not a time or number", time->name),
					 errdetail("It is of type %s.", format_type_be(time->type)),
					 errhint("Make a view in which it is a timestamp, a date or a number.")));
	}
	return NULL;
}

/*
 * The half-life, in the unit of time_expression.  Error: the column has no
 * unit of time and none is given.
 */
static double
half_life_of(const PopularOptions *opts, const SourceColumn *time)
{
	if (!isnan(opts->half_life))
		return opts->half_life;
	if (time->type != DATEOID && time->type != TIMESTAMPOID && time->type != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the score \"trending\" needs the option \"half_life\""),
				 errdetail("Column \"%s\" is of type %s, which has no unit of time.", time->name,
						   format_type_be(time->type)),
				 errhint("In a column of seconds a half-life of 30 days is 2592000.")));
	return HALF_LIFE_DAYS;
}

/* A number as SQL, exactly. */
static char *
sql_number(double number)
{
	StringInfoData text;

	initStringInfo(&text);
	json_append_number(&text, number);
	return psprintf("'%s'::pg_catalog.float8", text.data);
}

/* What the trending score reads: the rows, with something else for ratings. */
typedef struct TrendQuery
{
	const RatingsSource *source;
	RatingsPolicy policy;
	const char *time;			/* of a row, a number */
	double		half_life;		/* in its unit */
} TrendQuery;

/*
 * The conditions under which a row counts, as reading itself would have it: here
 * because what is read is no longer the rating.
 */
static char *
row_conditions(const TrendQuery *trend)
{
	const char *rating = trend->source->rating.quoted;

	if (rating == NULL)
		return "true";
	if (isinf(trend->policy.min_value))
		return psprintf("r.%s IS NOT NULL", rating);
	return psprintf("r.%s::pg_catalog.float8 OPERATOR(pg_catalog.>=) %s", rating,
					sql_number(trend->policy.min_value));
}

/* The age of a row in half-lives, older than "newest" by that of the relation. */
static char *
age_expression(const TrendQuery *trend, double newest)
{
	return psprintf("LEAST(GREATEST(COALESCE(((n.newest OPERATOR(pg_catalog.-) %s) OPERATOR(pg_catalog./) %s) "
					"OPERATOR(pg_catalog.-) %s, %d), 0), %d)",
					trend->time, sql_number(trend->half_life),
					sql_number(newest), OLDEST, OLDEST);
}

/* A query for all rows that count, whose ratings are replaced by "value". */
static char *
trend_query(const TrendQuery *trend, const char *value)
{
	const RatingsSource *source = trend->source;
	RatingsSource ids = *source;
	char	   *conditions = row_conditions(trend);
	StringInfoData query;

	ids.rating.name = NULL;
	initStringInfo(&query);
	appendStringInfo(&query,
					 "SELECT s.user_id, s.item_id, s.value FROM ("
					 "SELECT i.*, %s AS value, r.%s AS time FROM %s r "
					 "CROSS JOIN LATERAL (SELECT %s) i (user_id, item_id, one) "
					 "CROSS JOIN (SELECT pg_catalog.max(%s) AS newest FROM %s r "
					 "WHERE %s AND %s OPERATOR(pg_catalog.<) 'Infinity'::pg_catalog.float8) n WHERE %s) s",
					 value, source->time.quoted, source->relation,
					 source_column_list(&ids, "r"), trend->time, source->relation,
					 conditions, trend->time, conditions);
	if (policy_needs_order(&trend->policy))
		appendStringInfoString(&query, " ORDER BY s.time NULLS FIRST, 3");
	return query.data;
}

/* The weight of a row, decayed; "newest" is as in age_expression. */
static char *
decayed_weight(const TrendQuery *trend, double newest)
{
	const SourceColumn *rating = &trend->source->rating;

	return psprintf("%s OPERATOR(pg_catalog.*) pg_catalog.power(2, OPERATOR(pg_catalog.-) (%s))",
					rating->name == NULL || trend->policy.binarize ? "1::pg_catalog.float8" :
					psprintf("r.%s::pg_catalog.float8", rating->quoted),
					age_expression(trend, newest));
}

/*
 * All pairs that count, with a value of SQL in the place of the rating, merged
 * by a policy.
 */
static Interactions *
read_values(const TrendQuery *trend, DuplicatesPolicy duplicates, const char *value)
{
	ReadRequest request = {
		.source = trend->source,
		.policy = {.duplicates = duplicates, .min_value = -get_float8_infinity()},
		.query = trend_query(trend, value)
	};

	return ratings_read(&request);
}

/* How the decayed weights of one pair are merged. */
static DuplicatesPolicy
merging(const RatingsPolicy *policy)
{
	/* If several rows are to count as one, it is the newest. */
	return policy->binarize ? DUPLICATES_MAX : policy->duplicates;
}

/* The pairs of what was read that are among the ratings of the run. */
typedef struct PairWalk
{
	const Interactions *run;
	const Interactions *read;
	int32	   *item;			/* [items read] index in the run, or -1 */
	double	   *sum;			/* [items of the run], or NULL */
	double		smallest;		/* of the values */
	bool		strangers;		/* were there other pairs? */
} PairWalk;

/* The pairs of one user: "from" in what was read, "user" in the run, or -1. */
static void
walk_user(PairWalk *walk, int32 from, int32 user)
{
	const SparseRows *read = &walk->read->by_user;

	for (int64 e = read->start[from]; e < read->start[from + 1]; e++)
	{
		int32		item = walk->item[read->index[e]];

		if (user < 0 || item < 0 || sparse_find(&walk->run->by_user, user, item) < 0)
		{
			walk->strangers = true;
			continue;
		}
		walk->smallest = Min(walk->smallest, read->value[e]);
		if (walk->sum != NULL)
			walk->sum[item] += read->value[e];
	}
}

/* Go through the pairs, and sum up their values by item; sum may be NULL. */
static PairWalk
walk_pairs(const Interactions *run, const Interactions *read, double *sum)
{
	PairWalk	walk = {
		.run = run, .read = read, .sum = sum, .smallest = get_float8_infinity(),
		.item = ids_places(&read->items, &run->items)
	};

	if (sum != NULL)
		memset(sum, 0, sizeof(double) * (Size) run->items.count);
	for (int32 user = 0; user < read->users.count; user++)
	{
		CHECK_FOR_INTERRUPTS();
		walk_user(&walk, user, ids_find(&run->users, ids_get(&read->users, user)));
	}
	pfree(walk.item);
	return walk;
}

/* By how many half-lives the newest pair of the run is older than the relation. */
static double
age_of_run(const Interactions *run, const TrendQuery *trend)
{
	Interactions *ages = read_values(trend, DUPLICATES_MIN, age_expression(trend, 0));
	PairWalk	walk = walk_pairs(run, ages, NULL);

	return isinf(walk.smallest) ? 0 : walk.smallest;
}

/* Sum up the decayed weights by item, in a context that is then reset. */
static bool
sum_decayed(const Interactions *run, const TrendQuery *trend, double newest,
			MemoryContext scratch, double *sum)
{
	Interactions *decayed;
	bool		strangers;

	MemoryContextReset(scratch);
	decayed = read_values(trend, merging(&trend->policy), decayed_weight(trend, newest));
	strangers = walk_pairs(run, decayed, sum).strangers;
	MemoryContextReset(scratch);
	return strangers;
}

/* The decayed weights of each item, summed up. */
static void
trending_scores(const TrainContext *context, float *score)
{
	const Interactions *run = context->ratings;
	const PopularOptions *opts = context->options;
	TrendQuery	trend = {.source = context->source, .policy = train_policy(opts)};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys trending",
												  ALLOCSET_DEFAULT_SIZES);
	double	   *sum = allocate_array(run->items.count, sizeof(double));
	MemoryContext old;

	trend.time = time_expression(trend.source);
	trend.half_life = half_life_of(opts, &trend.source->time);
	old = MemoryContextSwitchTo(scratch);
	if (sum_decayed(run, &trend, 0, scratch, sum))
	{
		double		newest = age_of_run(run, &trend);

		if (newest > 0)
			sum_decayed(run, &trend, newest, scratch, sum);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	budget_return_freed();
	for (int32 item = 0; item < run->items.count; item++)
		score[item] = sum[item];
	pfree(sum);
}

/* The score of each item; that of an unknown one is the mean, or 0. */
static void
popular_train(TrainContext *context)
{
	const Interactions *ratings = context->ratings;
	const PopularOptions *opts = context->options;
	int32		item_count = ratings->items.count;
	float	   *score = allocate_array(item_count, sizeof(float));
	double		votes = opts->min_votes;

	if (opts->score == POPULAR_WEIGHTED && isnan(votes))
		votes = quantile_of_counts(&ratings->by_item, opts->vote_quantile);
	if (opts->score == POPULAR_COUNT)
		count_scores(&ratings->by_item, score);
	else if (opts->score == POPULAR_TRENDING)
		trending_scores(context, score);
	else
		mean_scores(ratings, opts->score == POPULAR_MEAN ? 0 : votes, score);
	draft_add_unknown(context->draft, is_rating_score(opts) ? ratings->mean : 0);
	draft_add_floats(context->draft, PART_ITEM_BIAS, score, item_count, 1, 1);
}

const Algorithm popular_algorithm = {
	.name = "popular",
	.family = "baseline",
	.feedback = FEEDBACK_BOTH,
	.form = &popularity_form,
	.description = "most rated, best rated or trending items: the same list for everybody",
	.options = OPTION_TABLE(PopularOptions, options),
	.prepare = popular_prepare,
	.predicts_ratings = popular_predicts_ratings,
	.memory = popular_memory,
	.train = popular_train
};
