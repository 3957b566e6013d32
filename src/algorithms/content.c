/*
 * content.c
 *		Algorithm "content": items like those that a user likes, by what their
 *		texts and tags say.
 *
 * An item is a vector of terms: the words of its text columns, as PostgreSQL's
 * text search cuts and stems them, and its tags.  A term that is c times in an
 * item, and in df of N items, weighs
 *
 *		tf (1 + ln((1 + N) / (1 + df)))		tf = c, or 1 + ln c (sublinear_tf)
 *
 * and tag_weight times as much if it is a tag; then the vector is scaled to
 * length 1.  This is the smooth TF-IDF that most people compare with.  What is
 * made of the vectors is up to the form of the model (forms/content.c).
 *
 * The items of the model are those of the relation of items and those that were
 * rated: the ratings of the model have more items than those of the run.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "algorithms/registry.h"
#include "features/terms.h"
#include "math/weights.h"
#include "ratings/extend.h"
#include "resources/budget.h"

typedef struct ContentOptions
{
	CommonOptions common;
	char	   *items;
	char	   *item_id_col;
	List	   *text_cols;
	List	   *tag_cols;
	char	   *config;
	int			min_df;
	double		max_df;
	bool		sublinear_tf;
	double		tag_weight;
} ContentOptions;

static const OptionSpec options[] = {
	TEXT_OPTION("items", ContentOptions, items,
				"table or view of the items; required"),
	TEXT_OPTION("item_id_col", ContentOptions, item_id_col,
				"column of items with their ids; default item_id"),
	NAMES_OPTION("text_cols", ContentOptions, text_cols,
				 "columns of items with text, or with tsvectors, which are taken as they are"),
	NAMES_OPTION("tag_cols", ContentOptions, tag_cols,
				 "columns of items with tags: arrays, JSON arrays of strings or of objects with a name, or text with | or , between tags"),
	TEXT_OPTION("config", ContentOptions, config,
				"text search configuration that turns text into words; default english"),
	INT_OPTION("min_df", ContentOptions, min_df, 1, 1, 1000000000,
			   "leave out terms that are in fewer items"),
	REAL_OPTION("max_df", ContentOptions, max_df, 1, 1e-9, 1,
				"leave out terms that are in a larger share of the items"),
	BOOL_OPTION("sublinear_tf", ContentOptions, sublinear_tf, false,
				"count a term that is c times in an item as 1 + ln c instead of c"),
	REAL_OPTION("tag_weight", ContentOptions, tag_weight, 1, 1e-6, 1e6,
				"how many words a tag counts for")
};

/* Names become full ones, so that the model can be trained again anywhere. */
static void
content_prepare(void *options, bool has_values)
{
	ContentOptions *opts = options;

	if (opts->items == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"content\" needs the option \"items\""),
				 errhint("For example '{\"items\": \"movies\", \"item_id_col\": \"id\", \"text_cols\": [\"title\", \"overview\"], \"tag_cols\": [\"genres\"]}'.")));
	if (opts->text_cols == NIL && opts->tag_cols == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"content\" needs the option \"text_cols\" or \"tag_cols\""),
				 errhint("They name the columns that have text or tags.")));
	opts->items = items_relation_name(opts->items);
	opts->config = items_config_name(opts->config != NULL ? opts->config : "english");
	if (opts->item_id_col == NULL)
		opts->item_id_col = pstrdup("item_id");
	opts->common.clip = false;
	if (has_values && opts->common.weight_transform != TRANSFORM_NONE)
		opts->common.values = VALUES_OPEN;
}

/* The ratings with more items; of the items themselves terms_read takes care. */
static Size
content_memory(const MatrixShape *shape, const void *options)
{
	return add_size(budget_array(shape->ratings, sizeof(int32)),
					budget_array(shape->items, 2 * sizeof(int64)));
}

/* The relation of items that the options name.  The claimant is as in items_resolve. */
static ItemsSource *
content_source(const ContentOptions *opts, Oid claimant)
{
	ItemsNames	names = {
		.relation = opts->items,
		.id = opts->item_id_col,
		.texts = opts->text_cols,
		.tags = opts->tag_cols,
		.claimant = claimant
	};

	return items_resolve(&names, opts->config);
}

/* Error unless the ids of both relations can be the same. */
static void
require_same_ids(const TrainContext *context, const ItemsSource *items)
{
	const RatingsSource *source = context->source;

	if (source->relation == NULL || context->ratings->items.integer == items->id.integer)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("item ids of relations %s and %s are of different types", items->relation,
					source->relation),
			 errdetail("Column \"%s\" is of type %s, column \"%s\" of type %s.",
					   items->id.name, format_type_be(items->id.type),
					   source->item.name, format_type_be(source->item.type)),
			 errhint("Both must be integers, or neither: make a view that casts one of them.")));
}

/* Bytes of the run besides the terms. */
static Size
bytes_of_ratings(const Interactions *ratings)
{
	MatrixShape shape = interactions_shape(ratings);

	return add_size(matrix_bytes(&shape), content_memory(&shape, NULL));
}

/* In how many items each term is.  Palloc'd. */
static int32 *
document_frequencies(const SparseRows *counts)
{
	int32	   *frequency = allocate_array_zero(counts->cols, sizeof(int32));

	for (int32 item = 0; item < counts->rows; item++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int64 e = counts->start[item]; e < counts->start[item + 1]; e++)
			frequency[counts->index[e]]++;
	}
	return frequency;
}

/*
 * Leave out terms that are in too few or too many items; "frequency" is then
 * that of those that are left.
 */
static void
leave_out_terms(Terms *terms, const ContentOptions *opts, int32 *frequency)
{
	SparseRows *counts = &terms->counts;
	int32	   *index = allocate_array(counts->cols, sizeof(int32));
	int32		left = 0;
	int64		to = 0;
	int64		from = 0;
	Ids			names;

	for (int32 term = 0; term < counts->cols; term++)
	{
		index[term] = frequency[term] >= opts->min_df &&
			frequency[term] <= opts->max_df * counts->rows ? left : -1;
		if (index[term] >= 0)
			frequency[left++] = frequency[term];
	}
	for (int32 item = 0; item < counts->rows; item++)
	{
		CHECK_FOR_INTERRUPTS();
		for (; from < counts->start[item + 1]; from++)
			if (index[counts->index[from]] >= 0)
			{
				counts->index[to] = index[counts->index[from]];
				counts->value[to++] = counts->value[from];
			}
		/* From here on it is "from" that knows where the next row starts. */
		counts->start[item + 1] = to;
	}
	ids_select(&terms->names, index, left, &names);
	terms->names = names;
	counts->cols = left;
	pfree(index);
}

/* What each term weighs beside how often it is in an item.  Palloc'd. */
static double *
term_weights(const Terms *terms, const ContentOptions *opts, const int32 *frequency)
{
	int32		count = terms->names.count;
	double	   *weight = allocate_array(count, sizeof(double));

	for (int32 term = 0; term < count; term++)
		weight[term] = (1 + log((1.0 + terms->counts.rows) / (1.0 + frequency[term]))) *
			(term_is_tag(&terms->names, term) ? opts->tag_weight : 1);
	return weight;
}

/* The counts of one item become its vector. */
static void
weigh_item(SparseRows *counts, int32 item, const double *weight, bool sublinear)
{
	int64		end = counts->start[item + 1];
	double		square = 0;
	double		length;

	for (int64 e = counts->start[item]; e < end; e++)
	{
		double		tf = sublinear ? 1 + log(counts->value[e]) : counts->value[e];
		double		product = tf * weight[counts->index[e]];

		square += product * product;
	}
	length = sqrt(square);
	for (int64 e = counts->start[item]; e < end; e++)
	{
		double		tf = sublinear ? 1 + log(counts->value[e]) : counts->value[e];

		counts->value[e] = tf * weight[counts->index[e]] / length;
	}
}

/* The counts become vectors of length 1.  Error: there are no terms. */
static void
weigh_terms(Terms *terms, const ContentOptions *opts)
{
	int32	   *frequency = document_frequencies(&terms->counts);
	double	   *weight;

	leave_out_terms(terms, opts, frequency);
	if (terms->names.count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation %s has no words and no tags", opts->items),
				 errdetail(opts->min_df > 1 || opts->max_df < 1 ?
						   "None is left by the options min_df and max_df." :
						   "It has no rows that the current user can see, or nothing but stop words in its columns.")));
	weight = term_weights(terms, opts, frequency);
	for (int32 item = 0; item < terms->counts.rows; item++)
	{
		CHECK_FOR_INTERRUPTS();
		weigh_item(&terms->counts, item, weight, opts->sublinear_tf);
	}
	pfree(frequency);
	pfree(weight);
}

/* The vectors for all items of the model, of which index[i] is item i's. */
static SparseRows *
vectors_of_all(const SparseRows *vectors, const int32 *index, int32 item_count)
{
	SparseRows *all = palloc(sizeof(SparseRows));

	*all = *vectors;
	all->rows = item_count;
	all->start = sparse_spread_rows(vectors, index, item_count);
	return all;
}

/*
 * Read the items and weigh their terms.  The model has these items besides
 * those that were rated.
 */
static void
content_train(TrainContext *context)
{
	const ContentOptions *opts = context->options;
	ItemsSource *source = content_source(opts, context->source->claimant);
	Terms	   *terms;
	int32	   *index;

	require_same_ids(context, source);
	context->item_type = source->id.type;
	terms = terms_read(source, bytes_of_ratings(context->ratings));
	weigh_terms(terms, opts);
	index = allocate_array(terms->items.count, sizeof(int32));
	context->model_ratings = interactions_add_items(context->ratings, &terms->items, index);
	draft_add_ids(context->draft, PART_TERMS, &terms->names);
	draft_add_sparse(context->draft, PART_ITEM_TERMS,
					 vectors_of_all(&terms->counts, index, context->model_ratings->items.count));
	pfree(index);
}

const Algorithm content_algorithm = {
	.name = "content",
	.family = "content",
	.feedback = FEEDBACK_BOTH,
	.form = &content_form,
	.description = "items whose texts and tags are like those of the user's items",
	.options = OPTION_TABLE(ContentOptions, options),
	.ratings_optional = true,
	.needs_stored_ratings = true,
	.prepare = content_prepare,
	.memory = content_memory,
	.train = content_train
};
