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

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/params.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "algorithms/baseline.h"
#include "engine/algorithm.h"
#include "ratings/reader.h"
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

static ParamListInfo
id_parameter(const SourceColumn *column, Id id)
{
	if (column->integer)
		return one_parameter(INT8OID, Int64GetDatum(id.number));
	return one_parameter(TEXTOID, CStringGetTextDatum(id_to_cstring(id)));
}

/* The query for the ratings of all users who matter to one user or item. */
static char *
neighbors_query(const RatingsSource *source, bool of_item)
{
	const SourceColumn *given = of_item ? &source->item : &source->user;
	char	   *parameter = source_id_parameter(given, 1, false);
	const char *user = source->user.quoted;
	const char *item = source->item.quoted;
	const char *table = source->relation;
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s FROM %s r WHERE r.%s %s ANY (",
					 source_column_list(source, "r"), table, user, source->user.equals);
	if (of_item)
		appendStringInfo(&query, "SELECT a.%s FROM %s a WHERE a.%s %s %s)",
						 user, table, item, source->item.equals, parameter);
	else
		appendStringInfo(&query, "SELECT b.%s FROM %s b WHERE b.%s %s ANY ("
						 "SELECT a.%s FROM %s a WHERE a.%s %s %s))",
						 user, table, item, source->item.equals, item, table, user,
						 source->user.equals, parameter);
	return query.data;
}

static DuplicatesPolicy
default_duplicates(const RatingsSource *source)
{
	return source->rating.name != NULL ? DUPLICATES_MEAN : DUPLICATES_SUM;
}

static bool
needs_whole_table(const NeighborParams *params)
{
	return params_need_baseline(params) || params->score == SCORE_ZSCORE;
}

/* Does anything need statistics of items over all of their ratings? */
static bool
needs_item_stats(const NeighborParams *params)
{
	if (!params->items)
		return params->measure.kind == SIMILARITY_ADJUSTED_COSINE;
	return params->measure.kind == SIMILARITY_COSINE ||
		params->measure.kind == SIMILARITY_JACCARD ||
		params->measure.kind == SIMILARITY_LIFT || params->score == SCORE_CENTERED;
}

static ParamListInfo
ids_parameter(const Ids *ids)
{
	Datum	   *elements = palloc_extended(sizeof(Datum) * (Size) Max(ids->count, 1),
										   MCXT_ALLOC_HUGE);
	ArrayType  *array;

	for (int32 i = 0; i < ids->count; i++)
		elements[i] = ids->integer ? Int64GetDatum(ids->numbers[i]) :
			CStringGetTextDatum(id_to_cstring(ids_get(ids, i)));
	if (ids->integer)
		array = construct_array(elements, ids->count, INT8OID, sizeof(int64),
								FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	else
		array = construct_array(elements, ids->count, TEXTOID, -1, false, TYPALIGN_INT);
	pfree(elements);
	return one_parameter(ids->integer ? INT8ARRAYOID : TEXTARRAYOID, PointerGetDatum(array));
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
	appendStringInfo(&query, "SELECT v.item::pg_catalog.%s, pg_catalog.count(*)::pg_catalog.int4, "
					 "pg_catalog.avg(v.value), pg_catalog.stddev_pop(v.value), "
					 "pg_catalog.sum(v.value OPERATOR(pg_catalog.*) v.value) FROM (",
					 source->item.integer ? "int8" : "text");
	if (unique)
		appendStringInfo(&query, "SELECT r.%s AS item, %s AS value",
						 source->item.quoted, value);
	else
		appendStringInfo(&query, "SELECT r.%s AS item, pg_catalog.%s(%s) AS value",
						 source->item.quoted, merge, value);
	appendStringInfo(&query, " FROM %s r WHERE r.%s %s ANY (%s) AND %s IS NOT NULL",
					 source->relation, source->item.quoted, source->item.equals,
					 source_id_parameter(&source->item, 1, true), value);
	if (!unique)
		appendStringInfo(&query, " GROUP BY r.%s, r.%s", source->user.quoted,
						 source->item.quoted);
	appendStringInfoString(&query, ") v GROUP BY 1");
	return query.data;
}

static Id
id_of_column(HeapTuple tuple, TupleDesc desc, int column, bool integer)
{
	Id			id = {.integer = integer};
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	if (integer)
		id.number = DatumGetInt64(value);
	else
	{
		id.text = TextDatumGetCString(value);
		id.length = strlen(id.text);
	}
	return id;
}

static void
set_item_stats(const Ids *items, HeapTuple tuple, TupleDesc desc, RowStats *stats)
{
	int32		item = ids_find(items, id_of_column(tuple, desc, 1, items->integer));
	bool		isnull;

	if (item < 0)
		return;
	stats[item].count = DatumGetInt32(SPI_getbinval(tuple, desc, 2, &isnull));
	stats[item].mean = DatumGetFloat8(SPI_getbinval(tuple, desc, 3, &isnull));
	stats[item].deviation = DatumGetFloat8(SPI_getbinval(tuple, desc, 4, &isnull));
	stats[item].square_sum = DatumGetFloat8(SPI_getbinval(tuple, desc, 5, &isnull));
}

static void
select_rows(const char *query, ParamListInfo params)
{
	SPIExecuteOptions options = {.params = params, .read_only = true};
	int			result = SPI_execute_extended(query, &options);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
}

/* Replace the statistics of items by those over the whole table. */
static void
read_item_stats(const RatingsSource *source, LiveRatings *live)
{
	const Ids  *items = &live->ratings->items;
	ParamListInfo params = ids_parameter(items);
	char	   *query = item_stats_query(source);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	select_rows(query, params);
	for (uint64 i = 0; i < SPI_processed; i++)
		set_item_stats(items, SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
					   live->hood->item_stats);
	SPI_finish();
}

/* The number of users, or of items, in the whole table: for the lift of the others. */
static void
count_columns(const RatingsSource *source, bool of_items, LiveRatings *live)
{
	const char *column = of_items ? source->user.quoted : source->item.quoted;
	char	   *query = psprintf("SELECT pg_catalog.count(DISTINCT r.%s) FROM %s r%s%s%s",
								 column, source->relation,
								 source->rating.name != NULL ? " WHERE r." : "",
								 source->rating.name != NULL ? source->rating.quoted : "",
								 source->rating.name != NULL ? " IS NOT NULL" : "");
	bool		isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	select_rows(query, NULL);
	live->hood->column_count[of_items] =
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
}

static void
fit_baseline(LiveRatings *live)
{
	BaselineOptions options = {BASELINE_REG_I, BASELINE_REG_U};
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
live_read(const RatingsSource *source, const NeighborParams *params, bool of_item, Id id)
{
	LiveRatings live;
	ReadRequest request = {
		.source = source,
		.policy = {.duplicates = default_duplicates(source), .min_value = -get_float8_infinity()},
		.read_only = true
	};

	if (!needs_whole_table(params))
	{
		request.query = neighbors_query(source, of_item);
		request.params = id_parameter(of_item ? &source->item : &source->user, id);
	}
	live.ratings = ratings_read(&request);
	live.hood = neighborhood_create(params);
	neighborhood_set_ratings(live.hood, &live.ratings->by_user, &live.ratings->by_item,
							  live.ratings->mean, live.ratings->deviation);
	if (params_need_baseline(params))
		fit_baseline(&live);
	else if (needs_item_stats(params) && !needs_whole_table(params) &&
			 live.ratings->items.count > 0)
		read_item_stats(source, &live);
	if (params->measure.kind == SIMILARITY_LIFT && !needs_whole_table(params))
		count_columns(source, params->items, &live);
	return live;
}

/* The n items with the most ratings in the table, palloc'd. */
PopularItems
live_popular(const RatingsSource *source, int n)
{
	PopularItems popular = {0};
	MemoryContext context = CurrentMemoryContext;
	char	   *query = psprintf("SELECT r.%s::pg_catalog.%s, pg_catalog.count(*)::pg_catalog.float8 "
								 "FROM %s r%s%s%s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %d",
								 source->item.quoted, source->item.integer ? "int8" : "text",
								 source->relation,
								 source->rating.name != NULL ? " WHERE r." : "",
								 source->rating.name != NULL ? source->rating.quoted : "",
								 source->rating.name != NULL ? " IS NOT NULL" : "", n);
	bool		isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	select_rows(query, NULL);
	MemoryContextSwitchTo(context);
	popular.count = (int) SPI_processed;
	popular.id = palloc(sizeof(Id) * Max(popular.count, 1));
	popular.ratings = palloc(sizeof(double) * Max(popular.count, 1));
	for (int i = 0; i < popular.count; i++)
	{
		popular.id[i] = id_of_column(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1,
									 source->item.integer);
		popular.ratings[i] = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[i],
														  SPI_tuptable->tupdesc, 2, &isnull));
	}
	SPI_finish();
	return popular;
}
