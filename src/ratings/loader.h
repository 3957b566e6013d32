/*
 * loader.h
 *		What becomes of the rows that are read: rows of the matrix to be, and
 *		counts of those that are wrong.
 */
#ifndef RECSYS_RATINGS_LOADER_H
#define RECSYS_RATINGS_LOADER_H

#include "postgres.h"

#include "port/atomics.h"
#include "portability/instr_time.h"

#include "ratings/matrix_builder.h"
#include "ratings/sketch.h"

/* Rows by what they are. */
typedef struct LoaderCounts
{
	int64		rows;			/* with ids and a rating */
	int64		left_out;		/* of these: below min_value, and kept as NaN */
	int64		null_users;
	int64		null_items;
	int64		not_finite;
	bool		full;			/* memory was used up: from then on only counted, and
								 * the ids sketched */
} LoaderCounts;

/* What all processes that read one relation together have taken in. */
typedef struct LoaderShare
{
	pg_atomic_uint64 rows;
	pg_atomic_uint64 bytes;
} LoaderShare;

/* When reading began, and when progress was last reported. */
typedef struct ReadingClock
{
	instr_time	start;
	double		last_notice;	/* seconds since start */
} ReadingClock;

/* Takes in the rows that one process reads. */
typedef struct Loader
{
	MatrixBuilder *builder;
	MemoryContext context;		/* of the builder and the sketches */
	IdSketch   *users;			/* when it is full: of all rows */
	IdSketch   *items;
	LoaderCounts counts;
	bool		integer_users;
	bool		integer_items;
	double		min_value;		/* rows below are left out */
	bool		keep_left_out;	/* or become NaN */
	Size		limit;			/* bytes of the builders of all processes together */
	LoaderShare *share;			/* NULL: no other process reads */
	int64		shared_rows;	/* rows of this loader that are counted there */
	Size		shared_bytes;	/* bytes, likewise */
	const char *relation;		/* for notices of progress; NULL: give none */
	ReadingClock clock;
} Loader;

extern void reading_start(ReadingClock *clock);
extern void report_progress(ReadingClock *clock, const char *relation, int64 rows);

extern void loader_init(Loader *loader, bool integer_users, bool integer_items,
						Size limit, double min_value, bool keep_left_out,
						const char *relation);
extern void loader_check(Loader *loader);
extern void loader_wrong_row(Loader *loader, bool null_user, bool null_item);
extern void loader_add(Loader *loader, Id user, Id item, double value);
extern void loader_count(LoaderCounts *total, const LoaderCounts *more);
extern void loader_sketch(Loader *loader);
extern MatrixShape loader_shape(const Loader *loader);
extern void loader_restart(Loader *loader);

#endif							/* RECSYS_RATINGS_LOADER_H */
