/*
 * team.c
 *		The processes that share the work of a training run.
 *
 * The interaction matrix and the arrays that training works on are dynamic
 * shared memory segments of their own, made by the leader before the workers
 * start; what is small is in the segment of the parallel context.  Where there
 * is no room for one of them the leader works alone.
 *
 * A phase is started by one store: the word "open" has the number of the phase
 * above the number of its units that are not yet taken.  A process takes a unit
 * by counting that down, with compare and exchange; it may then rely on the
 * description of the phase, because the leader does not go on before all units
 * are done.  Nobody needs to know how many workers there are, or whether they
 * have come at all.
 */
#include "postgres.h"
#include "compat.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/dsm.h"
#include "storage/s_lock.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "engine/dense.h"
#include "engine/team.h"
#include "engine/vectors.h"
#include "math/denormals.h"
#include "model/json.h"
#include "resources/budget.h"
#include "resources/parallel.h"
#include "resources/shared.h"

/* What the workers find when they start. */
enum
{
	CHUNK_TEAM,					/* a TeamShared */
	CHUNK_OPTIONS				/* the options, as the text of their JSON */
};

/* A wait this long is for the scheduler; until then, look again and again. */
#define SPINS_BEFORE_SLEEP 2000

/* Bytes of a new array that are zeroed between two looks for an interrupt. */
#define ZEROED_AT_ONCE ((Size) 4 * 1024 * 1024)

/* Fewer ratings for each worker are not worth its start. */
static int	ratings_per_worker = 100000;

typedef struct TeamShared
{
	char		algorithm[NAMEDATALEN];
	Interactions ratings;		/* without pointers: the handles count */

	dsm_handle	array[TEAM_ARRAYS];

	/* The phase at hand. */
	int			phase;
	int64		argument;
	int			units;
	pg_atomic_uint64 open;		/* phase number << 32 | units not yet taken */
	pg_atomic_uint32 done;		/* units that are finished */
	pg_atomic_uint32 dismissed; /* there will be no more phases */
	ConditionVariable work_to_do;
	ConditionVariable all_done;
	double		result[TEAM_UNITS];
} TeamShared;

struct Team
{
	TeamShared *shared;			/* while the workers are there */
	ParallelContext *parallel;	/* the leader's */
	int			workers;		/* to ask for; 0: some array is the leader's alone */
	uint32		phases;			/* started so far */
	dsm_segment *segment[TEAM_ARRAYS];	/* the arrays, as mapped here */
};

PGDLLEXPORT void RecsysWorkerMain(dsm_segment *segment, shm_toc *toc);

/* Define the setting; called when the library is loaded. */
void
team_init(void)
{
	DefineCustomIntVariable("recsys.ratings_per_worker",
							"Ratings for which training asks for one more parallel worker.",
							"At most max_parallel_maintenance_workers are used.",
							&ratings_per_worker, 100000, 0, INT_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
}

/*
 * How many workers are worth their start for work as on so many ratings.  None
 * inside a parallel plan, and none when the user has asked for none.
 */
int
workers_for_ratings(int64 ratings)
{
	int64		wanted = ratings_per_worker > 0 ? ratings / ratings_per_worker : PG_INT32_MAX;

	return IsInParallelMode() ? 0 : (int) Min(wanted, max_parallel_maintenance_workers);
}

/* The most workers that the run of a component should ask for. */
static int
workers_of_components(const Algorithm *algorithm, const void *options, int64 ratings)
{
	int			count;
	const Component *component = algorithm->components(options, &count);
	int			workers = 0;

	for (int c = 0; c < count; c++)
		workers = Max(workers, team_workers(component[c].algorithm, component[c].options,
											ratings));
	return workers;
}

/* How many workers a run should ask for, or those of its components. */
int
team_workers(const Algorithm *algorithm, const void *options, int64 ratings)
{
	if (algorithm->components != NULL)
		return workers_of_components(algorithm, options, ratings);
	/* What will be chosen may have work. */
	if (algorithm->choose != NULL)
		return workers_for_ratings(ratings);
	if (algorithm->work == NULL ||
		(algorithm->has_work != NULL && !algorithm->has_work(options)))
		return 0;
	return workers_for_ratings(ratings);
}

/* The number of ratings from which on a run has workers; 0: it never has. */
int64
team_share_from(const Algorithm *algorithm, const void *options)
{
	if (team_workers(algorithm, options, PG_INT64_MAX) == 0)
		return 0;
	return Max(ratings_per_worker, 1);
}

/* Prepare for workers: arrays made from now on can be seen by all. */
Team *
team_create(int workers)
{
	Team	   *team = palloc0(sizeof(Team));

	team->workers = workers;
	return team;
}

/* What the workers have to know of the run, and no phase yet. */
static void
fill_shared(TeamShared *shared, const TrainContext *context)
{
	memset(shared, 0, sizeof(*shared));
	strlcpy(shared->algorithm, context->algorithm->name, sizeof(shared->algorithm));
	shared->ratings = *context->ratings;
	for (int i = 0; i < TEAM_ARRAYS; i++)
		if (context->team->segment[i] != NULL)
			shared->array[i] = dsm_segment_handle(context->team->segment[i]);
	pg_atomic_init_u64(&shared->open, 0);
	pg_atomic_init_u32(&shared->done, 0);
	pg_atomic_init_u32(&shared->dismissed, 0);
	ConditionVariableInit(&shared->work_to_do);
	ConditionVariableInit(&shared->all_done);
}

/*
 * Start the workers, if they can have what they need.  The state of the run,
 * with all of its arrays, has been made.  From here to team_dismiss nothing may
 * be written to the database.
 */
void
team_launch(TrainContext *context)
{
	Team	   *team = context->team;
	char	   *options = json_to_cstring(options_encode(&context->algorithm->options, context->options));
	Size		bytes[] = {
		[CHUNK_TEAM] = sizeof(TeamShared),
		[CHUNK_OPTIONS] = strlen(options) + 1
	};
	void	   *chunk[lengthof(bytes)];

	if (team->workers == 0)
		return;
	team->parallel = parallel_begin("RecsysWorkerMain", team->workers, lengthof(bytes), bytes,
									chunk);
	if (team->parallel == NULL)
		return;
	team->shared = chunk[CHUNK_TEAM];
	fill_shared(team->shared, context);
	memcpy(chunk[CHUNK_OPTIONS], options, bytes[CHUNK_OPTIONS]);
	LaunchParallelWorkers(team->parallel);
}

/* Tell the workers that there is no more to do, and wait until they have ended. */
void
team_dismiss(TrainContext *context)
{
	Team	   *team = context->team;

	if (team->shared == NULL)
		return;
	pg_atomic_write_u32(&team->shared->dismissed, 1);
	ConditionVariableBroadcast(&team->shared->work_to_do);
	parallel_end(team->parallel);
	team->parallel = NULL;
	team->shared = NULL;
}

/*
 * A new array in shared memory, zeroed, whose handle the workers will get; or
 * there will be no workers.
 */
static void *
shared_array(Team *team, int number, Size bytes)
{
	dsm_segment *segment = shared_create(bytes);
	char	   *memory;

	if (segment == NULL)
	{
		team->workers = 0;
		return allocate_aligned(bytes);
	}
	memory = dsm_segment_address(segment);
	team->segment[number] = segment;
	for (Size done = 0; done < bytes; done += ZEROED_AT_ONCE)
	{
		CHECK_FOR_INTERRUPTS();
		memset(memory + done, 0, Min(ZEROED_AT_ONCE, bytes - done));
	}
	return memory;
}

/* The array that the leader has made. */
static void *
attached_array(Team *team, int number)
{
	dsm_segment *segment = shared_attach(team->shared->array[number]);

	team->segment[number] = segment;
	return dsm_segment_address(segment);
}

/*
 * An array of a training run, zeroed at first and aligned to cache lines,
 * which all processes of the team see under its number.  Called in each of
 * them while it makes the state of the run.
 */
void *
team_array(TrainContext *context, int number, Size bytes)
{
	Team	   *team = context->team;

	Assert(number < TEAM_ARRAYS);
	if (team == NULL)
		return allocate_aligned(bytes);
	if (team->shared != NULL)
		return attached_array(team, number);
	return shared_array(team, number, bytes);
}

/* The same for a matrix of padded vectors. */
float *
team_vectors(TrainContext *context, int number, int32 rows, int stride)
{
	return team_array(context, number, budget_array(rows, budget_array(stride, sizeof(float))));
}

/* How many units to cut the rows of a matrix into. */
int
team_row_units(const SparseRows *rows)
{
	return Min(rows->rows, TEAM_ROW_UNITS);
}

/* The rows of one of these units; all have about as many entries. */
RowRange
team_unit_rows(const SparseRows *rows, int unit)
{
	int			units = team_row_units(rows);

	return (RowRange) {
		.from = sparse_row_bound(rows, unit, units),
		.to = sparse_row_bound(rows, unit + 1, units)
	};
}

/*
 * Take units of the open phase for as long as there are any.  "what" is as in
 * team_run; workers have NULL.
 */
static void
take_units(TrainContext *context, TeamShared *shared, const char *what)
{
	for (;;)
	{
		uint64		open = pg_atomic_read_u64(&shared->open);
		int			units;
		int			unit;

		do
		{
			if ((uint32) open == 0)
				return;
		} while (!pg_atomic_compare_exchange_u64(&shared->open, &open, open - 1));

		/* Ours: the phase stays as it is until we have reported it done. */
		units = shared->units;
		unit = units - (int) (uint32) open;
		shared->result[unit] = context->algorithm->work(context, shared->phase,
														shared->argument, unit);
		if (pg_atomic_add_fetch_u32(&shared->done, 1) == units)
			ConditionVariableBroadcast(&shared->all_done);
		if (what != NULL)
			progress_step(context->progress, what, pg_atomic_read_u32(&shared->done), units);
		CHECK_FOR_INTERRUPTS();
	}
}

/* The leader: start a phase, whose units anybody may take from now on. */
static void
open_phase(Team *team, int phase, int64 argument, int units)
{
	TeamShared *shared = team->shared;

	shared->phase = phase;
	shared->argument = argument;
	shared->units = units;
	pg_atomic_write_u32(&shared->done, 0);
	pg_write_barrier();
	pg_atomic_write_u64(&shared->open, ((uint64) ++team->phases << 32) | (uint32) units);
	ConditionVariableBroadcast(&shared->work_to_do);
}

/* The leader: wait until all units of the phase are done. */
static void
wait_for_units(TeamShared *shared)
{
	for (int spin = 0; spin < SPINS_BEFORE_SLEEP; spin++)
	{
		if (pg_atomic_read_u32(&shared->done) == shared->units)
			break;
		pg_spin_delay();
	}
	while (pg_atomic_read_u32(&shared->done) < shared->units)
		ConditionVariableSleep(&shared->all_done, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
	pg_read_barrier();
}

/* All units of a phase in this process, as team_run without workers. */
static double
run_alone(TrainContext *context, int phase, int64 argument, int units, const char *what)
{
	double		sum = 0;

	for (int unit = 0; unit < units; unit++)
	{
		CHECK_FOR_INTERRUPTS();
		sum += context->algorithm->work(context, phase, argument, unit);
		if (what != NULL)
			progress_step(context->progress, what, unit + 1, units);
	}
	return sum;
}

/*
 * Run all units of a phase, in all processes there are, and return the sum of what
 * they returned, added in their order.  "what" names the units in notices of
 * progress, if a single phase may be long; else NULL.
 */
double
team_run(TrainContext *context, int phase, int64 argument, int units, const char *what)
{
	Team	   *team = context->team;
	double		sum = 0;

	Assert(units <= TEAM_UNITS);
	if (team == NULL || team->shared == NULL)
		return run_alone(context, phase, argument, units, what);
	open_phase(team, phase, argument, units);
	take_units(context, team->shared, what);
	wait_for_units(team->shared);
	for (int unit = 0; unit < units; unit++)
		sum += team->shared->result[unit];
	return sum;
}

/* The same for a phase whose units are those of the rows of a matrix. */
double
team_run_rows(TrainContext *context, int phase, int64 argument, const SparseRows *rows,
			  const char *what)
{
	return team_run(context, phase, argument, team_row_units(rows), what);
}

/* A worker: wait for a phase or for the end.  False: it is the end. */
static bool
wait_for_phase(TeamShared *shared)
{
	for (int spin = 0; spin < SPINS_BEFORE_SLEEP; spin++)
	{
		if ((uint32) pg_atomic_read_u64(&shared->open) > 0)
			return true;
		pg_spin_delay();
	}
	while ((uint32) pg_atomic_read_u64(&shared->open) == 0 &&
		   pg_atomic_read_u32(&shared->dismissed) == 0)
		ConditionVariableSleep(&shared->work_to_do, PG_WAIT_EXTENSION);
	ConditionVariableCancelSleep();
	return pg_atomic_read_u32(&shared->dismissed) == 0;
}

/* Entry point of the workers. */
void
RecsysWorkerMain(dsm_segment *segment, shm_toc *toc)
{
	TeamShared *shared = parallel_chunk(toc, CHUNK_TEAM);
	char	   *options = parallel_chunk(toc, CHUNK_OPTIONS);
	Interactions ratings;
	Team		team = {.shared = shared};
	TrainContext context = {.team = &team, .ratings = &ratings};

	context.algorithm = algorithm_lookup(shared->algorithm);
	context.options = options_parse(context.algorithm->name, &context.algorithm->options,
									DatumGetJsonbP(DirectFunctionCall1(jsonb_in,
																	   CStringGetDatum(options))));
	dense_require_for(context.algorithm, context.options);
	interactions_attach(&shared->ratings, &ratings);
	context.state = context.algorithm->attach(&context);
	/* As in the leader; this process does nothing else. */
	(void) denormals_flush();
	while (wait_for_phase(shared))
		take_units(&context, shared, NULL);
	team_release(&team);
	interactions_release(&ratings);
}

/* Give back the shared arrays, as far as this process is concerned. */
void
team_release(Team *team)
{
	for (int i = 0; i < TEAM_ARRAYS; i++)
		if (team->segment[i] != NULL)
			dsm_detach(team->segment[i]);
}
