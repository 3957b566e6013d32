/*
 * intake.c
 *		What becomes of the rows that are read: rows of the matrix to be, and
 *		counts of those that are wrong.
 *
 * When the rows no longer fit into maintenance_work_mem an intake goes on
 * counting without storing, rows exactly and ids nearly, because only the size
 * of the whole tells the user which setting would do.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "ratings/intake.h"

/* Look at the memory in use, and at the clock, every so many rows. */
#define ROWS_PER_LOOK 256

/* Say how far reading has come every so many seconds. */
#define NOTICE_SECONDS 2.0

static void
make_builder(Intake *intake)
{
	MemoryContext old = MemoryContextSwitchTo(intake->context);

	intake->builder = matrix_builder_create(intake->integer_users, intake->integer_items);
	MemoryContextSwitchTo(old);
}

/* An intake whose rows go to a builder of its own. */
void
intake_init(Intake *intake, bool integer_users, bool integer_items, Size limit,
			double min_value, bool keep_left_out, const char *relation)
{
	memset(intake, 0, sizeof(*intake));
	intake->context = AllocSetContextCreate(CurrentMemoryContext, "recsys intake",
											ALLOCSET_DEFAULT_SIZES);
	intake->integer_users = integer_users;
	intake->integer_items = integer_items;
	make_builder(intake);
	intake->limit = limit;
	intake->min_value = min_value;
	intake->keep_left_out = keep_left_out;
	intake->relation = relation;
	reading_start(&intake->clock);
}

/* Tell the others what we have; *rows and *bytes become what all have. */
static void
add_to_share(Intake *intake, int64 *rows, Size *bytes)
{
	int64		more_rows = *rows - intake->shared_rows;
	Size		more_bytes = *bytes - intake->shared_bytes;

	intake->shared_rows = *rows;
	intake->shared_bytes = *bytes;
	*rows = pg_atomic_add_fetch_u64(&intake->share->rows, more_rows);
	*bytes = pg_atomic_add_fetch_u64(&intake->share->bytes, more_bytes);
}

/* The clock of somebody who begins to read. */
void
reading_start(ReadingClock *clock)
{
	clock->last_notice = 0;
	INSTR_TIME_SET_CURRENT(clock->start);
}

/* Every two seconds say how far reading has come. */
void
reading_tell(ReadingClock *clock, const char *relation, int64 rows)
{
	instr_time	now;
	double		seconds;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, clock->start);
	seconds = INSTR_TIME_GET_DOUBLE(now);
	if (seconds - clock->last_notice < NOTICE_SECONDS)
		return;
	clock->last_notice = seconds;
	ereport(NOTICE,
			(errmsg("reading relation %s: " INT64_FORMAT " rows, %.1f s gone",
					relation, rows, seconds)));
}

/* What has to be done every so many rows, and at the end. */
void
intake_look_around(Intake *intake)
{
	int64		rows = intake->counts.rows;
	Size		bytes = matrix_builder_bytes(intake->builder);

	CHECK_FOR_INTERRUPTS();
	if (intake->share != NULL)
		add_to_share(intake, &rows, &bytes);
	if (bytes > intake->limit && !intake->counts.full)
	{
		intake->counts.full = true;
		intake_sketch(intake);
	}
	if (intake->relation != NULL)
		reading_tell(&intake->clock, intake->relation, rows);
}

/* Count a row without one of its ids, or without both. */
void
intake_wrong_row(Intake *intake, bool null_user, bool null_item)
{
	intake->counts.null_users += null_user;
	intake->counts.null_items += null_item;
}

/* Take in a row that has ids and a rating. */
void
intake_add(Intake *intake, Id user, Id item, double value)
{
	MemoryContext old;

	if (!(fabs(value) <= FLT_MAX))
	{
		intake->counts.not_finite++;
		return;
	}
	if (value < intake->min_value)
	{
		if (!intake->keep_left_out)
			return;
		intake->counts.left_out++;
		value = get_float8_nan();
	}
	if (intake->counts.rows++ % ROWS_PER_LOOK == 0)
		intake_look_around(intake);
	if (intake->counts.full)
	{
		sketch_add(intake->users, user);
		sketch_add(intake->items, item);
		return;
	}
	old = MemoryContextSwitchTo(intake->context);
	matrix_builder_add(intake->builder, user, item, (float) value);
	MemoryContextSwitchTo(old);
}

/* Add the counts of another process. */
void
intake_count(IntakeCounts *total, const IntakeCounts *more)
{
	total->rows += more->rows;
	total->left_out += more->left_out;
	total->null_users += more->null_users;
	total->null_items += more->null_items;
	total->not_finite += more->not_finite;
	total->full = total->full || more->full;
}

/* Begin sketches, with the ids that are kept. */
void
intake_sketch(Intake *intake)
{
	MemoryContext old = MemoryContextSwitchTo(intake->context);

	intake->users = sketch_create();
	intake->items = sketch_create();
	sketch_add_ids(intake->users, ids_builder_ids(matrix_builder_users(intake->builder)));
	sketch_add_ids(intake->items, ids_builder_ids(matrix_builder_items(intake->builder)));
	MemoryContextSwitchTo(old);
}

/* How many users, items and rows there are: nearly, when it is full. */
MatrixShape
intake_shape(const Intake *intake)
{
	if (!intake->counts.full)
		return matrix_builder_shape(intake->builder);
	return (MatrixShape) {
		.users = sketch_count(intake->users),
		.items = sketch_count(intake->items),
		.ratings = intake->counts.rows,
		.id_bytes = add_size(sketch_text(intake->users), sketch_text(intake->items))
	};
}

/* Forget all that was taken in. */
void
intake_restart(Intake *intake)
{
	memset(&intake->counts, 0, sizeof(intake->counts));
	intake->users = intake->items = NULL;
	MemoryContextReset(intake->context);
	make_builder(intake);
}
