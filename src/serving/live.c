/*
 * live.c
 *		What memory-based recommendation reads of a live table of ratings.
 *
 * For one user it takes all ratings of the users who have an item in common
 * with that user; for one item, all ratings of the users who rated it.  The
 * join that finds them is left to the planner, which uses the indexes there
 * are.  The rows of these users are complete, those of the items are not: what
 * a measure needs of whole item rows (their norms, counts and means) comes from
 * an aggregate over the items met.  Only baselines and z-scores need to read
 * the whole table.
 */
#include "postgres.h"
#include "compat.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/params.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "engine/vectors.h"
#include "ratings/baseline.h"
#include "ratings/id_datum.h"
#include "ratings/reader.h"
#include "resources/budget.h"
#include "serving/live.h"

/* One query parameter, by which the plan may be chosen. */
static ParamListInfo
one_parameter(Oid type, Datum value)
{
	ParamListInfo params = makeParamList(1);

	params->params[0].value = value;
	params->params[0].isnull = false;
	params->params[0].pflags = PARAM_FLAG_CONST;
	params->params[0].ptype = type;
	return params;
}

/*
 * An id to compare a column with, as a value of the column's type; only an
 * integer may be out of its range, and is compared as it is.
 */
static ParamListInfo
id_parameter(const SourceColumn *column, Id id)
{
	IdConverter converter;

	if (column->integer)
		return one_parameter(INT8OID, Int64GetDatum(id.number));
	id_converter_init(&converter, column->type, CurrentMemoryContext);
	return one_parameter(column->type, id_to_datum(&converter, id));
}

/* The query for the ratings of all users who matter to one user or item. */
static char *
neighbors_query(const RatingsSource *source, Side side)
{
	const char *user = source->user.quoted;
	const char *item = source->item.quoted;
	const char *table = source->relation;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s FROM %s r WHERE r.%s %s ANY (",
					 source_column_list(source, "r"), table, user, source->user.equals);
	if (side == SIDE_ITEMS)
		appendStringInfo(&query, "SELECT a.%s FROM %s a WHERE a.%s %s $1)",
						 user, table, item, source->item.equals);
	else
		appendStringInfo(&query, "SELECT b.%s FROM %s b WHERE b.%s %s ANY ("
						 "SELECT a.%s FROM %s a WHERE a.%s %s $1))",
						 user, table, item, source->item.equals, item, table, user,
						 source->user.equals);
	return query.data;
}

/* What becomes of several rows for one user and item, as in training. */
static DuplicatesPolicy
default_duplicates(const RatingsSource *source)
{
	return source->rating.name != NULL ? DUPLICATES_MEAN : DUPLICATES_SUM;
}

/* Do the parameters need ratings of users who have nothing to do with the request? */
static bool
needs_whole_table(const NeighborParams *params)
{
	return params_need_baseline(params) || params->score == SCORE_ZSCORE;
}

/* Does anything need statistics of items over all of their ratings? */
static bool
needs_item_stats(const NeighborParams *params)
{
	if (params->side == SIDE_USERS)
		return params->measure.kind == SIMILARITY_ADJUSTED_COSINE;
	return params->measure.kind == SIMILARITY_COSINE ||
		params->measure.kind == SIMILARITY_JACCARD ||
		params->measure.kind == SIMILARITY_LIFT || params->score == SCORE_CENTERED;
}

/*
 * An array of ids of a column, and of its type, without which "= ANY" cannot be
 * hashed.
 */
static ParamListInfo
ids_parameter(IdConverter *converter, const Ids *ids)
{
	Datum	   *elements = allocate_array(ids->count, sizeof(Datum));
	ArrayType  *array;
	int16		length;
	bool		by_value;
	char		align;

	for (int32 i = 0; i < ids->count; i++)
		elements[i] = id_to_datum(converter, ids_get(ids, i));
	get_typlenbyvalalign(converter->type, &length, &by_value, &align);
	array = construct_array(elements, ids->count, converter->type, length, by_value, align);
	pfree(elements);
	return one_parameter(get_array_type(converter->type), PointerGetDatum(array));
}

/*
 * The query for item statistics.  Repeated rows of a user and item are merged
 * first, as in the matrix, unless a unique index says that there are none.
 */
static char *
item_stats_query(const RatingsSource *source)
{
	char	   *value = source->rating.name != NULL ?
		psprintf("r.%s::pg_catalog.float8", source->rating.quoted) : "1::pg_catalog.float8";
	const char *merge = source->rating.name != NULL ? "avg" : "sum";
	bool		unique = source_has_unique_pairs(source);
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT v.item, pg_catalog.count(*)::pg_catalog.int4, "
						   "pg_catalog.avg(v.value), pg_catalog.stddev_pop(v.value), "
						   "pg_catalog.sum(v.value OPERATOR(pg_catalog.*) v.value) FROM (");
	if (unique)
		appendStringInfo(&query, "SELECT r.%s AS item, %s AS value",
						 source->item.quoted, value);
	else
		appendStringInfo(&query, "SELECT r.%s AS item, pg_catalog.%s(%s) AS value",
						 source->item.quoted, merge, value);
	appendStringInfo(&query, " FROM %s r WHERE r.%s %s ANY ($1) AND %s IS NOT NULL",
					 source->relation, source->item.quoted, source->item.equals, value);
	if (!unique)
		appendStringInfo(&query, " GROUP BY r.%s, r.%s", source->user.quoted,
						 source->item.quoted);
	appendStringInfoString(&query, ") v GROUP BY 1");
	return query.data;
}

/* The item in the first column of a row.  Its text is the row's. */
static Id
item_of_row(const RatingsSource *source, IdConverter *converter, HeapTuple tuple,
			TupleDesc desc)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, 1, &isnull);

	/* Only where a view has other rows each time it is read. */
	ratings_require_ids(source, 0, isnull);
	return id_from_datum(converter, value);
}

/* Take over the statistics of one item. */
static void
set_item_stats(const Ids *items, Id id, HeapTuple tuple, TupleDesc desc, RowStats *stats)
{
	int32		item = ids_find(items, id);
	bool		isnull;

	if (item < 0)
		return;
	stats[item].count = DatumGetInt32(SPI_getbinval(tuple, desc, 2, &isnull));
	stats[item].mean = DatumGetFloat8(SPI_getbinval(tuple, desc, 3, &isnull));
	stats[item].stddev = DatumGetFloat8(SPI_getbinval(tuple, desc, 4, &isnull));
	stats[item].square_sum = DatumGetFloat8(SPI_getbinval(tuple, desc, 5, &isnull));
}

/* Run a query; its rows are in SPI_tuptable. */
static void
select_rows(const char *query, ParamListInfo params)
{
	SPIExecuteOptions options = {.params = params, .read_only = true};
	int			result = SPI_execute_extended(query, &options);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
}

/* Can a column of a relation be null? */
static bool
can_be_null(Relation relation, const SourceColumn *column)
{
	AttrNumber	number = get_attnum(RelationGetRelid(relation), column->name);

	return !TupleDescAttr(RelationGetDescr(relation), number - 1)->attnotnull;
}

/*
 * Error, as in training, if the relation has a row without an id, also where
 * what is asked next would not meet it.
 */
static void
require_ids(const RatingsSource *source)
{
	const char *user = source->user.quoted;
	const char *item = source->item.quoted;
	Relation	relation = relation_open(source->relid, AccessShareLock);
	bool		possible = can_be_null(relation, &source->user) ||
		can_be_null(relation, &source->item);
	HeapTuple	tuple;
	TupleDesc	desc;
	bool		isnull;

	relation_close(relation, NoLock);
	if (!possible)
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	select_rows(psprintf("SELECT pg_catalog.count(*) FILTER (WHERE r.%s IS NULL), "
						 "pg_catalog.count(*) FILTER (WHERE r.%s IS NULL) "
						 "FROM %s r WHERE r.%s IS NULL OR r.%s IS NULL",
						 user, item, source->relation, user, item), NULL);
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	ratings_require_ids(source, DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull)),
						DatumGetInt64(SPI_getbinval(tuple, desc, 2, &isnull)));
	SPI_finish();
}

/* Replace the statistics of items by those over the whole table. */
static void
read_item_stats(const RatingsSource *source, LiveRatings *live)
{
	const Ids  *items = &live->ratings->items;
	IdConverter converter;
	ParamListInfo params;
	char	   *query = item_stats_query(source);

	id_converter_init(&converter, source->item.type, CurrentMemoryContext);
	params = ids_parameter(&converter, items);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	select_rows(query, params);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;

		set_item_stats(items, item_of_row(source, &converter, tuple, desc), tuple, desc,
					   live->hood->item_stats);
	}
	SPI_finish();
}

/* The number of users, or of items, in the whole table: for the lift of the others. */
static void
count_columns(const RatingsSource *source, Side side, LiveRatings *live)
{
	const char *column = side == SIDE_ITEMS ? source->user.quoted : source->item.quoted;
	char	   *query = psprintf("SELECT pg_catalog.count(DISTINCT r.%s) FROM %s r%s%s%s",
								 column, source->relation,
								 source->rating.name != NULL ? " WHERE r." : "",
								 source->rating.name != NULL ? source->rating.quoted : "",
								 source->rating.name != NULL ? " IS NOT NULL" : "");
	bool		isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	select_rows(query, NULL);
	live->hood->column_count[side] =
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
}

/* Fit the biases of users and items, which similarity or score need. */
static void
fit_baseline(LiveRatings *live)
{
	BaselineOptions options = {BASELINE_ITEM_REGULARIZATION, BASELINE_USER_REGULARIZATION};
	Baseline	baseline = {
		.user_bias = allocate_vectors(live->ratings->by_user.rows, 1),
		.item_bias = allocate_vectors(live->ratings->by_item.rows, 1)
	};

	baseline_fit(live->ratings, &options, BASELINE_ITERATIONS, &baseline);
	live->hood->user_bias = baseline.user_bias;
	live->hood->item_bias = baseline.item_bias;
}

/*
 * Read what recommending to a user, or finding what is similar to a user or to
 * an item (of_item), needs.  All is in the current memory context.
 */
LiveRatings
live_read(const RatingsSource *source, const NeighborParams *params, Side side, Id id)
{
	LiveRatings live;
	ReadRequest request = {
		.source = source,
		.policy = {.duplicates = default_duplicates(source), .min_value = -get_float8_infinity()},
		.read_only = true
	};

	if (!needs_whole_table(params))
	{
		require_ids(source);
		request.query = neighbors_query(source, side);
		request.params = id_parameter(side == SIDE_ITEMS ? &source->item : &source->user, id);
	}
	live.ratings = ratings_read(&request);
	live.hood = neighborhood_create(params);
	neighborhood_set_ratings(live.hood, &live.ratings->by_user, &live.ratings->by_item,
							 live.ratings->mean, live.ratings->stddev);
	if (params_need_baseline(params))
		fit_baseline(&live);
	else if (needs_item_stats(params) && !needs_whole_table(params) &&
			 live.ratings->items.count > 0)
		read_item_stats(source, &live);
	if (params->measure.kind == SIMILARITY_LIFT && !needs_whole_table(params))
		count_columns(source, params->side, &live);
	return live;
}

/*
 * The n items with the most ratings in the table, palloc'd.  Error: a row of it
 * has no id.
 */
PopularItems
live_popular(const RatingsSource *source, int64 n)
{
	PopularItems popular = {0};
	IdConverter converter;
	MemoryContext context = CurrentMemoryContext;
	char	   *query = psprintf("SELECT r.%s, pg_catalog.count(*)::pg_catalog.float8 "
								 "FROM %s r%s%s%s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT " INT64_FORMAT,
								 source->item.quoted, source->relation,
								 source->rating.name != NULL ? " WHERE r." : "",
								 source->rating.name != NULL ? source->rating.quoted : "",
								 source->rating.name != NULL ? " IS NOT NULL" : "", n);
	bool		isnull;

	require_ids(source);
	id_converter_init(&converter, source->item.type, context);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	select_rows(query, NULL);
	MemoryContextSwitchTo(context);
	popular.count = (int) SPI_processed;
	popular.id = palloc(sizeof(Id) * Max(popular.count, 1));
	popular.ratings = palloc(sizeof(double) * Max(popular.count, 1));
	for (int i = 0; i < popular.count; i++)
	{
		popular.id[i] = id_copy(item_of_row(source, &converter, SPI_tuptable->vals[i],
											SPI_tuptable->tupdesc));
		popular.ratings[i] = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[i],
														  SPI_tuptable->tupdesc, 2, &isnull));
	}
	SPI_finish();
	return popular;
}
