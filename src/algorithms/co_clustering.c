/*
 * co_clustering.c
 *		Algorithm "co_clustering": the means of the user and of the item, and
 *		an offset for the pair of clusters that they are in.
 *
 * George and Merugu, "A Scalable Collaborative Filtering Framework Based on
 * Co-Clustering" (ICDM 2005), eq. 2: C_gh + (mu_u - C_g) + (mu_i - C_h) for a
 * user of cluster g and an item of cluster h.  In other words, a prediction is
 * mu_u + mu_i + d_gh.  Where every user has rated every item the means of the
 * clusters, C, give the d of the least squared error.  Where most
 * ratings are missing they do not, so d is fitted to those that there are:
 *
 *		d_gh = mean of r_ui - mu_u - mu_i over the ratings of the co-cluster
 *
 * Then no step makes the error larger, neither this one nor moving every user,
 * or every item, to the cluster where the error of its ratings is least; and
 * the error is smaller, of the ratings held out as well.  With n ratings of a
 * row in each cluster of the other side, whose residuals r - mu_u - mu_i add up
 * to s, its error in cluster g is sum over h of d_gh (n_h d_gh - 2 s_h), but
 * for a constant: one pass over the ratings of a side moves its rows and has
 * the sums of the next d.
 *
 * What is found is a local minimum.  So when no row moves any more the search
 * is restarted: one cluster of each side is given up, another one is cut in two,
 * and all rows move until they have settled again.  If the error is not less
 * then, the clusters from before are taken back.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/lists.h"
#include "algorithms/registry.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "math/random.h"
#include "resources/budget.h"

/*
 * Sums of a row are added up in so many copies by turns: most ratings belong to
 * the same sum as the one before, and would have to wait for it.
 */
#define COPIES 4

typedef struct CoClusteringOptions
{
	CommonOptions common;
	IterationOptions iteration;
	int			clusters[2];	/* of users, of items */
	int			restarts;
	int			seed;
} CoClusteringOptions;

static const OptionSpec options[] = {
	INT_OPTION("user_clusters", CoClusteringOptions, clusters[0], 3, 1, 256,
			   "number of clusters of users"),
	INT_OPTION("item_clusters", CoClusteringOptions, clusters[1], 3, 1, 256,
			   "number of clusters of items"),
	ITERATION_OPTIONS(CoClusteringOptions, iteration, 20,
					  "passes that move users and items to better clusters, at most, until none moves; in each restart again"),
	INT_OPTION("restarts", CoClusteringOptions, restarts, 5, 0, 100000,
			   "number of further searches, each from the best clusters so far with one given up and another cut in two"),
	INT_OPTION("seed", CoClusteringOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/*
 * Phases of the work.  The argument is the number of the restart, 0 for the
 * start, times two, plus the side.
 */
enum
{
	CLUSTER_MEANS,				/* biases; all phases: units of rows of the side */
	CLUSTER_SQUARES,			/* sum of the squared residuals */
	CLUSTER_SHUFFLE,			/* clusters at random */
	CLUSTER_SUMS,				/* sums of the co-clusters */
	CLUSTER_MOVES				/* the same, and move rows; how many have moved */
};

/* Shared arrays; two have one for users and then one for items. */
enum
{
	CLUSTER_BIAS,
	CLUSTER_NUMBER = CLUSTER_BIAS + 2,
	CLUSTER_OFFSETS = CLUSTER_NUMBER + 2,
	CLUSTER_CELLS
};

/* Ratings of one or more rows in a cluster or co-cluster. */
typedef struct Cell
{
	double		sum;			/* of their residuals */
	int64		count;
} Cell;

/* Users or items. */
typedef struct ClusterSide
{
	const SparseRows *rows;
	int			clusters;
	int			step;			/* from one cluster to the next in the co-clusters */
	float	   *bias;			/* [rows] the row's mean less that of all */
	uint32	   *cluster;		/* [rows] */
	uint32	   *best_cluster;	/* [rows] as kept; the leader's */
} ClusterSide;

typedef struct CoClustering
{
	const CoClusteringOptions *options;
	double		mean;
	ClusterSide side[2];		/* users, items */
	int			co_clusters;
	double	   *offset;			/* [co_clusters] d */
	Cell	   *cells;			/* [units x co_clusters] sums of each unit */
	Cell	   *row;			/* [COPIES x clusters of a side] the row at hand */

	/* The leader's. */
	Cell	   *total;			/* [co_clusters] */
	double	   *best_offset;	/* [co_clusters] as kept */
	double		sse;			/* of all residuals */
	double		error;			/* squared, under the clusters at hand */
	double		best_error;
} CoClustering;

/* Bytes of an element for each pair of clusters. */
static Size
co_clusters_bytes(const CoClusteringOptions *opts, Size element)
{
	return budget_array(opts->clusters[0] * opts->clusters[1], element);
}

/* Biases and clusters of all rows, and the sums of each unit. */
static Size
co_clustering_memory(const MatrixShape *shape, const void *options)
{
	Size		rows = (Size) shape->users + shape->items;

	return add_size(budget_array(rows, sizeof(float) + 2 * sizeof(uint32)),
					co_clusters_bytes(options, TEAM_ROW_UNITS * sizeof(Cell)));
}

/* The users or the items, with their shared arrays. */
static ClusterSide
attach_side(TrainContext *context, int number)
{
	const CoClusteringOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	ClusterSide side = {
		.rows = interactions_by(ratings, number),
		.clusters = opts->clusters[number],
		.step = number == SIDE_USERS ? opts->clusters[1] : 1
	};

	side.bias = team_vectors(context, CLUSTER_BIAS + number, side.rows->rows, 1);
	side.cluster = team_array(context, CLUSTER_NUMBER + number,
							  budget_array(side.rows->rows, sizeof(uint32)));
	return side;
}

/* The shared arrays, and room for the row at hand. */
static void *
co_clustering_attach(TrainContext *context)
{
	const CoClusteringOptions *opts = context->options;
	CoClustering *run = palloc0(sizeof(CoClustering));

	run->options = opts;
	run->mean = context->ratings->mean;
	for (int number = SIDE_USERS; number <= SIDE_ITEMS; number++)
		run->side[number] = attach_side(context, number);
	run->co_clusters = opts->clusters[0] * opts->clusters[1];
	run->offset = team_array(context, CLUSTER_OFFSETS,
							 co_clusters_bytes(opts, sizeof(double)));
	run->cells = team_array(context, CLUSTER_CELLS,
							co_clusters_bytes(opts, TEAM_ROW_UNITS * sizeof(Cell)));
	run->row = palloc(sizeof(Cell) * COPIES * Max(opts->clusters[0], opts->clusters[1]));
	return run;
}

/* The bias of a row: its mean, less the mean of all ratings. */
static void
fit_bias(const CoClustering *run, const ClusterSide *side, int32 row)
{
	const SparseRows *rows = side->rows;
	double		sum = 0;

	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
		sum += rows->value[e] - run->mean;
	if (sparse_row_length(rows, row) > 0)
		side->bias[row] = sum / sparse_row_length(rows, row);
}

/* Another cluster than the given one, of two or more. */
static uint32
other_cluster(RandomStream *numbers, const ClusterSide *side, uint32 cluster)
{
	return (cluster + 1 + random_below(numbers, side->clusters - 1)) % side->clusters;
}

/*
 * At a restart: a row of the cluster that is given up goes to another one, and
 * half of the cluster that is cut in two, at random, becomes that cluster.
 */
static void
recut_row(const CoClustering *run, const ClusterSide *side, int32 row, int64 argument)
{
	RandomStream for_all = random_stream(run->options->seed, argument, PG_UINT64_MAX);
	RandomStream numbers = random_stream(run->options->seed, argument, row);
	uint32		given_up = random_below(&for_all, side->clusters);
	uint32		cut = other_cluster(&for_all, side, given_up);

	if (side->cluster[row] == given_up)
		side->cluster[row] = other_cluster(&numbers, side, given_up);
	else if (side->cluster[row] == cut && random_below(&numbers, 2) == 0)
		side->cluster[row] = given_up;
}

/* Put a row into a cluster at random; see recut_row for how at a restart. */
static void
shuffle_row(const CoClustering *run, const ClusterSide *side, int32 row, int64 argument)
{
	RandomStream numbers = random_stream(run->options->seed, argument, row);

	if (argument < 2)
		side->cluster[row] = random_below(&numbers, side->clusters);
	else if (side->clusters > 1)
		recut_row(run, side, row, argument);
}

/* The squared residuals of a row. */
static double
squares_of_row(const CoClustering *run, const ClusterSide *side, const ClusterSide *other,
			   int32 row)
{
	const SparseRows *rows = side->rows;
	double		base = run->mean + side->bias[row];
	double		sse = 0;

	for (int64 e = rows->start[row]; e < rows->start[row + 1]; e++)
	{
		double		residual = rows->value[e] - base - other->bias[rows->index[e]];

		sse += residual * residual;
	}
	return sse;
}

/* Sum up the residuals of a row for each cluster of the other side, in run->row. */
static void
sum_row(CoClustering *run, const ClusterSide *side, const ClusterSide *other, int32 row)
{
	const int32 *index = side->rows->index;
	const float *value = side->rows->value;
	const float *bias = other->bias;
	const uint32 *cluster = other->cluster;
	double		base = run->mean + side->bias[row];
	int64		end = side->rows->start[row + 1];
	Cell	   *cells = run->row;
	int			last = (COPIES - 1) * other->clusters;
	int			copy = 0;

	memset(cells, 0, sizeof(Cell) * COPIES * other->clusters);
	for (int64 e = side->rows->start[row]; e < end; e++)
	{
		Cell	   *cell = &cells[copy + cluster[index[e]]];

		cell->sum += value[e] - base - bias[index[e]];
		cell->count++;
		copy = copy == last ? 0 : copy + other->clusters;
	}
	for (int c = other->clusters; c < COPIES * other->clusters; c++)
	{
		cells[c % other->clusters].sum += cells[c].sum;
		cells[c % other->clusters].count += cells[c].count;
	}
}

/* Squared error of the row summed up, in a cluster, but for its squares. */
static double
error_in_cluster(const CoClustering *run, const ClusterSide *side, const ClusterSide *other,
				 int cluster)
{
	const double *offset = run->offset + cluster * side->step;
	double		error = 0;

	for (int c = 0; c < other->clusters; c++)
	{
		double		d = offset[c * other->step];

		error += d * (run->row[c].count * d - 2 * run->row[c].sum);
	}
	return error;
}

/* Move the row summed up to where its error is least; returns if it moves. */
static bool
move_row(const CoClustering *run, const ClusterSide *side, const ClusterSide *other, int32 row)
{
	uint32		from = side->cluster[row];
	double		least = error_in_cluster(run, side, other, from);

	for (int c = 0; c < side->clusters; c++)
	{
		double		error = error_in_cluster(run, side, other, c);

		if (error < least)
		{
			least = error;
			side->cluster[row] = c;
		}
	}
	return side->cluster[row] != from;
}

/* Add the row summed up to the co-clusters of its cluster. */
static void
add_row(const CoClustering *run, const ClusterSide *side, const ClusterSide *other, int32 row,
		Cell *cells)
{
	cells += side->cluster[row] * side->step;
	for (int c = 0; c < other->clusters; c++)
	{
		cells[c * other->step].sum += run->row[c].sum;
		cells[c * other->step].count += run->row[c].count;
	}
}

/* A phase, as far as it concerns one row. */
static double
work_on_row(CoClustering *run, int phase, int64 argument, int32 row, Cell *cells)
{
	const ClusterSide *side = &run->side[argument % 2];
	const ClusterSide *other = &run->side[1 - argument % 2];
	bool		moves = false;

	switch (phase)
	{
		case CLUSTER_MEANS:
			fit_bias(run, side, row);
			return 0;
		case CLUSTER_SQUARES:
			return squares_of_row(run, side, other, row);
		case CLUSTER_SHUFFLE:
			shuffle_row(run, side, row, argument);
			return 0;
	}
	sum_row(run, side, other, row);
	if (phase == CLUSTER_MOVES)
		moves = move_row(run, side, other, row);
	add_row(run, side, other, row, cells);
	return moves;
}

/*
 * A unit of a phase: some rows of a side.  Their sums go to the unit's own
 * cells; returns what the phase adds up.
 */
static double
co_clustering_work(TrainContext *context, int phase, int64 argument, int unit)
{
	CoClustering *run = context->state;
	const SparseRows *rows = run->side[argument % 2].rows;
	RowRange	range = team_unit_rows(rows, unit);
	Cell	   *cells = run->cells + (Size) unit * run->co_clusters;
	double		result = 0;

	memset(cells, 0, sizeof(Cell) * run->co_clusters);
	for (int32 row = range.from; row < range.to; row++)
	{
		CHECK_FOR_INTERRUPTS();
		result += work_on_row(run, phase, argument, row, cells);
	}
	return result;
}

/* A phase over all rows of a side; returns the sum of what its units return. */
static double
run_phase(TrainContext *context, int phase, int restart, int side)
{
	const CoClustering *run = context->state;

	return team_run_rows(context, phase, (int64) restart * 2 + side, run->side[side].rows, NULL);
}

/* Fit the offsets to the sums that the units of a phase have left. */
static void
fit_offsets(CoClustering *run, int units)
{
	Cell	   *total = run->total;

	memset(total, 0, sizeof(Cell) * run->co_clusters);
	for (int unit = 0; unit < units; unit++)
	{
		const Cell *cells = run->cells + (Size) unit * run->co_clusters;

		CHECK_FOR_INTERRUPTS();
		for (int c = 0; c < run->co_clusters; c++)
		{
			total[c].sum += cells[c].sum;
			total[c].count += cells[c].count;
		}
	}
	run->error = run->sse;
	for (int c = 0; c < run->co_clusters; c++)
	{
		run->offset[c] = total[c].count > 0 ? total[c].sum / total[c].count : 0;
		run->error -= run->offset[c] * total[c].sum;
	}
}

/* Put rows into clusters at random and fit the offsets to that. */
static void
shuffle(TrainContext *context, int restart)
{
	CoClustering *run = context->state;

	for (int side = SIDE_USERS; side <= SIDE_ITEMS; side++)
		run_phase(context, CLUSTER_SHUFFLE, restart, side);
	run_phase(context, CLUSTER_SUMS, restart, SIDE_USERS);
	fit_offsets(run, team_row_units(run->side[SIDE_USERS].rows));
}

/* Move users, then items.  Returns false if none of them has moved. */
static bool
move_all(TrainContext *context)
{
	CoClustering *run = context->state;
	double		moved = 0;

	for (int side = SIDE_USERS; side <= SIDE_ITEMS; side++)
	{
		moved += run_phase(context, CLUSTER_MOVES, 0, side);
		fit_offsets(run, team_row_units(run->side[side].rows));
	}
	return moved > 0;
}

/* Copy the clusters and offsets at hand to what is kept, or back. */
static void
copy_best(CoClustering *run, bool back)
{
	Size		bytes = sizeof(double) * run->co_clusters;

	memcpy(back ? run->offset : run->best_offset, back ? run->best_offset : run->offset, bytes);
	for (int number = SIDE_USERS; number <= SIDE_ITEMS; number++)
	{
		ClusterSide *side = &run->side[number];

		bytes = sizeof(uint32) * (Size) side->rows->rows;
		memcpy(back ? side->cluster : side->best_cluster,
			   back ? side->best_cluster : side->cluster, bytes);
	}
	if (back)
		run->error = run->best_error;
	else
		run->best_error = run->error;
}

/* Search for something better than the clusters at hand. */
static void
search_again(TrainContext *context, int restart)
{
	CoClustering *run = context->state;

	copy_best(run, false);
	shuffle(context, restart);
	for (int i = 0; i < run->options->iteration.iterations; i++)
		if (!move_all(context))
			break;
	if (run->error >= run->best_error)
		copy_best(run, true);
}

/* Some ratings of a user, as the training stands. */
static void
co_clustering_predict(TrainContext *context, int32 user, const int32 *item, int count,
					  double *prediction)
{
	const CoClustering *run = context->state;
	const ClusterSide *users = &run->side[SIDE_USERS];
	const ClusterSide *items = &run->side[SIDE_ITEMS];
	const double *offset = run->offset + users->cluster[user] * users->step;

	for (int i = 0; i < count; i++)
		prediction[i] = run->mean + users->bias[user] + items->bias[item[i]] +
			offset[items->cluster[item[i]]];
}

/* What the model is: biases, clusters and the offsets of co-clusters. */
static void
finish(const CoClustering *run, ModelDraft *draft)
{
	const ClusterSide *users = &run->side[SIDE_USERS];
	const ClusterSide *items = &run->side[SIDE_ITEMS];
	float	   *offset = palloc(sizeof(float) * run->co_clusters);

	for (int c = 0; c < run->co_clusters; c++)
		offset[c] = run->offset[c];
	draft_add_biases(draft, users->bias, users->rows->rows, items->bias, items->rows->rows, 1);
	draft_add_uint32s(draft, PART_USER_CLUSTERS, users->cluster, users->rows->rows);
	draft_add_uint32s(draft, PART_ITEM_CLUSTERS, items->cluster, items->rows->rows);
	draft_add_floats(draft, PART_CLUSTER_OFFSETS, offset, users->clusters, items->clusters,
					 items->clusters);
}

/* Before the first iteration: biases, squared residuals, and clusters at random. */
static void
start(TrainContext *context)
{
	CoClustering *run = context->state;

	run->total = palloc(sizeof(Cell) * run->co_clusters);
	run->best_offset = palloc(sizeof(double) * run->co_clusters);
	for (int number = SIDE_USERS; number <= SIDE_ITEMS; number++)
	{
		ClusterSide *side = &run->side[number];

		side->best_cluster = allocate_array(side->rows->rows, sizeof(uint32));
		run_phase(context, CLUSTER_MEANS, 0, number);
	}
	run->sse = run_phase(context, CLUSTER_SQUARES, 0, SIDE_USERS);
	shuffle(context, 0);
}

/* An iteration moves all rows or, when they have settled, is a restart. */
static void
co_clustering_train(TrainContext *context)
{
	const CoClusteringOptions *opts = context->options;
	CoClustering *run = context->state;
	int64		count = sparse_entries(&context->ratings->by_user);
	int			iterations = iteration_plan_more(context, opts->restarts);
	int			restarts = 0;
	bool		settled = false;

	start(context);
	for (int i = 1; i <= iterations; i++)
	{
		if (!settled)
			settled = !move_all(context) || i == opts->iteration.iterations;
		else if (restarts < opts->restarts)
			search_again(context, ++restarts);
		else
			break;
		if (!iteration_end(context, run->error, sqrt(Max(run->error, 0) / count)))
			break;
	}
	finish(run, context->draft);
}

const Algorithm co_clustering_algorithm = {
	.name = "co_clustering",
	.family = "clustering",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &cluster_form,
	.description = "means of user and item, and an offset for the pair of clusters they are in",
	.options = OPTION_TABLE(CoClusteringOptions, options),
	LISTS_BY_IALS,
	.iteration = offsetof(CoClusteringOptions, iteration),
	.memory = co_clustering_memory,
	.attach = co_clustering_attach,
	.work = co_clustering_work,
	.train = co_clustering_train,
	.predict = co_clustering_predict
};
