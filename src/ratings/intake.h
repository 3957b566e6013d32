/*
 * intake.h
 *		What becomes of the rows that are read: rows of the matrix to be, and
 *		counts of those that are wrong.
 */
#ifndef RECSYS_RATINGS_INTAKE_H
#define RECSYS_RATINGS_INTAKE_H

#include "postgres.h"

#include "port/atomics.h"
#include "portability/instr_time.h"

#include "ratings/matrix.h"
#include "ratings/sketch.h"

/* Rows by what they are. */
typedef struct IntakeCounts
{
	int64		rows;			/* with ids and a rating */
	int64		left_out;		/* of these below min_value, and kept as NaN */
	int64		null_users;
	int64		null_items;
	int64		not_finite;
	bool		full;			/* memory was used up: from then on only counted, and
								 * the ids sketched */
} IntakeCounts;

/* What the processes that read one relation together have taken in. */
typedef struct IntakeShare
{
	pg_atomic_uint64 rows;
	pg_atomic_uint64 bytes;
} IntakeShare;

/* When reading began, and when it was last said how far it has come. */
typedef struct ReadingClock
{
	instr_time	start;
	double		last_notice;	/* seconds since start */
} ReadingClock;

typedef struct Intake
{
	MatrixBuilder *builder;
	MemoryContext context;		/* of the builder and the sketches */
	IdSketch   *users;			/* when it is full: of all rows */
	IdSketch   *items;
	IntakeCounts counts;
	bool		integer_users;
	bool		integer_items;
	double		min_value;		/* rows below are left out */
	bool		keep_left_out;	/* or become NaN */
	Size		limit;			/* bytes of all builders together */
	IntakeShare *share;			/* NULL: there are no others */
	int64		shared_rows;	/* of ours, counted there already */
	Size		shared_bytes;
	const char *relation;		/* for notices of progress; NULL: give none */
	ReadingClock clock;
} Intake;

extern void reading_start(ReadingClock *clock);
extern void reading_tell(ReadingClock *clock, const char *relation, int64 rows);

extern void intake_init(Intake *intake, bool integer_users, bool integer_items,
						Size limit, double min_value, bool keep_left_out,
						const char *relation);
extern void intake_look_around(Intake *intake);
extern void intake_wrong_row(Intake *intake, bool null_user, bool null_item);
extern void intake_add(Intake *intake, Id user, Id item, double value);
extern void intake_count(IntakeCounts *total, const IntakeCounts *more);
extern void intake_sketch(Intake *intake);
extern MatrixShape intake_shape(const Intake *intake);
extern void intake_restart(Intake *intake);

#endif							/* RECSYS_RATINGS_INTAKE_H */
