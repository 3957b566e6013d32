/*
 * terms_builder.c
 *		Counting the terms of items, one item after another.
 *
 * Terms and items have provisional numbers until all are known; then they are
 * ordered, and the counts sorted by two transpositions, so that nothing depends
 * on the order of the rows.  For each term the place of its last entry is kept:
 * if that is one of the current item, the term is there already.
 *
 * When they no longer fit into memory the rest is counted without being kept,
 * terms and items by sketches, for the error to say what would do.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "features/terms_builder.h"
#include "ratings/sparse_rows.h"
#include "resources/budget.h"

/* Bytes an id takes at most while they are counted: hash table and arrays. */
#define ID_BUILDING_BYTES 96

/*
 * Bytes at the peak of building: entries twice, and what surrounds them; text
 * in bytes.
 */
static Size
building_bytes(Size entries, Size items, Size names, Size text)
{
	Size		bytes = budget_array(entries, 2 * (sizeof(int32) + sizeof(float)));

	bytes = add_size(bytes, budget_array(add_size(items, names), ID_BUILDING_BYTES));
	return add_size(bytes, budget_array(text, 3));
}

/* The same for all that was read so far; an estimate, if memory was used up. */
Size
terms_builder_bytes(const TermsBuilder *builder)
{
	if (builder->full)
		return building_bytes(builder->entries, sketch_count(builder->all_items),
							  sketch_count(builder->all_names),
							  add_size(sketch_text(builder->all_items),
									   sketch_text(builder->all_names)));
	return building_bytes(builder->entries, ids_builder_count(builder->items),
						  ids_builder_count(builder->names),
						  ids_builder_text(builder->items) + ids_builder_text(builder->names));
}

/* A builder of no items, in the current memory context; limit is in bytes. */
TermsBuilder *
terms_builder_create(bool integer_items, Size limit)
{
	TermsBuilder *builder = palloc0(sizeof(TermsBuilder));

	builder->context = CurrentMemoryContext;
	builder->scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys terms of an item",
											 ALLOCSET_DEFAULT_SIZES);
	builder->items = ids_builder_create(integer_items);
	builder->names = ids_builder_create(false);
	builder->item_capacity = builder->place_capacity = 1024;
	builder->start = palloc(sizeof(int64) * builder->item_capacity);
	builder->place = palloc(sizeof(int64) * builder->place_capacity);
	builder->entry_capacity = 16 * 1024;
	builder->index = palloc(sizeof(int32) * builder->entry_capacity);
	builder->count = palloc(sizeof(float) * builder->entry_capacity);
	builder->limit = limit;
	reading_start(&builder->clock);
	initStringInfo(&builder->name);
	return builder;
}

/*
 * The provisional number of a term, by its kind and name; -1 if memory was
 * used up.
 */
static int32
number_of_term(TermsBuilder *builder, char kind, const char *name, int length)
{
	Id			id = {.integer = false};
	MemoryContext old = MemoryContextSwitchTo(builder->context);
	int32		before = ids_builder_count(builder->names);
	int32		term;

	resetStringInfo(&builder->name);
	appendStringInfoChar(&builder->name, kind);
	appendStringInfoChar(&builder->name, ':');
	appendBinaryStringInfo(&builder->name, name, length);
	id.text = builder->name.data;
	id.length = builder->name.len;
	if (builder->full)
	{
		sketch_add(builder->all_names, id);
		MemoryContextSwitchTo(old);
		return -1;
	}
	term = ids_builder_add(builder->names, id);
	if (term == before)
	{
		if (term == builder->place_capacity)
		{
			builder->place_capacity = Min((int64) term * 2, PG_INT32_MAX);
			builder->place = repalloc_huge(builder->place,
										   sizeof(int64) * (Size) builder->place_capacity);
		}
		builder->place[term] = -1;
	}
	MemoryContextSwitchTo(old);
	return term;
}

/*
 * Count a term, "count" times, of the current item, whose entries are the last
 * ones.
 */
void
terms_builder_add(TermsBuilder *builder, char kind, const char *name, int length, int count)
{
	int32		term = number_of_term(builder, kind, name, length);
	int64		first;

	if (builder->full)
	{
		builder->entries++;
		return;
	}
	first = builder->start[ids_builder_count(builder->items) - 1];
	if (builder->place[term] >= first)
	{
		builder->count[builder->place[term]] += count;
		return;
	}
	if (builder->entries == builder->entry_capacity)
	{
		builder->entry_capacity *= 2;
		builder->index = repalloc_huge(builder->index,
									   sizeof(int32) * (Size) builder->entry_capacity);
		builder->count = repalloc_huge(builder->count,
									   sizeof(float) * (Size) builder->entry_capacity);
	}
	builder->place[term] = builder->entries;
	builder->index[builder->entries] = term;
	builder->count[builder->entries++] = count;
}

/* Start an item, whose terms follow.  False: its id has been met before. */
bool
terms_builder_start_item(TermsBuilder *builder, Id id)
{
	MemoryContext old;
	int32		before = ids_builder_count(builder->items);
	bool		is_new;

	if (builder->full)
	{
		sketch_add(builder->all_items, id);
		return true;
	}
	old = MemoryContextSwitchTo(builder->context);
	is_new = ids_builder_add(builder->items, id) == before;
	if (!is_new && builder->repeated++ == 0)
		builder->repeated_id = id_to_cstring(id);
	if (is_new && before == builder->item_capacity)
	{
		builder->item_capacity = Min((int64) before * 2, PG_INT32_MAX);
		builder->start = repalloc_huge(builder->start,
									   sizeof(int64) * (Size) builder->item_capacity);
	}
	if (is_new)
		builder->start[before] = builder->entries;
	MemoryContextSwitchTo(old);
	return is_new;
}

/* Start the sketches, with the ids and terms that have been kept so far. */
static void
begin_sketches(TermsBuilder *builder)
{
	MemoryContext old = MemoryContextSwitchTo(builder->context);

	builder->full = true;
	builder->all_items = sketch_create();
	builder->all_names = sketch_create();
	sketch_add_ids(builder->all_items, ids_builder_ids(builder->items));
	sketch_add_ids(builder->all_names, ids_builder_ids(builder->names));
	MemoryContextSwitchTo(old);
}

/*
 * What has to be done every so many rows: look for interrupts, change to
 * sketches if memory is used up, and report progress on the relation.
 */
void
terms_builder_check(TermsBuilder *builder, const char *relation)
{
	CHECK_FOR_INTERRUPTS();
	if (!builder->full && terms_builder_bytes(builder) > builder->limit)
		begin_sketches(builder);
	report_progress(&builder->clock, relation, builder->rows);
}

/*
 * The counts in the order of the items; within an item the terms are in the
 * order in which they came, by their final indexes.
 */
static void
order_items(const TermsBuilder *builder, const int32 *item_rank, const int32 *term_rank,
			SparseRows *counts)
{
	int32		item_count = counts->rows;
	int64	   *place = counts->start;

	for (int32 item = 0; item < item_count; item++)
		place[item_rank[item] + 1] = builder->start[item + 1] - builder->start[item];
	for (int32 item = 0; item < item_count; item++)
		place[item + 1] += place[item];
	for (int32 item = 0; item < item_count; item++)
	{
		int64		to = place[item_rank[item]];

		CHECK_FOR_INTERRUPTS();
		for (int64 e = builder->start[item]; e < builder->start[item + 1]; e++, to++)
		{
			counts->index[to] = term_rank[builder->index[e]];
			counts->value[to] = builder->count[e];
		}
	}
}

/*
 * End of building: the items, the names of the terms and the counts [items x
 * names], in order, in the current memory context.  The builder is freed.
 */
void
terms_builder_finish(TermsBuilder *builder, Ids *items, Ids *names, SparseRows *counts)
{
	int32	   *item_rank;
	int32	   *term_rank;
	SparseRows	by_term;

	if (ids_builder_count(builder->items) == builder->item_capacity)
		builder->start = repalloc_huge(builder->start,
									   sizeof(int64) * ((Size) builder->item_capacity + 1));
	builder->start[ids_builder_count(builder->items)] = builder->entries;
	pfree(builder->place);
	item_rank = ids_builder_finish(builder->items, items);
	term_rank = ids_builder_finish(builder->names, names);
	sparse_allocate(counts, items->count, names->count, builder->entries);
	order_items(builder, item_rank, term_rank, counts);
	pfree(item_rank);
	pfree(term_rank);
	pfree(builder->start);
	pfree(builder->index);
	pfree(builder->count);
	sparse_allocate(&by_term, names->count, items->count, builder->entries);
	sparse_transpose(counts, &by_term);
	sparse_transpose(&by_term, counts);
	sparse_free(&by_term);
	check_sparse(counts, SPARSE_UNIQUE, true);
	MemoryContextDelete(builder->scratch);
	pfree(builder->name.data);
	pfree(builder);
	budget_return_freed();
}
