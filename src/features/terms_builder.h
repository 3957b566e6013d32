/*
 * terms_builder.h
 *		Counting the terms of items, one item after another.
 */
#ifndef RECSYS_FEATURES_TERMS_BUILDER_H
#define RECSYS_FEATURES_TERMS_BUILDER_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "ratings/ids_builder.h"
#include "ratings/loader.h"
#include "ratings/sketch.h"

/* The items so far; all arrays grow. */
typedef struct TermsBuilder
{
	MemoryContext context;		/* of what stays */
	MemoryContext scratch;		/* of one row */
	IdsBuilder *items;
	IdsBuilder *names;
	int64	   *start;			/* [items + 1] */
	int32		item_capacity;
	int32	   *index;			/* [entries] number of the term */
	float	   *count;			/* [entries] */
	int64		entries;
	int64		entry_capacity;
	int64	   *place;			/* [names] its last entry */
	int32		place_capacity;

	int64		rows;
	int64		nulls;			/* rows without an id */
	int64		repeated;		/* rows whose id was there before */
	char	   *repeated_id;	/* the first of these */
	Size		limit;			/* bytes at the peak of building */
	bool		full;			/* more would be needed: rows are only counted since */
	IdSketch   *all_items;		/* when it is full: of all rows */
	IdSketch   *all_names;
	ReadingClock clock;
	StringInfoData name;		/* of the term being added */
} TermsBuilder;

extern TermsBuilder *terms_builder_create(bool integer_items, Size limit);
extern bool terms_builder_start_item(TermsBuilder *builder, Id id);
extern void terms_builder_add(TermsBuilder *builder, char kind, const char *name,
							  int length, int count);
extern void terms_builder_check(TermsBuilder *builder, const char *relation);
extern Size terms_builder_bytes(const TermsBuilder *builder);
extern void terms_builder_finish(TermsBuilder *builder, Ids *items, Ids *names,
								 SparseRows *counts);

#endif							/* RECSYS_FEATURES_TERMS_BUILDER_H */
