/*
 * sketch.c
 *		An estimate of the number of distinct ids, without keeping them.
 *
 * When the rows of a relation do not fit into memory, the error can name a
 * setting that would be enough only if the numbers of users and items are known.
 * The ids of rows that are not kept go to PostgreSQL's HyperLogLog, which takes a
 * few kilobytes.  Sketches of several processes can be merged.
 *
 * The bytes of text are the number of ids times their mean length: of the ids
 * that are kept, or of the rows that are not, whichever is greater.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"

#include "ratings/sketch.h"

/* So many bits of a hash choose its register. */
#define REGISTER_BITS 14

/* Estimates are rarely further off than three times the standard error. */
#define MARGIN (3 * 1.04 / (1 << (REGISTER_BITS / 2)))

/* A sketch of no ids, in the current memory context. */
IdSketch *
sketch_create(void)
{
	IdSketch   *sketch = palloc0(sizeof(IdSketch));

	initHyperLogLog(&sketch->state, REGISTER_BITS);
	return sketch;
}

/* Add the hash of an id. */
static void
add_hash(IdSketch *sketch, Id id)
{
	const void *key = id.integer ? (const void *) &id.number : id.text;
	int			length = id.integer ? (int) sizeof(id.number) : id.length;

	addHyperLogLog(&sketch->state, hash_bytes(key, length));
}

/* Add ids, each of them once. */
void
sketch_add_ids(IdSketch *sketch, const Ids *ids)
{
	for (int32 i = 0; i < ids->count; i++)
	{
		add_hash(sketch, ids_get(ids, i));
		if (i % 100000 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	sketch->text.ids += ids->count;
	sketch->text.ids_bytes += ids->integer ? 0 : ids->offset[ids->count];
}

/* Add the id of a row, which may have been added before. */
void
sketch_add(IdSketch *sketch, Id id)
{
	add_hash(sketch, id);
	sketch->text.rows++;
	sketch->text.rows_bytes += id.integer ? 0 : id.length;
}

/* Add what another sketch has. */
void
sketch_merge(IdSketch *sketch, const IdSketch *other)
{
	uint8	   *ours = sketch->state.hashesArr;
	const uint8 *theirs = other->state.hashesArr;

	for (Size i = 0; i < sketch->state.nRegisters; i++)
		ours[i] = Max(ours[i], theirs[i]);
	sketch->text.ids += other->text.ids;
	sketch->text.ids_bytes += other->text.ids_bytes;
	sketch->text.rows += other->text.rows;
	sketch->text.rows_bytes += other->text.rows_bytes;
}

/* An estimate of the number of distinct ids, rather too high than too low. */
int32
sketch_count(IdSketch *sketch)
{
	double		count = ceil(estimateHyperLogLog(&sketch->state) * (1 + MARGIN));

	return (int32) Min(count, PG_INT32_MAX);
}

/* An estimate of the bytes of their text. */
Size
sketch_text(IdSketch *sketch)
{
	const SketchText *text = &sketch->text;
	double		of_ids = text->ids > 0 ? (double) text->ids_bytes / text->ids : 0;
	double		of_rows = text->rows > 0 ? (double) text->rows_bytes / text->rows : 0;

	return (Size) ceil(sketch_count(sketch) * Max(of_ids, of_rows));
}
