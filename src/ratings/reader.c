/*
 * reader.c
 *		Reading ratings into the interaction matrix.
 *
 * The rows of a plain table are scanned directly (scan.c).  All others come from
 * an ordinary query with the caller's privileges, so that privileges, row-level
 * security, views, partitions and foreign tables work as everywhere.  If it was
 * a model that named the relation, trust.c decides how it may be read.  The
 * executor hands each row straight to a DestReceiver of ours, which, unlike a
 * cursor, copies no tuple.
 */
#include "postgres.h"
#include "compat.h"

#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "tcop/dest.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "ratings/id_datum.h"
#include "ratings/left_out.h"
#include "ratings/loader.h"
#include "ratings/reader.h"
#include "ratings/scan.h"
#include "resources/budget.h"

/* Where the executor puts its rows. */
typedef struct RatingsReceiver
{
	DestReceiver receiver;		/* must be first */
	const RatingsSource *source;
	IdConverter user;
	IdConverter item;
	Loader	   *loader;
	MemoryContext scratch;		/* of converting rows */
	int64		rows;
} RatingsReceiver;

/* What converting rows has allocated is freed every so many rows. */
#define ROWS_PER_RESET 1024

/* Take in a row of the query: user, item and rating. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RatingsReceiver *receiver = (RatingsReceiver *) self;
	MemoryContext old = MemoryContextSwitchTo(receiver->scratch);

	slot_getallattrs(slot);
	if (slot->tts_isnull[0] || slot->tts_isnull[1])
		loader_wrong_row(receiver->loader, slot->tts_isnull[0], slot->tts_isnull[1]);
	else if (!slot->tts_isnull[2])
		loader_add(receiver->loader, id_from_datum(&receiver->user, slot->tts_values[0]),
				   id_from_datum(&receiver->item, slot->tts_values[1]),
				   DatumGetFloat8(slot->tts_values[2]));
	if (++receiver->rows % ROWS_PER_RESET == 0)
		MemoryContextReset(receiver->scratch);
	MemoryContextSwitchTo(old);
	return true;
}

/*
 * Prepare to convert ids of the type of a column.  The relation is locked, so
 * the query must have the same type.
 */
static void
prepare_ids(IdConverter *converter, TupleDesc desc, int number, const SourceColumn *column)
{
	if (getBaseType(TupleDescAttr(desc, number)->atttypid) != column->type)
		elog(ERROR, "the ids read are of other types than the columns");
	id_converter_init(converter, column->type, CurrentMemoryContext);
}

/*
 * Called by the executor before the first row.  Only now does the query run as
 * the role that converts the ids.
 */
static void
receive_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
	RatingsReceiver *receiver = (RatingsReceiver *) self;

	prepare_ids(&receiver->user, typeinfo, 0, &receiver->source->user);
	prepare_ids(&receiver->item, typeinfo, 1, &receiver->source->item);
}

/* Nothing is left to do after the last row. */
static void
receive_shutdown(DestReceiver *self)
{
}

/* Error if rows lack a user or an item. */
void
ratings_require_ids(const RatingsSource *source, int64 null_users, int64 null_items)
{
	if (null_users + null_items > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation %s has rows without an id", source->relation),
				 errdetail("Column \"%s\" is null in " INT64_FORMAT " rows, column \"%s\" in " INT64_FORMAT ".",
						   source->user.name, null_users, source->item.name, null_items),
				 errhint("Remove these rows, or use a view that leaves them out.")));
}

/* Errors for rows that cannot be used. */
static void
report_bad_rows(const LoaderCounts *counts, const RatingsSource *source)
{
	ratings_require_ids(source, counts->null_users, counts->null_items);
	if (counts->not_finite > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("relation %s has ratings that are not finite single-precision numbers",
						source->relation),
				 errdetail("Column \"%s\" is NaN, infinite or too large in " INT64_FORMAT " rows.",
						   source->rating.name, counts->not_finite),
				 errhint("Use NULL for a row without a rating, or leave the row out.")));
}

/* What the ratings of a relation are, for an error about their size; palloc'd. */
char *
ratings_describe(const RatingsSource *source, const MatrixShape *shape)
{
	return psprintf("relation %s with " INT64_FORMAT " ratings by %d users of %d items",
					source->relation, shape->ratings, shape->users, shape->items);
}

/*
 * Error if the rows did not fit into memory, or what follows would not.
 * Returns the bytes that will be needed at the peak.
 */
static Size
check_memory(const Loader *loader, const ReadRequest *request)
{
	MatrixShape shape = loader_shape(loader);
	Size		needed = matrix_building_bytes(&shape);

	if (loader->counts.full)
		needed = Max(needed, add_size(loader->limit, 1));
	shape.ratings -= loader->counts.left_out;
	if (request->total_bytes != NULL)
		needed = Max(needed, add_size(request->total_bytes(&shape, request->total_bytes_arg),
									  budget_array(loader->counts.left_out, LEFT_OUT_BYTES)));
	budget_require(needed, ratings_describe(request->source, &shape));
	ereport(DEBUG1,
			(errmsg_internal("%zu bytes of memory are needed at most", needed)));
	return needed;
}

/* Should the matrix be in shared memory, where other processes can see it? */
static bool
is_to_be_shared(const Loader *loader, const ReadRequest *request, Size needed)
{
	return request->share_from > 0 && loader->counts.rows >= request->share_from &&
		budget_fits_shared(needed);
}

/* A query for all rows of the source.  Palloc'd. */
static char *
default_query(const ReadRequest *request)
{
	const RatingsSource *source = request->source;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s FROM %s r",
					 source_column_list(source, "r"), source->relation);
	if (policy_needs_order(&request->policy))
		appendStringInfo(&query, " ORDER BY r.%s NULLS FIRST, 3", source->time.quoted);
	return query.data;
}

/* Read by a query: the one that was asked for, or one for all rows. */
static void
run_query(const ReadRequest *request, Loader *loader)
{
	RatingsReceiver receiver = {
		.receiver = {
			.receiveSlot = receive_row,
			.rStartup = receive_startup,
			.rShutdown = receive_shutdown,
			.rDestroy = receive_shutdown,
			.mydest = DestNone
		},
		.source = request->source,
		.loader = loader,
		.scratch = AllocSetContextCreate(CurrentMemoryContext, "recsys rows",
										 ALLOCSET_DEFAULT_SIZES)
	};
	const char *query = request->query;

	if (query == NULL)
		query = default_query(request);
	rights_query(&request->source->rights, query, request->params, request->read_only,
				 &receiver.receiver);
	MemoryContextDelete(receiver.scratch);
}

/* Report by a NOTICE how many values of 0 were ignored. */
static void
tell_zeros(const Interactions *ratings, const RatingsSource *source)
{
	if (ratings->zeros > 0)
		ereport(NOTICE,
				(errmsg("ignored " INT64_FORMAT " pairs of user and item with a value of 0 in relation %s",
						ratings->zeros, source->relation),
				 errdetail("As implicit feedback, 0 means that nothing was observed.")));
}

/*
 * Read ratings and make their matrix, in the current memory context or in shared
 * memory.  Rows with a null rating are skipped.  Errors: no privilege to read,
 * null ids, ratings that are not finite, repeated rows (if that is the policy),
 * and too little memory, before it is exceeded.  Users and items with few ratings
 * are still there: see interactions_prune.
 */
Interactions *
ratings_read(const ReadRequest *request)
{
	const RatingsSource *source = request->source;
	Interactions *ratings;
	Loader		loader;
	Size		needed;

	loader_init(&loader, source->user.integer, source->item.integer, budget_limit(),
				request->policy.min_value, request->policy.keep_left_out, source->relation);
	if (request->query == NULL && !request->read_only &&
		!policy_needs_order(&request->policy) && scan_can_read(source))
		scan_read(source, &loader);
	else
		run_query(request, &loader);
	report_bad_rows(&loader.counts, source);
	needed = check_memory(&loader, request);
	ratings = matrix_builder_finish(loader.builder, &request->policy,
									is_to_be_shared(&loader, request, needed));
	MemoryContextDelete(loader.context);
	tell_zeros(ratings, source);
	return ratings;
}
