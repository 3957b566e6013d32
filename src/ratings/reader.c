/*
 * reader.c
 *		Reading ratings into the interaction matrix.
 *
 * The rows come from an ordinary query under the caller's rights, so that
 * privileges, row-level security, views, partitions and foreign tables need no
 * thought here.  The executor hands each row straight to a DestReceiver of
 * ours: unlike a cursor, that copies no tuple and lets the plan be parallel.
 *
 * When the rows no longer fit into maintenance_work_mem the reader goes on
 * counting without storing, because only the full count tells the user which
 * setting would do.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "executor/spi.h"
#include "executor/tuptable.h"
#include "portability/instr_time.h"
#include "tcop/dest.h"

#include "compat.h"
#include "ratings/budget.h"
#include "ratings/reader.h"

typedef struct RatingsReceiver
{
	DestReceiver receiver;		/* must be first */
	MatrixBuilder *builder;
	bool		integer_users;
	bool		integer_items;
	bool		full;			/* memory is used up: only count */
	int64		rows;			/* with a rating */
	int64		null_users;
	int64		null_items;
	int64		not_finite;
	MemoryContext context;
	Size		limit;
	const char *relation;
	instr_time	start;
	double		last_notice;	/* seconds since start */
} RatingsReceiver;

/* Look at the memory in use, and at the clock, every so many rows. */
#define ROWS_PER_LOOK 256

/* Say how far reading has come every so many seconds. */
#define NOTICE_SECONDS 2.0

static Id
id_of_attribute(Datum value, bool integer)
{
	Id			id = {.integer = integer};

	if (integer)
		id.number = DatumGetInt64(value);
	else
	{
		struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

		id.text = VARDATA_ANY(text);
		id.length = VARSIZE_ANY_EXHDR(text);
	}
	return id;
}

/* What has to be done every so many rows. */
static void
look_around(RatingsReceiver *state)
{
	instr_time	now;
	double		seconds;

	if (!state->full)
		state->full = matrix_builder_bytes(state->builder) > state->limit;
	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, state->start);
	seconds = INSTR_TIME_GET_DOUBLE(now);
	if (seconds - state->last_notice < NOTICE_SECONDS)
		return;
	state->last_notice = seconds;
	ereport(NOTICE,
			(errmsg("reading relation %s: " INT64_FORMAT " rows, %.1f s gone",
					state->relation, state->rows, seconds)));
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RatingsReceiver *state = (RatingsReceiver *) self;
	double		value;
	MemoryContext old;

	slot_getallattrs(slot);
	if (slot->tts_isnull[0] || slot->tts_isnull[1])
	{
		state->null_users += slot->tts_isnull[0];
		state->null_items += slot->tts_isnull[1];
		return true;
	}
	if (slot->tts_isnull[2])
		return true;
	value = DatumGetFloat8(slot->tts_values[2]);
	if (!(fabs(value) <= FLT_MAX))
	{
		state->not_finite++;
		return true;
	}
	if (state->rows++ % ROWS_PER_LOOK == 0)
		look_around(state);
	if (state->full)
		return true;
	old = MemoryContextSwitchTo(state->context);
	matrix_builder_add(state->builder,
					   id_of_attribute(slot->tts_values[0], state->integer_users),
					   id_of_attribute(slot->tts_values[1], state->integer_items),
					   (float) value);
	MemoryContextSwitchTo(old);
	return true;
}

static void
receive_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static void
receive_shutdown(DestReceiver *self)
{
}

static void
report_bad_rows(const RatingsReceiver *state, const RatingsSource *source)
{
	if (state->null_users + state->null_items > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation %s has rows without an id", source->relation),
				 errdetail("Column \"%s\" is null in " INT64_FORMAT " rows, column \"%s\" in " INT64_FORMAT ".",
						   source->user.name, state->null_users,
						   source->item.name, state->null_items),
				 errhint("Remove these rows, or train from a view that leaves them out.")));
	if (state->not_finite > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("relation %s has ratings that are not finite single-precision numbers",
						source->relation),
				 errdetail("Column \"%s\" is NaN, infinite or too large in " INT64_FORMAT " rows.",
						   source->rating.name, state->not_finite),
				 errhint("A row that is not rated has a null rating, or is left out.")));
}

/*
 * Errors when the rows did not fit, or when what follows would not.  Returns
 * the bytes that will be needed at the peak.
 */
static Size
check_memory(const RatingsReceiver *state, const ReadRequest *request)
{
	MatrixShape shape = matrix_builder_shape(state->builder);
	Size		needed;

	if (state->full)
	{
		double		growth = (double) state->rows / shape.ratings;

		/* At most: new ids grow rarer as rows are read. */
		shape.users = (int32) Min(shape.users * growth, PG_INT32_MAX);
		shape.items = (int32) Min(shape.items * growth, PG_INT32_MAX);
		shape.ratings = state->rows;
		shape.id_bytes = shape.id_bytes * growth;
	}
	needed = matrix_building_bytes(&shape);
	if (state->full)
		needed = Max(needed, add_size(state->limit, 1));
	if (request->total_bytes != NULL)
		needed = Max(needed, request->total_bytes(&shape, request->total_bytes_arg));
	budget_require(needed, psprintf("relation %s with " INT64_FORMAT " ratings",
									request->source->relation, state->rows));
	ereport(DEBUG1,
			(errmsg_internal("%zu bytes of memory are needed at most", needed)));
	return needed;
}

/* Should the matrix be where other processes can see it? */
static bool
is_to_be_shared(const RatingsReceiver *state, const ReadRequest *request, Size needed)
{
	return request->share_from > 0 && state->rows >= request->share_from &&
		budget_fits_shared(needed);
}

static char *
default_query(const RatingsSource *source)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s FROM %s r",
					 source_column_list(source, "r"), source->relation);
	if (source->time.name != NULL)
		appendStringInfo(&query, " ORDER BY r.%s NULLS FIRST, 3", source->time.quoted);
	return query.data;
}

static void
run_query(const ReadRequest *request, RatingsReceiver *state)
{
	SPIExecuteOptions options = {
		.params = request->params,
		.read_only = request->read_only,
		.dest = (DestReceiver *) state
	};
	const char *query = request->query;
	int			result;

	if (query == NULL)
		query = default_query(request->source);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_extended(query, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
	SPI_finish();
}

/*
 * Read ratings and make their matrix, in the current memory context.  Rows
 * with a null rating are skipped.  Errors: no right to read, null ids, ratings
 * that are not finite, repeated rows (if that is the policy), and too little
 * memory, before it is exceeded.
 */
Interactions *
ratings_read(const ReadRequest *request)
{
	const RatingsSource *source = request->source;
	RatingsReceiver state = {
		.receiver = {
			.receiveSlot = receive_row,
			.rStartup = receive_startup,
			.rShutdown = receive_shutdown,
			.rDestroy = receive_shutdown,
			.mydest = DestNone
		},
		.integer_users = source->user.integer,
		.integer_items = source->item.integer,
		.context = CurrentMemoryContext,
		.limit = budget_limit(),
		.relation = source->relation
	};

	Size		needed;

	INSTR_TIME_SET_CURRENT(state.start);

	state.builder = matrix_builder_create(state.integer_users, state.integer_items);
	run_query(request, &state);
	report_bad_rows(&state, source);
	needed = check_memory(&state, request);
	return matrix_builder_finish(state.builder, request->duplicates,
								 is_to_be_shared(&state, request, needed));
}
