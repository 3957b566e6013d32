/*
 * terms.c
 *		The terms of items: words of their texts and their tags, read by a query.
 *
 * The executor hands each row to a DestReceiver (as in ratings/reader.c), which
 * looks its words up where they are in the tsvector; no text is copied.  A word
 * counts as often as it has positions, 256 times at most, or once in a tsvector
 * without them.  Counting is terms_builder.c.
 */
#include "postgres.h"
#include "compat.h"

#include "catalog/pg_type.h"
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
#include "features/terms_builder.h"
#include "ratings/id_datum.h"
#include "resources/budget.h"

/* Look for interrupts, at the memory in use and at the clock every so many rows. */
#define ROWS_PER_LOOK 64

/* Where the executor puts its rows. */
typedef struct TermsReceiver
{
	DestReceiver receiver;		/* must be first */
	const ItemsSource *source;
	IdConverter id;
	TermsBuilder *builder;
} TermsReceiver;

/* Add the words of a text, each as often as it has positions. */
static void
add_words(TermsBuilder *builder, TSVector vector)
{
	const WordEntry *entry = ARRPTR(vector);

	for (int i = 0; i < vector->size; i++)
		terms_builder_add(builder, TERM_WORD, STRPTR(vector) + entry[i].pos, entry[i].len,
						  entry[i].haspos ? POSDATALEN(vector, &entry[i]) : 1);
}

/* Add a tag without the white space around it, unless nothing else is left. */
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
		terms_builder_add(builder, TERM_TAG, tag, length, 1);
}

/*
 * Add the tags of a text: separated by bars, or, if there is no bar, by
 * commas.
 */
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

/* Add the tags of an array of texts; null elements are no tags. */
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

/* Report JSON that has no tags. */
static void
report_no_tags(const FeatureColumn *feature)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column \"%s\" has JSON that is not a list of tags", feature->column.name),
			 errhint("Tags are an array of strings, or of objects with a string member \"name\".")));
}

/* Add the tag that a JSON value is, or names; a null is none. */
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

/* Add the tags of a JSON array.  Error: it is something else. */
static void
add_json_tags(TermsBuilder *builder, const FeatureColumn *feature, Jsonb *json)
{
	if (!JB_ROOT_IS_ARRAY(json))
		report_no_tags(feature);
	for (uint32 i = 0; i < JB_ROOT_COUNT(json); i++)
		add_json_tag(builder, feature, getIthJsonbValueFromContainer(&json->root, i));
}

/* Add the terms of a column's value, which is not null, to the current item. */
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

/* Count the terms of a row of the query, if its item is a new one. */
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
	else if (terms_builder_start_item(builder, id_from_datum(&receiver->id, slot->tts_values[0])))
		for (int f = 0; f < source->features; f++)
			if (!slot->tts_isnull[f + 1])
				add_feature(builder, &source->feature[f], slot->tts_values[f + 1]);
	if (builder->rows++ % ROWS_PER_LOOK == 0)
		terms_builder_check(builder, source->relation);
	MemoryContextSwitchTo(old);
	MemoryContextReset(builder->scratch);
	return true;
}

/*
 * Called by the executor before the first row.  Only now does the query run as
 * the role that converts the ids.
 */
static void
receive_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
	TermsReceiver *receiver = (TermsReceiver *) self;

	id_converter_init(&receiver->id, receiver->source->id.type, CurrentMemoryContext);
}

/* Nothing is left to do after the last row. */
static void
receive_shutdown(DestReceiver *self)
{
}

/* Read all items. */
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
	rights_query(&source->rights, items_query(source), params, false, &receiver.receiver);
}

/*
 * Report that the terms do not fit into memory, and how much would be enough.
 */
static void
report_full(const TermsBuilder *builder, const ItemsSource *source, Size other_bytes)
{
	budget_require(Max(add_size(other_bytes, terms_builder_bytes(builder)),
					   add_size(budget_limit(), 1)),
				   psprintf("relation %s with " INT64_FORMAT " items", source->relation,
							builder->rows));
}

/* Errors for rows that cannot be used. */
static void
report_bad_rows(const TermsBuilder *builder, const ItemsSource *source)
{
	if (builder->nulls > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation %s has rows without an id", source->relation),
				 errdetail("Column \"%s\" is null in " INT64_FORMAT " rows.", source->id.name,
						   builder->nulls),
				 errhint("Remove these rows, or use a view that leaves them out.")));
	if (builder->repeated > 0)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("relation %s has several rows for one item", source->relation),
				 errdetail("Column \"%s\" repeats an id in " INT64_FORMAT " rows, for example %s.",
						   source->id.name, builder->repeated, builder->repeated_id),
				 errhint("Create a view with one row for each item.")));
}

/*
 * Read the items of a relation and count their terms, in the current memory
 * context.  A text or tag that is null is empty.  Errors: no privilege to
 * read, ids that are null or repeated, JSON that is not tags, and too little
 * memory besides other_bytes, before it is exceeded.
 */
Terms *
terms_read(const ItemsSource *source, Size other_bytes)
{
	Size		limit = budget_limit();
	Terms	   *terms;
	TermsBuilder *builder = terms_builder_create(source->id.integer,
												 limit > other_bytes ? limit - other_bytes : 0);

	read_items(builder, source);
	if (builder->full)
		report_full(builder, source, other_bytes);
	report_bad_rows(builder, source);
	ereport(DEBUG1,
			(errmsg_internal("%zu bytes of memory are needed at most",
							 add_size(other_bytes, terms_builder_bytes(builder)))));
	terms = palloc(sizeof(Terms));
	terms_builder_finish(builder, &terms->items, &terms->names, &terms->counts);
	return terms;
}
