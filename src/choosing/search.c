/*
 * search.c
 *		The search for the algorithm and the options that suit some ratings.
 *
 * Every algorithm that fits the data takes part with its defaults, on the first
 * rung (rungs.c).  The other trials go to those that do best there, the best
 * most often: half of them anywhere in the space of the algorithm, half near its
 * best setting so far.  A third of the settings goes on to each next rung, and
 * three to the last, which has all users; at the end a blend of these is tried.
 *
 * Without a bound on time the result depends on the ratings and the options
 * alone.  With one, no trial is begun on a rung after that rung's share of
 * the time; the best settings come first, and so have been measured.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "engine/names.h"
#include "engine/settle.h"
#include "engine/suit.h"
#include "choosing/blends.h"
#include "choosing/contest.h"
#include "choosing/search.h"
#include "model/json.h"
#include "resources/budget.h"

/* Settings that are measured on the last rung. */
#define FINALISTS 3

/* Of so many settings one goes on. */
#define HALVING 3

/* Shares of the time: the first rung, and all of them. */
#define FIRST_SHARE .35
#define RUNGS_SHARE .7

/* Seconds on one core that all other settings of an algorithm may take on the first rung. */
#define MOST_EXPLORING 4

/* A stream of random numbers. */
#define STREAM_SETTINGS 50

typedef struct Search
{
	const SearchRequest *request;
	Contest		contest;
	Contestant **contestant;	/* [count] */
	int			count;
	int			room;			/* for contestants */
} Search;

/* Bytes that a search needs besides the ratings, whatever it tries. */
Size
search_bytes(const MatrixShape *shape)
{
	return rungs_bytes(shape);
}

/* The space that the caller gives for an algorithm, or an empty object. */
static const Jsonb *
space_of(const SearchRequest *request, const Algorithm *algorithm)
{
	Jsonb	   *own = json_get_container(request->space, algorithm->name);

	return own != NULL ? own : json_from_cstring("{}");
}

/*
 * Can an algorithm be measured by the metric, on such ratings?  What cannot
 * because of single ratings is noted.
 */
static bool
is_suitable(Search *search, const Algorithm *algorithm)
{
	const SearchRequest *request = search->request;
	bool		values = request->has_values && !request->common->binarize;

	if (algorithm->choose != NULL)
		return false;
	if (algorithm->feedback == FEEDBACK_EXPLICIT)
		return values;
	if (algorithm->feedback != FEEDBACK_IMPLICIT)
		return true;
	if (metric_is_error(search->contest.metric))
		return false;
	/* A value below 0 is no weight, and neither is 0. */
	if (values && request->whole->minimum <= 0)
		contest_note(&search->contest, algorithm->name, "there are ratings that are not above 0");
	return !values || request->whole->minimum > 0;
}

/* Do the predictions of a setting count, where errors of them are measured? */
static bool
predicts(const Search *search, const Space *space)
{
	const SearchRequest *request = search->request;

	return !metric_is_error(search->contest.metric) ||
		predicts_ratings(space->algorithm,
						 train_component_options(space->algorithm, space->fixed,
												 request->common, request->has_values));
}

/* Add a contestant to those that take part. */
static void
add_contestant(Search *search, Contestant *contestant)
{
	if (search->count == search->room)
	{
		search->room = Max(2 * search->room, 64);
		search->contestant = search->contestant == NULL ?
			palloc(sizeof(Contestant *) * search->room) :
			repalloc(search->contestant, sizeof(Contestant *) * search->room);
	}
	search->contestant[search->count++] = contestant;
}

/* A setting enters, if it could be trained on all ratings. */
static Contestant *
enter(Search *search, const Space *space, const double *place)
{
	Contestant *contestant = contest_enter(&search->contest, space, place, search->count + 1);

	if (!contest_can_enter(&search->contest, contestant))
		return NULL;
	add_contestant(search, contestant);
	return contestant;
}

/* What no choice may rank worse than. */
static const Algorithm *
baseline(void)
{
	return algorithm_lookup("popular");
}

/* An algorithm takes part with its defaults. */
static void
enter_algorithm(Search *search, const Algorithm *algorithm)
{
	Space	   *space = space_create(algorithm, space_of(search->request, algorithm));

	if (predicts(search, space))
		(void) enter(search, space, space_default(space));
}

/* Options without those that are common to all settings. */
static const Jsonb *
without_common(Jsonb *given)
{
	Datum		options = JsonbPGetDatum(given);

	for (int i = 0; i < common_option_count; i++)
		options = DirectFunctionCall2(jsonb_delete, options,
									  CStringGetTextDatum(common_options[i].name));
	return DatumGetJsonbP(options);
}

/* The setting that the caller wants to be tried takes part. */
static void
enter_start(Search *search, const Jsonb *start)
{
	const char *name = json_get_string(start, "algorithm");
	Jsonb	   *given = json_get_container(start, "options");
	Space	   *space;

	if (name == NULL || given == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"start\" must be an object with an algorithm and its options"),
				 errhint("For example '{\"start\": {\"algorithm\": \"ials\", \"options\": {\"factors\": 32}}}'.")));
	space = space_create(algorithm_lookup(name), json_from_cstring("{}"));

	space->fixed = without_common(given);
	space->axes = 0;
	(void) enter(search, space, space_default(space));
}

/* Is an algorithm one of those that the caller names? */
static bool
is_named(const SearchRequest *request, const Algorithm *algorithm)
{
	ListCell   *cell;

	foreach(cell, request->algorithms)
		if (strcmp(lfirst(cell), algorithm->name) == 0)
			return true;
	return false;
}

/*
 * All algorithms that are to be tried enter.  Those that declare no space and
 * are not named are not.
 */
static void
enter_algorithms(Search *search)
{
	const SearchRequest *request = search->request;
	ListCell   *cell;

	foreach(cell, request->algorithms)
		(void) algorithm_lookup(lfirst(cell));
	if (request->choose && search->contest.wanted.ranking)
		enter_algorithm(search, baseline());
	for (int i = 0; algorithms[i] != NULL; i++)
	{
		bool		wanted = request->algorithms != NIL ? is_named(request, algorithms[i]) :
			algorithms[i]->space.axes > 0;

		if (wanted && is_suitable(search, algorithms[i]) &&
			!(request->choose && algorithms[i] == baseline()))
			enter_algorithm(search, algorithms[i]);
	}
	if (request->start != NULL)
		enter_start(search, request->start);
}

/*
 * Is it too late for another trial on the rung at hand, which may take some
 * seconds?
 */
static bool
time_is_up(const Search *search, double needed)
{
	const SearchRequest *request = search->request;
	const Contest *contest = &search->contest;
	double		share = FIRST_SHARE + (RUNGS_SHARE - FIRST_SHARE) * contest->number /
		(contest->rungs->count - 1);

	return !isnan(request->seconds) &&
		progress_seconds(request->progress) + needed > share * request->seconds;
}

/* Measure a setting on the rung at hand, and say what came of it. */
static void
run_trial(Search *search, Contestant *contestant)
{
	CHECK_FOR_INTERRUPTS();
	if (contest_measure(&search->contest, contestant))
		contest_report(&search->contest, &contestant->trial);
}

/* Which of two contestants is better: for qsort_arg. */
static int
compare_contestants(const void *a, const void *b, void *arg)
{
	const Search *search = arg;

	return trial_compare(&(*(Contestant *const *) a)->trial, &(*(Contestant *const *) b)->trial,
						 search->contest.metric);
}

/* Put the best contestants first. */
static void
sort_contestants(Search *search)
{
	qsort_arg(search->contestant, search->count, sizeof(Contestant *), compare_contestants,
			  search);
}

/* The best contestant of an algorithm so far, of those that were measured. */
static Contestant *
best_of(Search *search, const Algorithm *algorithm)
{
	Contestant *best = NULL;

	for (int i = 0; i < search->count; i++)
	{
		Contestant *other = search->contestant[i];

		if (other->algorithm == algorithm && other->trial.rung >= 0 &&
			(best == NULL || trial_compare(&other->trial, &best->trial, search->contest.metric) < 0))
			best = other;
	}
	return best;
}

/* The contestants that have been measured with axes to vary, one an algorithm, best first. */
static int
leaders(Search *search, Contestant **leader)
{
	int			count = 0;

	sort_contestants(search);
	for (int i = 0; i < search->count; i++)
	{
		Contestant *contestant = search->contestant[i];

		if (contestant->space->axes > 0 && contestant->trial.rung >= 0 &&
			best_of(search, contestant->algorithm) == contestant)
			leader[count++] = contestant;
	}
	return count;
}

/*
 * Which of some leaders has a trial: 0, 0 1, 0 1 2, and so on, so that the
 * better ones have more of them.
 */
static int
turn_of(int trial, int count)
{
	int			turns = 1;

	while (trial >= turns)
	{
		trial -= turns;
		turns = Min(turns + 1, count);
	}
	return trial;
}

/* Draw another setting: anywhere in the space of an algorithm, or near its best one. */
static const double *
draw_setting(Search *search, const Contestant *leader, int number)
{
	RandomStream stream = random_stream(search->request->seed, STREAM_SETTINGS, number);

	return number % 2 == 0 ? space_draw(leader->space, &stream) :
		space_draw_near(leader->space, best_of(search, leader->algorithm)->place, &stream);
}

/*
 * Try another setting of an algorithm.  False: its trials have had their time,
 * by the estimate of what they cost.
 */
static bool
explore_near(Search *search, const Contestant *leader, double *spent, int number)
{
	Contestant *drawn;

	if (*spent > MOST_EXPLORING)
		return false;
	*spent += contest_cost(&search->contest, leader);
	drawn = enter(search, leader->space, draw_setting(search, leader, number));
	if (drawn != NULL)
		run_trial(search, drawn);
	return true;
}

/*
 * The trials of the first rung that are left after the defaults go to the
 * better half of the algorithms; who has had their time leaves it to the next.
 */
static void
explore(Search *search)
{
	Contestant **leader = palloc(sizeof(Contestant *) * (search->count + 1));
	int			count = leaders(search, leader);
	double	   *spent = palloc0(sizeof(double) * (count + 1));
	int			first = search->count;

	for (int number = first; number < search->request->trials && !time_is_up(search, 0); number++)
	{
		int			turn = turn_of(number - first, (count + 1) / 2);

		while (turn < count && !explore_near(search, leader[turn], &spent[turn], number))
			turn++;
		if (turn >= count)
			break;
	}
}

/* The first rung: all defaults, then other settings of the best. */
static void
run_first_rung(Search *search)
{
	int			entered = search->count;

	for (int i = 0; i < entered && (i == 0 || !time_is_up(search, 0)); i++)
		run_trial(search, search->contestant[i]);
	explore(search);
}

/* How many contestants go on to the rung at hand. */
static int
places_of_rung(const Search *search, int before)
{
	bool		last = search->contest.number == search->contest.rungs->count - 1;

	return last ? FINALISTS : Max((before + HALVING - 1) / HALVING, FINALISTS);
}

/* The baseline goes on, however good it is. */
static void
run_baseline(Search *search)
{
	Contestant *contestant = best_of(search, baseline());

	if (search->request->choose && contestant != NULL)
		run_trial(search, contestant);
}

/* Is there time to train these again, on all ratings, when they have been measured? */
static bool
has_time_for(const Search *search, Contestant *const *part, int parts)
{
	const SearchRequest *request = search->request;
	double		needed = 0;

	/* The last rung has twice the ratings of the one before. */
	for (int i = 0; i < parts; i++)
		needed += 2 * part[i]->latest;
	return isnan(request->seconds) ||
		progress_seconds(request->progress) + 2 * needed <= request->seconds;
}

/*
 * Measure the settings of the last rung with their blend.  False: there is no
 * time or room for that, or nothing to blend.
 */
static bool
run_finals(Search *search, Contestant *const *part, int parts)
{
	Contestant *blend;

	if (!search->request->choose || parts < 2 || !has_time_for(search, part, parts) ||
		!blends_measure(&search->contest, part, parts, search->count + 1, &blend))
		return false;
	if (blend == NULL)
		return true;
	add_contestant(search, blend);
	contest_report(&search->contest, &blend->trial);
	return true;
}

/*
 * Those who do best on the rung before, but not too many of the same algorithm:
 * what is best on a few users need not be on all, and a blend is of different
 * ones.  Returns how many go on.
 */
static int
choose_for_rung(Search *search, int places, Contestant **goes_on)
{
	bool		last = search->contest.number == search->contest.rungs->count - 1;
	int			most = last && search->request->choose ? 1 : 1 + places / 2;
	int			count = 0;

	sort_contestants(search);
	for (int i = 0; i < search->count && count < places; i++)
	{
		Contestant *contestant = search->contestant[i];
		int			same = 0;

		for (int j = 0; j < count; j++)
			same += goes_on[j]->algorithm == contestant->algorithm;
		if (contestant->trial.rung == search->contest.number - 1 && same < most &&
			contestant->algorithm != baseline())
			goes_on[count++] = contestant;
	}
	return count;
}

/* Measure some settings on the rung at hand, while there is time. */
static void
run_trials(Search *search, Contestant *const *goes_on, int count)
{
	bool		last = search->contest.number == search->contest.rungs->count - 1;

	if (last && run_finals(search, goes_on, count))
		return;
	/* There are twice the ratings of the rung before. */
	for (int i = 0; i < count; i++)
		if (!time_is_up(search, 2 * goes_on[i]->latest))
			run_trial(search, goes_on[i]);
}

/*
 * Measure on the rung at hand what did best on the one before, and the baseline.
 * Returns how many settings that are; 0: no time or memory was left for any, and
 * what was best on the rung before is the best there is.
 */
static int
run_rung(Search *search, int before)
{
	Contestant **goes_on = palloc(sizeof(Contestant *) * (search->count + 1));
	int			count = choose_for_rung(search, places_of_rung(search, before), goes_on);
	int			measured = 0;

	run_trials(search, goes_on, count);
	for (int i = 0; i < count; i++)
		measured += goes_on[i]->trial.rung == search->contest.number;
	if (measured > 0 || count == 0)
		run_baseline(search);
	return measured;
}

/* Error unless anything has been measured. */
static void
require_result(const Search *search)
{
	for (int i = 0; i < search->count; i++)
		if (search->contestant[i]->trial.rung >= 0)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("nothing could be tried on relation %s", search->request->source->relation),
			 search->contest.left_out.len > 0 ?
			 errdetail("Left out: %s.", search->contest.left_out.data) :
			 errdetail("No algorithm is for such ratings and this metric."),
			 errhint("See the view recsys_algorithms, and raise maintenance_work_mem if a model needs more memory.")));
}

/* Say what has been left out. */
static void
report_left_out(const Search *search)
{
	if (search->contest.left_out.len > 0)
		ereport(NOTICE,
				(errmsg("left out: %s", search->contest.left_out.data),
				 errhint("What needs more memory than maintenance_work_mem is not tried, nor what takes long; for weights, give min_value, or rating_col => NULL.")));
}

/* All contestants as trials, the best first. */
static Trials
collect_trials(Search *search)
{
	Trials		trials = {.metric = search->request->metric};

	sort_contestants(search);
	trials.trial = palloc(sizeof(Trial) * (search->count + 1));
	for (int i = 0; i < search->count; i++)
	{
		Trial	   *trial = &search->contestant[i]->trial;

		trial->kept = trial->rung == trials.trial[0].rung || i == 0;
		trials.trial[trials.count++] = *trial;
	}
	return trials;
}

/* Go up the rungs, to the last that anything is measured on. */
static void
climb(Search *search)
{
	int			before = 1;

	for (int number = 0; number < search->contest.rungs->count && before > 0; number++)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys rung",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);

		contest_set_rung(&search->contest, number);
		MemoryContextSwitchTo(old);
		if (number == 0)
		{
			run_first_rung(search);
			before = search->count;
		}
		else
			before = run_rung(search, before);
		MemoryContextDelete(context);
	}
}

/* The split that the caller asks for; NULL: none. */
static const Split *
make_split(const SearchRequest *request)
{
	const RatingsSource *source = request->source;
	ColumnNames *columns = palloc(sizeof(ColumnNames));
	SplitSources sources = {.columns = columns, .ratings = source,
		.policy = train_policy(request->common)
	};
	Split	   *split;
	TestSet		read;

	if (request->split == NULL)
		return NULL;
	*columns = (ColumnNames) {source->user.name, source->item.name, source->rating.name};
	split = palloc(sizeof(Split));
	read = split_read(request->split, &sources);
	*split = split_make(request->split, &sources, &read, request->whole);
	return split;
}

/*
 * Search, in the current memory context.  The first of the trials is the best.
 * Errors: nothing can be tried, an algorithm is unknown, a space is wrong.
 */
Trials
search_run(const SearchRequest *request)
{
	Search		search = {.request = request};
	Contest    *contest = &search.contest;

	contest->request = request;
	contest->metric = metric_parse(request->metric, &contest->wanted.n);
	contest->wanted.errors = metric_is_error(contest->metric);
	contest->wanted.ranking = !contest->wanted.errors;
	contest->wanted.metrics = METRIC_BIT(contest->metric);
	contest->rungs = rungs_create(request->whole, make_split(request),
								  request->split != NULL && request->split->method == SPLIT_GIVEN,
								  request->seed);
	contest->traits = traits_of_ratings(request->whole);
	initStringInfo(&contest->left_out);
	enter_algorithms(&search);
	climb(&search);
	require_result(&search);
	report_left_out(&search);
	return collect_trials(&search);
}
