/*
 * terms.c
 *		The terms of items: words of their texts and their tags, counted.
 *
 * The executor hands each row to a DestReceiver (as in reader.c), which looks
 * its words up where they are in the tsvector; no text is copied.  A word
 * counts as often as it has positions, 256 times at most, or once in a tsvector
 * without them.  Terms and items have provisional numbers until all are known;
 * then they are ordered, and the counts sorted by two transpositions, so that
 * nothing depends on the order of the rows.
 *
 * When they no longer fit into memory the rest is counted without being kept,
 * terms by a sketch, for the error to say what would do.
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "tcop/dest.h"
#include "tsearch/ts_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "features/terms.h"
#include "ratings/budget.h"
#include "ratings/id_datum.h"
#include "ratings/ids_builder.h"
#include "ratings/loader.h"
#include "ratings/sketch.h"

/* Look at the memory in use, at the clock and for interrupts so often. */
#define ROWS_PER_LOOK 64

/* Bytes an id takes at most while they are counted: hash table and arrays. */
#define ID_BUILDING_BYTES 96

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
	char	   *repeated_id;	/* one of these */
	Size		limit;			/* bytes at the peak of building */
	bool		full;			/* they would not do: from then on only counted */
	IdSketch   *all_items;		/* when it is full: of all rows */
	IdSketch   *all_names;
	ReadingClock clock;
	StringInfoData name;		/* of the term at hand */
} TermsBuilder;

typedef struct TermsReceiver
{
	DestReceiver receiver;		/* must be first */
	const ItemsSource *source;
	IdConverter id;
	TermsBuilder *builder;
} TermsReceiver;

/* Bytes at the peak of building: entries twice, and what surrounds them. */
static Size
building_bytes(Size entries, Size items, Size names, Size text)
{
	Size		bytes = budget_array(entries, 2 * (sizeof(int32) + sizeof(float)));

	bytes = add_size(bytes, budget_array(add_size(items, names), ID_BUILDING_BYTES));
	return add_size(bytes, budget_array(text, 3));
}

/* The same for all that was read: nearly, when it is full. */
static Size
builder_bytes(const TermsBuilder *builder)
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

static TermsBuilder *
builder_create(const ItemsSource *source, Size limit)
{
	TermsBuilder *builder = palloc0(sizeof(TermsBuilder));

	builder->context = CurrentMemoryContext;
	builder->scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys terms of an item",
											 ALLOCSET_DEFAULT_SIZES);
	builder->items = ids_builder_create(source->id.integer);
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

/* The number of a term, by its kind and name. */
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

/* Count a term of the item at hand, whose entries are the last ones. */
static void
add_term(TermsBuilder *builder, char kind, const char *name, int length, int count)
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

static void
add_words(TermsBuilder *builder, TSVector vector)
{
	const WordEntry *entry = ARRPTR(vector);

	for (int i = 0; i < vector->size; i++)
		add_term(builder, TERM_WORD, STRPTR(vector) + entry[i].pos, entry[i].len,
				 entry[i].haspos ? POSDATALEN(vector, &entry[i]) : 1);
}

/* A tag without the white space around it, unless that is all. */
static void
add_tag(TermsBuilder *builder, const char *tag, int length)
{
	while (length > 0 && scanner_isspace(tag[0]))
	{
		tag++;
		length--;
	}
	while (length > 0 && scanner_isspace(tag[length - 1]))
		length--;
	if (length > 0)
		add_term(builder, TERM_TAG, tag, length, 1);
}

/* Tags separated by bars, or, where there is no bar, by commas. */
static void
add_tag_list(TermsBuilder *builder, const char *list, int length)
{
	const char *end = list + length;
	char		separator = memchr(list, '|', length) != NULL ? '|' : ',';

	while (list < end)
	{
		const char *next = memchr(list, separator, end - list);

		if (next == NULL)
			next = end;
		add_tag(builder, list, next - list);
		list = next + 1;
	}
}

static void
add_tag_array(TermsBuilder *builder, ArrayType *array)
{
	Datum	   *element;
	bool	   *null;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &element, &null, &count);
	for (int i = 0; i < count; i++)
		if (!null[i])
			add_tag(builder, VARDATA_ANY(DatumGetPointer(element[i])),
					VARSIZE_ANY_EXHDR(DatumGetPointer(element[i])));
}

static void
report_no_tags(const FeatureColumn *feature)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column \"%s\" has JSON that is not tags", feature->column.name),
			 errhint("Tags are an array of strings, or of objects with a member \"name\" that is one.")));
}

/* The tag that a JSON value is or names; a null is none. */
static void
add_json_tag(TermsBuilder *builder, const FeatureColumn *feature, const JsonbValue *value)
{
	JsonbValue	name;

	if (value->type == jbvNull)
		return;
	if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
	{
		if (getKeyJsonValueFromContainer(value->val.binary.data, "name", 4, &name) == NULL)
			report_no_tags(feature);
		value = &name;
	}
	if (value->type != jbvString)
		report_no_tags(feature);
	add_tag(builder, value->val.string.val, value->val.string.len);
}

static void
add_json_tags(TermsBuilder *builder, const FeatureColumn *feature, Jsonb *json)
{
	if (!JB_ROOT_IS_ARRAY(json))
		report_no_tags(feature);
	for (uint32 i = 0; i < JB_ROOT_COUNT(json); i++)
		add_json_tag(builder, feature, getIthJsonbValueFromContainer(&json->root, i));
}

static void
add_feature(TermsBuilder *builder, const FeatureColumn *feature, Datum value)
{
	struct varlena *text;

	switch (feature->kind)
	{
		case FEATURE_WORDS:
			add_words(builder, DatumGetTSVector(value));
			break;
		case FEATURE_TAG_LIST:
			text = PG_DETOAST_DATUM_PACKED(value);
			add_tag_list(builder, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
			break;
		case FEATURE_TAG_ARRAY:
			add_tag_array(builder, DatumGetArrayTypeP(value));
			break;
		case FEATURE_TAG_JSON:
			add_json_tags(builder, feature, DatumGetJsonbP(value));
			break;
	}
}

/* A new item, whose terms follow.  False: it is no new one. */
static bool
start_item(TermsBuilder *builder, Id id)
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

/* Begin sketches, with what is kept. */
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

static void
look_around(TermsBuilder *builder, const ItemsSource *source)
{
	CHECK_FOR_INTERRUPTS();
	if (!builder->full && builder_bytes(builder) > builder->limit)
		begin_sketches(builder);
	report_progress(&builder->clock, source->relation, builder->rows);
}

static bool
receive_item(TupleTableSlot *slot, DestReceiver *self)
{
	TermsReceiver *receiver = (TermsReceiver *) self;
	const ItemsSource *source = receiver->source;
	TermsBuilder *builder = receiver->builder;
	MemoryContext old = MemoryContextSwitchTo(builder->scratch);

	slot_getallattrs(slot);
	if (slot->tts_isnull[0])
		builder->nulls++;
	else if (start_item(builder, id_from_datum(&receiver->id, slot->tts_values[0])))
		for (int f = 0; f < source->features; f++)
			if (!slot->tts_isnull[f + 1])
				add_feature(builder, &source->feature[f], slot->tts_values[f + 1]);
	if (builder->rows++ % ROWS_PER_LOOK == 0)
		look_around(builder, source);
	MemoryContextSwitchTo(old);
	MemoryContextReset(builder->scratch);
	return true;
}

/* By now the query runs as whoever is to convert the ids as well. */
static void
receive_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
	TermsReceiver *receiver = (TermsReceiver *) self;

	id_converter_init(&receiver->id, receiver->source->id.type, CurrentMemoryContext);
}

static void
receive_shutdown(DestReceiver *self)
{
}

/* Run the query on the items. */
static void
run_query(const ItemsSource *source, const char *query, ParamListInfo params,
		  DestReceiver *dest)
{
	SPIExecuteOptions options = {
		.params = params,
		.dest = dest
	};
	int			result;

	if (OidIsValid(source->rights.relid))
	{
		claimed_query(&source->rights, query, params, dest);
		return;
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_extended(query, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
	SPI_finish();
}

static void
read_items(TermsBuilder *builder, const ItemsSource *source)
{
	TermsReceiver receiver = {
		.receiver = {
			.receiveSlot = receive_item,
			.rStartup = receive_startup,
			.rShutdown = receive_shutdown,
			.rDestroy = receive_shutdown,
			.mydest = DestNone
		},
		.source = source,
		.builder = builder
	};
	ParamListInfo params = makeParamList(1);

	params->params[0] = (ParamExternData) {
		.value = ObjectIdGetDatum(source->config),
			.pflags = PARAM_FLAG_CONST,
			.ptype = REGCONFIGOID
	};
	run_query(source, items_query(source), params, &receiver.receiver);
}

/* Error, with what would do for all rows: the texts do not fit. */
static void
report_full(const TermsBuilder *builder, const ItemsSource *source, Size other_bytes)
{
	budget_require(Max(add_size(other_bytes, builder_bytes(builder)),
					   add_size(budget_limit(), 1)),
				   psprintf("relation %s with " INT64_FORMAT " items", source->relation,
							builder->rows));
}

static void
report_bad_rows(const TermsBuilder *builder, const ItemsSource *source)
{
	if (builder->nulls > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation %s has rows without an id", source->relation),
				 errdetail("Column \"%s\" is null in " INT64_FORMAT " rows.", source->id.name,
						   builder->nulls),
				 errhint("Remove these rows, or name a view that leaves them out.")));
	if (builder->repeated > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("relation %s has several rows for one item", source->relation),
				 errdetail("Column \"%s\" has an id that another row has in " INT64_FORMAT " rows, such as %s.",
						   source->id.name, builder->repeated, builder->repeated_id),
				 errhint("Make a view with one row for each item.")));
}

/*
 * The counts by item, in the order of the items; within an item the terms are
 * as they came, by their final indexes.
 */
static void
order_items(const TermsBuilder *builder, const int32 *item_rank, const int32 *term_rank,
			SparseRows *counts)
{
	int32		items = counts->rows;
	int64	   *place = counts->start;

	for (int32 item = 0; item < items; item++)
		place[item_rank[item] + 1] = builder->start[item + 1] - builder->start[item];
	for (int32 item = 0; item < items; item++)
		place[item + 1] += place[item];
	for (int32 item = 0; item < items; item++)
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

/* All that was read, in order.  The builder is used up. */
static Terms *
builder_finish(TermsBuilder *builder)
{
	Terms	   *terms = palloc0(sizeof(Terms));
	int32	   *item_rank;
	int32	   *term_rank;
	SparseRows	by_term;

	if (ids_builder_count(builder->items) == builder->item_capacity)
		builder->start = repalloc_huge(builder->start,
									   sizeof(int64) * ((Size) builder->item_capacity + 1));
	builder->start[ids_builder_count(builder->items)] = builder->entries;
	pfree(builder->place);
	item_rank = ids_builder_finish(builder->items, &terms->items);
	term_rank = ids_builder_finish(builder->names, &terms->names);
	sparse_allocate(&terms->counts, terms->items.count, terms->names.count, builder->entries);
	order_items(builder, item_rank, term_rank, &terms->counts);
	pfree(item_rank);
	pfree(term_rank);
	pfree(builder->start);
	pfree(builder->index);
	pfree(builder->count);
	sparse_allocate(&by_term, terms->names.count, terms->items.count, builder->entries);
	sparse_transpose(&terms->counts, &by_term);
	sparse_transpose(&by_term, &terms->counts);
	sparse_free(&by_term);
	MemoryContextDelete(builder->scratch);
	pfree(builder->name.data);
	pfree(builder);
	budget_return_freed();
	return terms;
}

/*
 * Read the items of a relation and count their terms, in the current memory
 * context.  A text or tag that is null is empty.  Errors: no right to read, ids
 * that are null or repeated, JSON that is not tags, and too little memory
 * besides other_bytes, before it is exceeded.
 */
Terms *
terms_read(const ItemsSource *source, Size other_bytes)
{
	Size		limit = budget_limit();
	TermsBuilder *builder = builder_create(source, limit > other_bytes ? limit - other_bytes : 0);

	read_items(builder, source);
	if (builder->full)
		report_full(builder, source, other_bytes);
	report_bad_rows(builder, source);
	ereport(DEBUG1,
			(errmsg_internal("%zu bytes of memory are needed at most",
							 add_size(other_bytes, builder_bytes(builder)))));
	return builder_finish(builder);
}
