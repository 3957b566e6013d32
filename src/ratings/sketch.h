/*
 * sketch.h
 *		An estimate of the number of distinct ids, without keeping them.
 */
#ifndef RECSYS_RATINGS_SKETCH_H
#define RECSYS_RATINGS_SKETCH_H

#include "postgres.h"

#include "lib/hyperloglog.h"

#include "ratings/ids.h"

/* Bytes of text, of distinct ids and of ids row by row. */
typedef struct SketchText
{
	int64		ids;
	int64		ids_bytes;
	int64		rows;
	int64		rows_bytes;
} SketchText;

typedef struct IdSketch
{
	hyperLogLogState state;
	SketchText	text;
} IdSketch;

extern IdSketch *sketch_create(void);
extern void sketch_add_ids(IdSketch *sketch, const Ids *ids);
extern void sketch_add(IdSketch *sketch, Id id);
extern void sketch_merge(IdSketch *sketch, const IdSketch *other);
extern int32 sketch_count(IdSketch *sketch);
extern Size sketch_text(IdSketch *sketch);

#endif							/* RECSYS_RATINGS_SKETCH_H */
