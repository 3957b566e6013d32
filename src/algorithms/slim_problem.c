/*
 * slim_problem.c
 *		The weights of other items for one item, as slim looks for them.
 *
 * All that is needed of the ratings X is G = X'X: the row of the item, and those of
 * the candidates, over the candidates.  With r = G_i - G w as elastic_net.c has it,
 * and as nothing here is negative, r_j is G_ij at most: items with G_ij <= l1 have
 * no weight and are left out from the start.  Of the others those are candidates
 * that would reduce the loss most if they were alone.
 *
 * Where two popular items are concerned G is held (held_gram.c).  All else is made
 * from the ratings: a walk to the users of the less popular item, and to all that
 * they have.  Either way the same numbers are added up in the same order, so the
 * weights do not depend on how much is held.
 */
#include "postgres.h"
#include "compat.h"

#include "miscadmin.h"
#include "storage/shmem.h"

#include "algorithms/gram.h"
#include "algorithms/slim_problem.h"
#include "engine/vectors.h"
#include "math/kernels.h"
#include "resources/budget.h"

/* Sweeps after which the weights are left as they are. */
#define MOST_SWEEPS 1000

/* Entries of an item that are followed between two looks for an interrupt. */
#define ENTRIES_PER_CHECK 256

/* Bytes of the work space. */
Size
slim_problem_bytes(int32 items, int capacity)
{
	Size		of_items = budget_array(items, sizeof(float) + 2 * sizeof(int32));
	Size		of_candidates = budget_array(capacity, sizeof(Scored) + 2 * sizeof(int32) +
											 2 * sizeof(float) + sizeof(double) + sizeof(float *));

	return add_size(add_size(of_items, of_candidates),
					vectors_bytes(capacity, KERNEL_PADDED(capacity)));
}

/* Work space; what the problem is about is the caller's to fill in. */
void
slim_problem_allocate(SlimProblem *problem, int32 items)
{
	int			capacity = problem->capacity;
	int			padded = KERNEL_PADDED(capacity);

	problem->net.norm = palloc(sizeof(float) * capacity);
	problem->net.rest = allocate_vectors(1, padded);
	problem->net.weight = palloc(sizeof(double) * capacity);
	problem->net.row = palloc(sizeof(float *) * capacity);
	problem->item = palloc(sizeof(int32) * capacity);
	problem->rank = palloc(sizeof(int32) * capacity);
	problem->rows = allocate_vectors(capacity, padded);
	problem->best = palloc(sizeof(Scored) * capacity);
	problem->common = allocate_array_zero(items, sizeof(float));
	problem->touched = allocate_array(items, sizeof(int32));
	problem->place = allocate_array(items, sizeof(int32));
	for (int32 item = 0; item < items; item++)
		problem->place[item] = -1;
}

/* Make the row of G of an item; returns how many items it has anything in common with. */
static int32
touch_common(SlimProblem *problem, int32 item)
{
	const SparseRows *by_user = &problem->ratings->by_user;
	const SparseRows *by_item = &problem->ratings->by_item;
	int32		count = 0;

	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
	{
		int32		user = by_item->index[e];
		float		x = by_item->value[e];

		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		for (int64 o = by_user->start[user]; o < by_user->start[user + 1]; o++)
		{
			float	   *common = &problem->common[by_user->index[o]];
			float		product = problem->binary ? 1 : x * by_user->value[o];

			if (*common == 0 && product > 0)
				problem->touched[count++] = by_user->index[o];
			*common += product;
		}
	}
	return count;
}

/* The same where all items are held. */
static int32
read_common(SlimProblem *problem, int32 item)
{
	const int32 *rank = problem->held.rank;
	const float *row = held_gram_row(&problem->held, rank[item]);
	int32		items = problem->ratings->by_item.rows;
	int32		count = 0;

	for (int32 other = 0; other < items; other++)
	{
		problem->common[other] = row[rank[other]];
		if (problem->common[other] > 0)
			problem->touched[count++] = other;
	}
	return count;
}

/* Popular candidates first, so that what is held of them is read in order. */
static void
order_by_popularity(const SlimProblem *problem, TopK *best)
{
	int			count = best->count;

	topk_init(best, count, best->heap);
	for (int c = 0; c < count; c++)
	{
		int32		item = best->heap[c].index;

		topk_push(best, -problem->held.rank[item], item);
	}
	topk_sort(best);
}

/* Find the candidates for an item, into the heap of "best", and what they have in common with it. */
static void
find_candidates(SlimProblem *problem, int32 item, TopK *best)
{
	bool		all_held = problem->held.count == problem->ratings->by_item.rows;
	int32		touched = all_held ? read_common(problem, item) : touch_common(problem, item);

	topk_init(best, problem->capacity, problem->best);
	for (int32 t = 0; t < touched; t++)
	{
		int32		other = problem->touched[t];
		double		above = problem->common[other] - problem->net.l1;

		if (other != item && above > 0)
			topk_push(best, above * above / (problem->norm[other] + problem->net.l2), other);
	}
	order_by_popularity(problem, best);
	for (int c = 0; c < best->count; c++)
	{
		problem->item[c] = best->heap[c].index;
		problem->rank[c] = problem->held.rank[problem->item[c]];
		problem->net.rest[c] = problem->common[problem->item[c]];
	}
	for (int32 t = 0; t < touched; t++)
		problem->common[problem->touched[t]] = 0;
}

/* How many ratings the users of an item have. */
static int64
length_of_walk(const SlimProblem *problem, int32 item)
{
	const SparseRows *by_item = &problem->ratings->by_item;
	int64		length = 0;

	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
		length += sparse_row_length(&problem->ratings->by_user, by_item->index[e]);
	return length;
}

/* Add the row of G of an item over the candidates to "row", looking for these one by one. */
static void
walk_to_candidates(const SlimProblem *problem, int32 item, float *row)
{
	const SparseRows *by_user = &problem->ratings->by_user;
	const SparseRows *by_item = &problem->ratings->by_item;

	for (int64 e = by_item->start[item]; e < by_item->start[item + 1]; e++)
	{
		int32		user = by_item->index[e];
		float		x = by_item->value[e];

		if (e % ENTRIES_PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		for (int64 o = by_user->start[user]; o < by_user->start[user + 1]; o++)
		{
			int32		place = problem->place[by_user->index[o]];

			if (place >= 0)
				row[place] += problem->binary ? 1 : x * by_user->value[o];
		}
	}
}

/* The same for all items, of which the candidates are read: faster where walks are long. */
static void
walk_to_all(SlimProblem *problem, int32 item, float *row)
{
	gram_row(problem->ratings, item, 0, problem->binary, problem->common);
	for (int c = 0; c < problem->net.count; c++)
		row[c] = problem->common[problem->item[c]];
	memset(problem->common, 0, sizeof(float) * problem->ratings->by_item.rows);
}

/* The row of G of a candidate over all candidates, from the ratings. */
static const float *
walk_row(SlimProblem *problem, int c)
{
	int			padded = KERNEL_PADDED(problem->net.count);
	float	   *row = problem->rows + (Size) c * padded;
	int32		item = problem->item[c];

	memset(row, 0, sizeof(float) * padded);
	if (length_of_walk(problem, item) > problem->ratings->by_item.rows)
		walk_to_all(problem, item, row);
	else
		walk_to_candidates(problem, item, row);
	return row;
}

/* The same of one that is held: what it has in common with the others is in their rows. */
static const float *
held_row(SlimProblem *problem, int c)
{
	ElasticNet *net = &problem->net;
	int			padded = KERNEL_PADDED(net->count);
	const float *held = held_gram_row(&problem->held, problem->rank[c]);
	float	   *row = problem->rows + (Size) c * padded;

	for (int other = 0; other < problem->held_candidates; other++)
		row[other] = held[problem->rank[other]];
	for (int other = problem->held_candidates; other < net->count; other++)
	{
		if (net->row[other] == NULL)
			net->row[other] = walk_row(problem, other);
		row[other] = net->row[other][c];
	}
	memset(row + net->count, 0, sizeof(float) * (padded - net->count));
	return row;
}

/* The row of G of a candidate, for the elastic net. */
static const float *
row_of_candidate(void *arg, int c)
{
	SlimProblem *problem = arg;

	CHECK_FOR_INTERRUPTS();
	return c < problem->held_candidates ? held_row(problem, c) : walk_row(problem, c);
}

/* Set up the problem of an item: its penalties and candidates, no weights. */
void
slim_problem_pose(SlimProblem *problem, int32 item, double l1, double l2)
{
	ElasticNet *net = &problem->net;
	TopK		best;

	net->l1 = l1;
	net->l2 = l2;
	find_candidates(problem, item, &best);
	net->count = best.count;
	problem->held_candidates = 0;
	while (problem->held_candidates < net->count &&
		   problem->rank[problem->held_candidates] < problem->held.count)
		problem->held_candidates++;
	net->make_row = row_of_candidate;
	net->arg = problem;
	for (int c = 0; c < net->count; c++)
	{
		net->norm[c] = problem->norm[problem->item[c]];
		net->weight[c] = 0;
		net->row[c] = NULL;
		problem->place[problem->item[c]] = c;
	}
	memset(net->rest + net->count, 0, sizeof(float) * (KERNEL_PADDED(net->count) - net->count));
}

/*
 * Find the weights: sweeps through those that are not zero until none changes by
 * more than the tolerance, then through all.
 */
void
slim_problem_solve(SlimProblem *problem, double tolerance)
{
	ElasticNet *net = &problem->net;
	int			sweeps = 0;

	while (sweeps++ < MOST_SWEEPS && elastic_net_sweep(net, true) > tolerance)
		while (sweeps++ < MOST_SWEEPS && elastic_net_sweep(net, false) > tolerance)
			CHECK_FOR_INTERRUPTS();
	for (int c = 0; c < net->count; c++)
		problem->place[problem->item[c]] = -1;
}
