/*
 * matrix_builder.c
 *		The interaction matrix: how it is built from rows.
 *
 * Rows are collected as triples of 12 bytes with provisional indexes, in
 * chunks, so that nothing is ever copied to grow.  Three passes of counting
 * sort then make the matrix without a comparison of two rows:
 *
 *	triples -> by item (any order within an item)
 *	by item -> by user (now in item order within each user; repeated items are
 *			   neighbors and are merged)
 *	by user -> by item (into the same memory; now in user order)
 *
 * The peak is at the first pass, 20 bytes a rating; 16 remain.  Each pass is
 * stable, so the rows of one user and item stay in the order they were read.
 */
#include "postgres.h"
#include "compat.h"

#include <float.h>
#include <math.h>

#include "lib/ilist.h"
#include "miscadmin.h"

#include "ratings/left_out.h"
#include "ratings/matrix_builder.h"
#include "ratings/prune.h"
#include "ratings/weights.h"
#include "resources/budget.h"

/* How many entries are worked on between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 1000000

/* Bytes that an id takes at most while the matrix is built: hash table and arrays. */
#define ID_BUILDING_BYTES 96

/* Rows in the order in which they were added. */
typedef struct TripleChunk
{
	slist_node	node;
	int			count;
	Triple		triple[CHUNK_TRIPLES];
} TripleChunk;

struct MatrixBuilder
{
	IdsBuilder *users;
	IdsBuilder *items;
	slist_head	chunks;			/* newest first */
	TripleChunk *last;			/* being filled; NULL: a new one is needed */
	int64		chunk_count;
	int64		count;			/* triples */
};

/*
 * An empty builder in the current memory context; are the ids integers, or
 * else text?
 */
MatrixBuilder *
matrix_builder_create(bool integer_users, bool integer_items)
{
	MatrixBuilder *builder = palloc0(sizeof(MatrixBuilder));

	builder->users = ids_builder_create(integer_users);
	builder->items = ids_builder_create(integer_items);
	slist_init(&builder->chunks);
	return builder;
}

/* Room for one more row, which the caller fills. */
static Triple *
next_triple(MatrixBuilder *builder)
{
	if (builder->last == NULL || builder->last->count == CHUNK_TRIPLES)
	{
		builder->last = palloc(sizeof(TripleChunk));
		builder->last->count = 0;
		slist_push_head(&builder->chunks, &builder->last->node);
		builder->chunk_count++;
	}
	builder->count++;
	return &builder->last->triple[builder->last->count++];
}

/* Add one row.  Error: too many distinct ids. */
void
matrix_builder_add(MatrixBuilder *builder, Id user, Id item, float value)
{
	Triple	   *triple = next_triple(builder);

	triple->user = ids_builder_add(builder->users, user);
	triple->item = ids_builder_add(builder->items, item);
	triple->value = value;
}

/*
 * Take some rows out again, into triples [CHUNK_TRIPLES].  Returns how many; 0
 * if none are left.
 */
int
matrix_builder_take(MatrixBuilder *builder, Triple *triples)
{
	TripleChunk *chunk;
	int			count;

	if (slist_is_empty(&builder->chunks))
		return 0;
	chunk = slist_container(TripleChunk, node, slist_pop_head_node(&builder->chunks));
	count = chunk->count;
	memcpy(triples, chunk->triple, sizeof(Triple) * count);
	pfree(chunk);
	builder->last = NULL;
	builder->chunk_count--;
	builder->count -= count;
	return count;
}

/*
 * Add rows of another builder, whose user u has the number user_number[u] in
 * this one, and its items likewise.
 */
void
matrix_builder_absorb(MatrixBuilder *builder, const Triple *triples, int count,
					  const int32 *user_number, const int32 *item_number)
{
	for (int i = 0; i < count; i++)
		*next_triple(builder) = (Triple) {
		user_number[triples[i].user], item_number[triples[i].item], triples[i].value
	};
}

/* The ids of users so far; they stay the builder's. */
IdsBuilder *
matrix_builder_users(const MatrixBuilder *builder)
{
	return builder->users;
}

/* The ids of items so far, likewise. */
IdsBuilder *
matrix_builder_items(const MatrixBuilder *builder)
{
	return builder->items;
}

/* Bytes held by the builder. */
Size
matrix_builder_bytes(const MatrixBuilder *builder)
{
	return ids_builder_bytes(builder->users) + ids_builder_bytes(builder->items) +
		builder->chunk_count * sizeof(TripleChunk);
}

/* How many users, items and rows there are so far. */
MatrixShape
matrix_builder_shape(const MatrixBuilder *builder)
{
	MatrixShape shape = {
		.users = ids_builder_count(builder->users),
		.items = ids_builder_count(builder->items),
		.ratings = builder->count,
		.id_bytes = ids_builder_text(builder->users) + ids_builder_text(builder->items)
	};

	return shape;
}

/* Bytes at the peak of building a matrix: the triples beside the first copy. */
Size
matrix_building_bytes(const MatrixShape *shape)
{
	Size		ids = (Size) shape->users + shape->items;

	return add_size(budget_array(shape->ratings,
								 sizeof(Triple) + sizeof(int32) + sizeof(float)),
					add_size(add_size(budget_array(ids, ID_BUILDING_BYTES),
									  budget_array(shape->id_bytes, 3)),
							 2 * sizeof(TripleChunk)));
}

/* Put the chunks in the order in which they were filled. */
static void
reverse_chunks(slist_head *chunks)
{
	slist_head	reversed;

	slist_init(&reversed);
	while (!slist_is_empty(chunks))
		slist_push_head(&reversed, slist_pop_head_node(chunks));
	*chunks = reversed;
}

/*
 * First pass: the triples by item, with final indexes; user_rank and item_rank
 * have those of the provisional ones.  The chunks are freed as they are used
 * up.
 */
static void
triples_by_item(MatrixBuilder *builder, const int32 *user_rank,
				const int32 *item_rank, SparseRows *by_item)
{
	int64	   *cursor = by_item->start + 1;
	int64		sum = 0;
	slist_iter	iter;

	slist_foreach(iter, &builder->chunks)
	{
		TripleChunk *chunk = slist_container(TripleChunk, node, iter.cur);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < chunk->count; i++)
			cursor[item_rank[chunk->triple[i].item]]++;
	}
	for (int32 item = 0; item < by_item->rows; item++)
	{
		int64		count = cursor[item];

		cursor[item] = sum;
		sum += count;
	}
	reverse_chunks(&builder->chunks);
	while (!slist_is_empty(&builder->chunks))
	{
		TripleChunk *chunk = slist_container(TripleChunk, node,
											 slist_pop_head_node(&builder->chunks));

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < chunk->count; i++)
		{
			const Triple *triple = &chunk->triple[i];
			int64		place = cursor[item_rank[triple->item]]++;

			by_item->index[place] = user_rank[triple->user];
			by_item->value[place] = triple->value;
		}
		pfree(chunk);
	}
	check_sparse(by_item, SPARSE_UNORDERED, false);
}

/* Order of two ratings, for qsort. */
static int
compare_values(const void *a, const void *b)
{
	float		x = *(const float *) a;
	float		y = *(const float *) b;

	return (x > y) - (x < y);
}

/*
 * One value for the n > 1 values of a user and an item, which are reordered.
 * Error: their sum is too large for single precision.
 */
static float
merge_values(float *value, int64 n, DuplicatesPolicy duplicates)
{
	double		sum = 0;

	if (duplicates == DUPLICATES_FIRST)
		return value[0];
	if (duplicates == DUPLICATES_LAST)
		return value[n - 1];

	/* Sorted, so that a sum does not depend on the order of the rows. */
	qsort(value, n, sizeof(float), compare_values);
	if (duplicates == DUPLICATES_MIN)
		return value[0];
	if (duplicates == DUPLICATES_MAX)
		return value[n - 1];
	for (int64 i = 0; i < n; i++)
		sum += value[i];
	if (duplicates == DUPLICATES_MEAN)
		sum /= n;
	if (!(fabs(sum) <= FLT_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the sum of the ratings of one user and item is out of range"),
				 errhint("Scale the ratings down.")));
	return (float) sum;
}

/* Report that a user and an item have n rows, if the policy is to have one. */
static void
report_duplicates(const Interactions *ratings, int32 user, int32 item, int64 n)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("several rows for one user and item"),
			 errdetail("User %s and item %s have " INT64_FORMAT " rows.",
					   id_to_cstring(ids_get(&ratings->users, user)),
					   id_to_cstring(ids_get(&ratings->items, item)), n),
			 errhint("Choose how to combine them with the option \"duplicates\" of training: max, min, mean, sum, first or last.")));
}

/*
 * Move the n values that are used (those left out are NaN) to the front;
 * returns how many there are.
 */
static int64
values_that_count(float *value, int64 n)
{
	int64		count = 0;

	for (int64 i = 0; i < n; i++)
		if (!isnan(value[i]))
			value[count++] = value[i];
	return count;
}

/* Merge repeated items within each user, and close the gaps. */
static void
merge_duplicates(Interactions *ratings, DuplicatesPolicy duplicates)
{
	SparseRows *by_user = &ratings->by_user;
	int64		to = 0;
	int64		end;

	check_sparse(by_user, SPARSE_SORTED, false);
	for (int32 user = 0; user < by_user->rows; user++)
	{
		int64		e = by_user->start[user];

		end = by_user->start[user + 1];
		CHECK_FOR_INTERRUPTS();
		by_user->start[user] = to;
		while (e < end)
		{
			int64		next = e + 1;
			int64		n;

			while (next < end && by_user->index[next] == by_user->index[e])
				next++;
			n = next - e == 1 ? 1 : values_that_count(by_user->value + e, next - e);
			if (n > 1 && duplicates == DUPLICATES_ERROR)
				report_duplicates(ratings, user, by_user->index[e], n);
			by_user->index[to] = by_user->index[e];
			by_user->value[to++] = n <= 1 ? by_user->value[e] :
				merge_values(by_user->value + e, n, duplicates);
			e = next;
		}
	}
	by_user->start[by_user->rows] = to;
	check_sparse(by_user, SPARSE_UNIQUE, false);
}

/* Make every rating 1. */
static void
binarize(SparseRows *by_user)
{
	int64		n = sparse_entries(by_user);

	for (int64 e = 0; e < n; e++)
	{
		by_user->value[e] = 1;
		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Do the values, as they were read, look like counts or flags?  If that is open
 * it decides what they are, and how those of a user and an item are merged.
 */
static RatingsPolicy
decide_values(Interactions *ratings, const RatingsPolicy *policy)
{
	RatingsPolicy decided = *policy;

	if (policy->values != VALUES_RATINGS)
	{
		WeightSpread spread = spread_of_rows(&ratings->by_user);

		ratings->counts = spread.counts || spread.flags;
	}
	if (policy->values == VALUES_OPEN)
		decided.values = ratings->counts ? VALUES_WEIGHTS : VALUES_RATINGS;
	if (policy->duplicates == DUPLICATES_BY_KIND)
		decided.duplicates = ratings->counts ? DUPLICATES_SUM : DUPLICATES_MEAN;
	return decided;
}

/*
 * The matrix of all rows added, in the current memory context or, if that is
 * asked and there is room, in shared memory.  The builder is freed.  Users and
 * items with few ratings are still there: see interactions_prune.  Error:
 * repeated rows, if that is the policy.
 */
Interactions *
matrix_builder_finish(MatrixBuilder *builder, const RatingsPolicy *policy, bool shared)
{
	Interactions *ratings = palloc0(sizeof(Interactions));
	RatingsPolicy decided;
	int32	   *user_rank = ids_builder_finish(builder->users, &ratings->users);
	int32	   *item_rank = ids_builder_finish(builder->items, &ratings->items);

	interactions_allocate_side(ratings, SIDE_ITEMS, builder->count, shared);
	triples_by_item(builder, user_rank, item_rank, &ratings->by_item);
	pfree(user_rank);
	pfree(item_rank);

	interactions_allocate_side(ratings, SIDE_USERS, builder->count, shared);
	sparse_transpose(&ratings->by_item, &ratings->by_user);
	decided = decide_values(ratings, policy);
	merge_duplicates(ratings, decided.duplicates);
	if (policy->keep_left_out || decided.values == VALUES_WEIGHTS)
		left_out_split(ratings, &decided);
	if (policy->binarize)
		binarize(&ratings->by_user);
	sparse_transpose(&ratings->by_user, &ratings->by_item);
	interactions_describe(ratings);
	if (ratings->left_out != NULL || ratings->zeros > 0)
		interactions_drop_empty(ratings);
	check_interactions(ratings);
	pfree(builder);
	budget_return_freed();
	return ratings;
}
