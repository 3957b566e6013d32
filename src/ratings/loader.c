/*
 * loader.c
 *		What becomes of the rows that are read: rows of the matrix to be, and
 *		counts of those that are wrong.
 *
 * When the rows no longer fit into maintenance_work_mem, a loader goes on
 * counting without storing: rows exactly, ids by sketches.  Only the size of the
 * whole tells which setting would be enough.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "ratings/loader.h"

/* Look at the memory in use, and at the clock, every so many rows. */
#define ROWS_PER_LOOK 256

/* Say how far reading has come every so many seconds. */
#define NOTICE_SECONDS 2.0

/* Give the loader an empty builder in its own memory context. */
static void
make_builder(Loader *loader)
{
	MemoryContext old = MemoryContextSwitchTo(loader->context);

	loader->builder = matrix_builder_create(loader->integer_users, loader->integer_items);
	MemoryContextSwitchTo(old);
}

/*
 * A loader with a builder of its own, in a context below the current one; the
 * other arguments are its fields.
 */
void
loader_init(Loader *loader, bool integer_users, bool integer_items, Size limit,
			double min_value, bool keep_left_out, const char *relation)
{
	memset(loader, 0, sizeof(*loader));
	loader->context = AllocSetContextCreate(CurrentMemoryContext, "recsys loader",
											ALLOCSET_DEFAULT_SIZES);
	loader->integer_users = integer_users;
	loader->integer_items = integer_items;
	make_builder(loader);
	loader->limit = limit;
	loader->min_value = min_value;
	loader->keep_left_out = keep_left_out;
	loader->relation = relation;
	reading_start(&loader->clock);
}

/*
 * Add what this process has taken in since the last time to what all have;
 * *rows and *bytes become the totals of all.
 */
static void
add_to_share(Loader *loader, int64 *rows, Size *bytes)
{
	int64		more_rows = *rows - loader->shared_rows;
	Size		more_bytes = *bytes - loader->shared_bytes;

	loader->shared_rows = *rows;
	loader->shared_bytes = *bytes;
	*rows = pg_atomic_add_fetch_u64(&loader->share->rows, more_rows);
	*bytes = pg_atomic_add_fetch_u64(&loader->share->bytes, more_bytes);
}

/* Start the clock of a reading. */
void
reading_start(ReadingClock *clock)
{
	clock->last_notice = 0;
	INSTR_TIME_SET_CURRENT(clock->start);
}

/* Report by a NOTICE, every two seconds, how many rows have been read. */
void
report_progress(ReadingClock *clock, const char *relation, int64 rows)
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
			(errmsg("reading relation %s: " INT64_FORMAT " rows, %.1f s elapsed",
					relation, rows, seconds)));
}

/*
 * What has to be done every so many rows, and at the end: look for interrupts,
 * at the memory in use and at the clock.
 */
void
loader_check(Loader *loader)
{
	int64		rows = loader->counts.rows;
	Size		bytes = matrix_builder_bytes(loader->builder);

	CHECK_FOR_INTERRUPTS();
	if (loader->share != NULL)
		add_to_share(loader, &rows, &bytes);
	if (bytes > loader->limit && !loader->counts.full)
	{
		loader->counts.full = true;
		loader_sketch(loader);
	}
	if (loader->relation != NULL)
		report_progress(&loader->clock, loader->relation, rows);
}

/* Count a row that lacks one id or both. */
void
loader_wrong_row(Loader *loader, bool null_user, bool null_item)
{
	loader->counts.null_users += null_user;
	loader->counts.null_items += null_item;
}

/*
 * Take in a row that has ids and a rating.  It may be counted only: if the
 * rating is not finite, is below min_value, or memory is used up.
 */
void
loader_add(Loader *loader, Id user, Id item, double value)
{
	MemoryContext old;

	if (!(fabs(value) <= FLT_MAX))
	{
		loader->counts.not_finite++;
		return;
	}
	if (value < loader->min_value)
	{
		if (!loader->keep_left_out)
			return;
		loader->counts.left_out++;
		value = get_float8_nan();
	}
	if (loader->counts.rows++ % ROWS_PER_LOOK == 0)
		loader_check(loader);
	if (loader->counts.full)
	{
		sketch_add(loader->users, user);
		sketch_add(loader->items, item);
		return;
	}
	old = MemoryContextSwitchTo(loader->context);
	matrix_builder_add(loader->builder, user, item, (float) value);
	MemoryContextSwitchTo(old);
}

/* Add the counts of another process. */
void
loader_count(LoaderCounts *total, const LoaderCounts *more)
{
	total->rows += more->rows;
	total->left_out += more->left_out;
	total->null_users += more->null_users;
	total->null_items += more->null_items;
	total->not_finite += more->not_finite;
	total->full = total->full || more->full;
}

/* Start the sketches, with the ids that have been kept so far. */
void
loader_sketch(Loader *loader)
{
	MemoryContext old = MemoryContextSwitchTo(loader->context);

	loader->users = sketch_create();
	loader->items = sketch_create();
	sketch_add_ids(loader->users, ids_builder_ids(matrix_builder_users(loader->builder)));
	sketch_add_ids(loader->items, ids_builder_ids(matrix_builder_items(loader->builder)));
	MemoryContextSwitchTo(old);
}

/*
 * How many users, items and rows there are; estimates, if memory was used up.
 */
MatrixShape
loader_shape(const Loader *loader)
{
	if (!loader->counts.full)
		return matrix_builder_shape(loader->builder);
	return (MatrixShape) {
		.users = sketch_count(loader->users),
		.items = sketch_count(loader->items),
		.ratings = loader->counts.rows,
		.id_bytes = add_size(sketch_text(loader->users), sketch_text(loader->items))
	};
}

/* Discard all that was taken in. */
void
loader_restart(Loader *loader)
{
	memset(&loader->counts, 0, sizeof(loader->counts));
	loader->users = loader->items = NULL;
	MemoryContextReset(loader->context);
	make_builder(loader);
}
