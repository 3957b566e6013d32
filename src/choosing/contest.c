/*
 * contest.c
 *		Measuring settings on the rungs of a search.
 *
 * A setting is trained on what a rung leaves for that, and measured on what it
 * holds out.  One that cannot be trained (it diverges, its options exclude each
 * other) is out, and the search goes on: so each is tried in a subtransaction of
 * its own.  What would not fit into memory, or take too long on all ratings, is
 * not tried at all.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "engine/cost.h"
#include "engine/settle.h"
#include "engine/suit.h"
#include "engine/train_read.h"
#include "choosing/contest.h"
#include "evaluation/experiment.h"
#include "forms/row_cache.h"
#include "model/memory_model.h"
#include "resources/attempt.h"
#include "resources/budget.h"

/* What a training may take, in seconds: see most_seconds. */
#define MOST_SECONDS 15
#define MOST_SECONDS_A_RATING 2e-5
#define MOST_OF_BOUND .5

/*
 * A setting that takes part, palloc'd.  number: its own, from 1 on.
 */
Contestant *
contest_enter(Contest *contest, const Space *space, const double *place, int number)
{
	const SearchRequest *request = contest->request;
	Contestant *contestant = palloc0(sizeof(Contestant));

	contestant->algorithm = space->algorithm;
	contestant->space = space;
	contestant->place = place;
	contestant->trial = (Trial) {
		.number = number,
			.algorithm = space->algorithm->name,
			.options = space_options(space, place, request->common, request->has_values,
									 &contest->traits),
			.value = get_float8_nan(),
			.popular = get_float8_nan(),
			.rung = -1
	};
	return contestant;
}

/* The struct of options for ratings of which this is known.  Palloc'd. */
static void *
options_for(const Contest *contest, const Contestant *contestant, const DataTraits *traits)
{
	const SearchRequest *request = contest->request;
	Jsonb	   *json = space_options(contestant->space, contestant->place, request->common,
									 request->has_values, traits);
	CommonOptions *options = train_component_options(contestant->algorithm, json,
													 request->common, request->has_values);

	/* What users have seen is asked of the model. */
	options->store_ratings = true;
	/* Among others, what ranks beside models of ratings competes by itself, as ials. */
	if (contest->wanted.ranking && !request->choose)
		train_add_list_options(contestant->algorithm, options);
	return options;
}

/* Note, once for each algorithm and reason, what is left out, and why. */
void
contest_note(Contest *contest, const char *algorithm, const char *reason)
{
	StringInfo	list = &contest->left_out;
	const char *entry = psprintf("%s (%s)", algorithm, reason);

	if (strstr(list->data, entry) == NULL)
		appendStringInfo(list, "%s%s", list->len > 0 ? ", " : "", entry);
}

/* How much memory something takes, for people. */
static char *
megabytes(Size bytes)
{
	return psprintf("%.0f MB", ceil(bytes / 1048576.0));
}

/* Is this an error of the setting, which others need not have? */
static bool
is_of_setting(const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE:
		case ERRCODE_INVALID_PARAMETER_VALUE:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
		case ERRCODE_CONFIGURATION_LIMIT_EXCEEDED:
		case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
		case ERRCODE_FEATURE_NOT_SUPPORTED:
		case ERRCODE_UNDEFINED_FILE:
			return true;
		default:
			return false;
	}
}

/* A step, and what it is done with. */
typedef struct StepCall
{
	ContestStep step;
	Contest    *contest;
	Contestant *contestant;
	void	   *arg;
} StepCall;

/* Do a step: see attempt. */
static void
call_step(void *arg)
{
	const StepCall *call = arg;

	call->step(call->contest, call->contestant, call->arg);
}

/*
 * Do something with a setting; false if something is wrong with it, which is
 * noted.  Other errors are raised.
 */
static bool
run_try(Contest *contest, Contestant *contestant, ContestStep step, void *arg)
{
	StepCall	call = {step, contest, contestant, arg};
	ErrorData  *error = attempt(call_step, &call);

	if (error != NULL && !is_of_setting(error))
		ReThrowError(error);
	if (error != NULL)
		contest_note(contest, contestant->trial.algorithm, error->message);
	return error == NULL;
}

/*
 * The most seconds on one core that the training of a setting may take: of what
 * the caller gives the whole search, or so many that others are worth trying.
 */
static double
most_seconds(const Contest *contest)
{
	double		bound = contest->request->seconds;

	return isnan(bound) ?
		Max(MOST_SECONDS, MOST_SECONDS_A_RATING * contest->traits.shape.ratings) :
		Max(MOST_OF_BOUND * bound, 1);
}

/* Are users held out whole, whom models of the algorithm cannot serve? */
static bool
cannot_serve(const Contest *contest, const Algorithm *algorithm, const void *options)
{
	const SplitOptions *split = contest->request->split;

	return split != NULL && split->method == SPLIT_USERS &&
		!experiment_can_fold_in(algorithm, options);
}

/*
 * Note why a setting cannot be measured, if it cannot: the memory or the time of
 * its training, or whom it can serve.  See contest_try.
 */
static void
find_room(Contest *contest, Contestant *contestant, void *arg)
{
	const Algorithm *algorithm = contestant->algorithm;
	const void *options = options_for(contest, contestant, &contest->traits);
	Size		bytes = add_size(contest->request->held,
								 train_bytes(algorithm, options, &contest->traits.shape));
	double		seconds = algorithm_cost(algorithm, &contest->traits, options);

	if (cannot_serve(contest, algorithm, options))
		contest_note(contest, contestant->trial.algorithm,
					 "cannot serve users who were not in training");
	else if (bytes > budget_limit())
		contest_note(contest, contestant->trial.algorithm, megabytes(bytes));
	else if (seconds > most_seconds(contest))
		contest_note(contest, contestant->trial.algorithm, psprintf("about %.0f s", seconds));
	else
		*(bool *) arg = true;
}

/*
 * Could this setting be trained on all ratings: do its options go together, and
 * is there memory and time?  If not, that is noted.
 */
bool
contest_can_enter(Contest *contest, Contestant *contestant)
{
	bool		has_room = false;

	return run_try(contest, contestant, find_room, &has_room) && has_room;
}

/* Go to a rung, in the current memory context. */
void
contest_set_rung(Contest *contest, int number)
{
	contest->rung = rung_create(contest->rungs, number);
	contest->number = number;
	contest->popular = get_float8_nan();
}

/* Bytes at the peak of measuring a setting on the rung. */
static Size
measuring_bytes(const Contest *contest, const Contestant *contestant, const void *options)
{
	const Rung *rung = contest->rung;
	const Interactions *held_out = rung->test.held_out;
	MatrixShape test = {held_out->users.count, held_out->items.count,
		sparse_entries(&held_out->by_user), 0};
	const MatrixShape *part = &rung->traits.shape;
	const MatrixShape *whole = &contest->traits.shape;
	Size		served = fold_served_bytes(contestant->algorithm, options, part);
	Size		wanted = quality_bytes(part, &test, &contest->wanted, &rung->test, served);

	return add_size(add_size(contest->request->held, add_size(matrix_bytes(whole),
															  rungs_bytes(whole))),
					fold_bytes(contestant->algorithm, options, part, wanted));
}

/*
 * Measure a model, and release it, on what the rung holds out: that is the
 * value of a contestant.
 */
void
contest_measure_model(Contest *contest, Contestant *contestant, Model *model)
{
	MeasureOptions wanted = contest->wanted;
	Quality		quality;
	Quality		popular;

	if (wanted.ranking)
		model->row_cache_bytes = Min(ROW_CACHE_BYTES, budget_limit() / 8);
	wanted.popular = isnan(contest->popular);
	quality_measure(model, &contest->rung->test, &wanted, &quality, &popular);
	memory_model_release(model);
	contestant->trial.value = quality.value[contest->metric];
	if (wanted.popular)
		contest->popular = popular.value[contest->metric];
	contestant->trial.popular = contest->popular;
	contestant->trial.rung = contest->number;
}

/*
 * Train a setting on the rung; what comes of it is palloc'd, for fold_end.
 */
FoldRun *
contest_train(const Contest *contest, const Contestant *contestant)
{
	TrainedFold fold = {
		.algorithm = contestant->algorithm,
		.options = options_for(contest, contestant, &contest->rung->traits),
		.source = contest->request->source,
		.whole = contest->rungs->whole
	};
	SubsetFilter filter = {.label = contest->rung->label, .value = LABEL_TRAINING, .equal = true};

	return fold_run(&fold, &filter);
}

/* Bytes of the training of a setting on the rung, and of what it leaves. */
Size
contest_training_bytes(const Contest *contest, const Contestant *contestant)
{
	const DataTraits *traits = &contest->rung->traits;

	return train_bytes(contestant->algorithm, options_for(contest, contestant, traits),
					   &traits->shape);
}

/* Seconds on one core that the training of a setting on the rung will take, roughly. */
double
contest_cost(const Contest *contest, const Contestant *contestant)
{
	const DataTraits *traits = &contest->rung->traits;

	return algorithm_cost(contestant->algorithm, traits, options_for(contest, contestant, traits));
}

/* Say what came of a trial on the rung at hand. */
void
contest_report(const Contest *contest, const Trial *trial)
{
	const SearchRequest *request = contest->request;

	ereport(NOTICE,
			(errmsg("rung %d of %d, trial %d: %s, %s %.4f (%s %.4f), %.1f s",
					contest->number + 1, contest->rungs->count, trial->number,
					trial->algorithm, request->metric, trial->value,
					metric_is_error(contest->metric) ? "item means" : "popular list",
					trial->popular, progress_seconds(request->progress))));
}

/* Train a setting on the rung, and measure it: see contest_try. */
static void
measure(Contest *contest, Contestant *contestant, void *arg)
{
	FoldRun    *run = contest_train(contest, contestant);
	Model	   *model = fold_model(run);

	fold_end(run);
	contest_measure_model(contest, contestant, model);
}

/*
 * Do something with a setting that trains it on the rung at hand, and needs so
 * many bytes more than measuring it does.  False: that cannot be done.  The time
 * is that of the trial.
 */
bool
contest_try(Contest *contest, Contestant *contestant, Size more, ContestStep step, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "recsys trial",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Progress   *clock = progress_create(contestant->trial.algorithm);
	const void *options = options_for(contest, contestant, &contest->rung->traits);
	Size		bytes = add_size(measuring_bytes(contest, contestant, options), more);
	bool		done = false;

	if (bytes <= budget_limit())
		done = run_try(contest, contestant, step, arg);
	else
		contest_note(contest, contestant->trial.algorithm, megabytes(bytes));
	contestant->latest = progress_seconds(clock);
	contestant->trial.seconds += contestant->latest;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return done;
}

/* Measure a setting on the rung at hand.  False: that cannot be done, and it stays where it was. */
bool
contest_measure(Contest *contest, Contestant *contestant)
{
	return contest_try(contest, contestant, 0, measure, NULL);
}
