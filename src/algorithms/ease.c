/*
 * ease.c
 *		Algorithm "ease": the linear model of items that fits the data best.
 *
 * Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (WWW 2019): the
 * weights B of zero diagonal that minimize |X - X B|^2 + regularization |B|^2
 * are, with P the inverse of X'X + regularization I (eq. 8),
 *
 *		B_ij = - P_ij / P_jj
 *
 * The matrix is held whole, in single precision: items x items.  It is made
 * row by row from the ratings, inverted in place tile by tile (math/invert.c),
 * and becomes the weights; all of that is shared.  With k > 0 only the k
 * largest weights, by magnitude, for every item are kept.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/shmem.h"

#include "algorithms/gram.h"
#include "algorithms/registry.h"
#include "algorithms/row_lists.h"
#include "engine/cost.h"
#include "engine/team.h"
#include "engine/traits.h"
#include "engine/vectors.h"
#include "math/invert.h"
#include "math/kernels.h"
#include "resources/budget.h"

typedef struct EaseOptions
{
	CommonOptions common;
	double		regularization;
	bool		binary;
	int			k;
} EaseOptions;

static const OptionSpec options[] = {
	REAL_OPTION("regularization", EaseOptions, regularization, OPTION_AUTO, 1e-9, 1e12,
				"penalty on the squares of the weights; default 250 times the square of the mean rating, as the model learns from them, and up to 10 times as much where users hardly choose by more than popularity"),
	BOOL_OPTION("binary", EaseOptions, binary, false,
				"learn the weights from who has what, as if every rating were 1; the ratings themselves count only when a user's scores are added up",
				.old_name = "presence"),
	INT_OPTION("k", EaseOptions, k, 0, 0, 100000,
			   "number of weights to keep for each item, the largest by magnitude; 0: all of them, items x items")
};

/* What is searched. */
static const SearchAxis space[] = {
	LOG_AXIS("regularization", 10, 5000)
};

/* See ease_suit. */
#define SUITED_REGULARIZATION 250
#define MORE_WITHOUT_TASTE 10.

/*
 * Decide what depends on the data.  The penalty stands for as many users who
 * have nothing in common: no data set wanted another by much, but for those
 * without taste.
 */
static void
ease_suit(void *options, const DataTraits *traits)
{
	EaseOptions *opts = options;
	double		square = opts->binary ? 1 : pow(weight_level(traits), 2);

	if (isnan(opts->regularization))
		opts->regularization = plain_number(SUITED_REGULARIZATION * square *
											pow(MORE_WITHOUT_TASTE, 1 - traits_taste(traits)),
											1e-9, 1e12);
}

/* Shared arrays. */
enum
{
	EASE_MATRIX,
	EASE_DIAGONAL,
	EASE_LISTS
};

/* Phases of the work: those of the inversion have the number of their stage. */
enum
{
	EASE_GRAM = SQUARE_DIAGONAL + 1,	/* units of items */
	EASE_MIRROR,				/* the other triangle; units of items */
	EASE_WEIGHTS,				/* units of items */
	EASE_ROWS					/* the largest for each item; units of items */
};

typedef struct Ease
{
	const EaseOptions *options;
	const Interactions *ratings;
	SymmetricMatrix matrix;		/* [items x stride] */
	float	   *diagonal;		/* [items] of the inverse */
	RowLists	lists;			/* for each item, if k > 0 */
} Ease;

/* The matrix and its diagonal, and the lists if there are any. */
static Size
ease_memory(const MatrixShape *shape, const void *options)
{
	int			k = ((const EaseOptions *) options)->k;
	Size		bytes = add_size(vectors_bytes(shape->items, KERNEL_PADDED(shape->items)),
								 vectors_bytes(shape->items, 1));

	/* Lists for an item become those of it, for a moment both. */
	return k > 0 ? add_size(bytes, mul_size(2, row_lists_bytes(shape->items, k))) : bytes;
}

/* Half of the Gram matrix, and the inversion of it. */
static double
ease_cost(const DataTraits *traits, const void *options)
{
	double		items = traits->shape.items;

	return COST_PAIR / 2 * traits->user_pairs + COST_DENSE * items * items * items;
}

/* The shared matrix, diagonal and lists. */
static void *
ease_attach(TrainContext *context)
{
	const EaseOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	int32		item_count = ratings->by_item.rows;
	Ease	   *ease = palloc0(sizeof(Ease));

	ease->options = opts;
	ease->ratings = ratings;
	ease->matrix.n = item_count;
	ease->matrix.stride = KERNEL_PADDED(item_count);
	ease->matrix.element = team_vectors(context, EASE_MATRIX, item_count, ease->matrix.stride);
	ease->diagonal = team_vectors(context, EASE_DIAGONAL, item_count, 1);
	if (opts->k > 0)
		ease->lists = row_lists_attach(context, EASE_LISTS, item_count, opts->k);
	return ease;
}

/* A row of the matrix, of [stride] numbers. */
static float *
matrix_row(const Ease *ease, int32 item)
{
	return ease->matrix.element + (Size) item * ease->matrix.stride;
}

/* What is right of the diagonal, which is kept, to below it, row by row of those. */
static void
mirror_row(Ease *ease, int32 item)
{
	float	   *row = matrix_row(ease, item);

	ease->diagonal[item] = row[item];
	for (int32 other = 0; other < item; other++)
		row[other] = matrix_row(ease, other)[item];
}

/* The weights of an item for all others. */
static void
make_weights(Ease *ease, int32 item)
{
	float	   *row = matrix_row(ease, item);

	for (int32 other = 0; other < ease->matrix.n; other++)
		row[other] = other == item ? 0 : -row[other] / ease->diagonal[other];
}

/* The largest weights of all others for an item. */
static void
find_list(Ease *ease, int32 item)
{
	const float *row = matrix_row(ease, item);
	TopK		best;

	topk_init(&best, ease->lists.capacity, ease->lists.heap);
	for (int32 other = 0; other < ease->matrix.n; other++)
		if (other != item && row[other] != 0)
			topk_push(&best, fabsf(row[other]), other);
	for (int i = 0; i < best.count; i++)
		best.heap[i].score = -row[best.heap[i].index] / ease->diagonal[item];
	row_lists_put(&ease->lists, item, &best);
}

/* A phase, as far as it concerns one item. */
static void
work_on_item(Ease *ease, int phase, int32 item)
{
	switch (phase)
	{
		case EASE_GRAM:
			gram_row(ease->ratings, item, item, ease->options->binary,
					 matrix_row(ease, item));
			matrix_row(ease, item)[item] += ease->options->regularization;
			break;
		case EASE_MIRROR:
			mirror_row(ease, item);
			break;
		case EASE_WEIGHTS:
			make_weights(ease, item);
			break;
		default:
			find_list(ease, item);
			break;
	}
}

/* Every units-th of the tasks of a stage of the inversion; returns how many failed. */
static double
work_on_tiles(Ease *ease, InvertStage stage, int step, int unit)
{
	int			tasks = invert_tasks(&ease->matrix, stage, step);
	double		failed = 0;

	for (int task = unit; task < tasks; task += TEAM_UNITS)
	{
		CHECK_FOR_INTERRUPTS();
		failed += !invert_task(&ease->matrix, stage, step, task);
	}
	return failed;
}

/*
 * A unit of a phase: some tiles of the inversion, of which it returns how many
 * failed, or some items.
 */
static double
ease_work(TrainContext *context, int phase, int64 argument, int unit)
{
	Ease	   *ease = context->state;
	const SparseRows *by_item = &ease->ratings->by_item;
	RowRange	range;

	if (phase <= SQUARE_DIAGONAL)
		return work_on_tiles(ease, phase, argument, unit);
	range = team_unit_rows(by_item, unit);
	for (int32 item = range.from; item < range.to; item++)
	{
		CHECK_FOR_INTERRUPTS();
		work_on_item(ease, phase, item);
	}
	return 0;
}

/* A phase over all items. */
static void
run_on_items(TrainContext *context, int phase)
{
	team_run_rows(context, phase, 0, &context->ratings->by_item, NULL);
}

/* Some stages of the inversion for all steps, one after the other. */
static void
run_stages(TrainContext *context, InvertStage first, InvertStage last)
{
	const Ease *ease = context->state;
	int			steps = invert_steps(&ease->matrix);
	double		failed = 0;

	for (int step = 0; step < steps && failed == 0; step++)
		for (int stage = first; stage <= last; stage++)
			failed += team_run(context, stage, step,
							   Min(invert_tasks(&ease->matrix, stage, step), TEAM_UNITS), NULL);
	if (failed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the matrix of the items could not be inverted in single precision"),
				 errhint("Raise the regularization, or scale the weights down.")));
}

/* Make the matrix, invert it in place, and make weights of it. */
static void
ease_train(TrainContext *context)
{
	Ease	   *ease = context->state;

	progress_plan(context->progress, 0);
	run_on_items(context, EASE_GRAM);
	run_stages(context, FACTOR_DIAGONAL, FACTOR_REST);
	run_stages(context, INVERT_PANEL, INVERT_DIAGONAL);
	run_stages(context, SQUARE_REST, SQUARE_DIAGONAL);
	run_on_items(context, EASE_MIRROR);
	if (ease->options->k > 0)
	{
		run_on_items(context, EASE_ROWS);
		draft_add_sparse(context->draft, PART_WEIGHTS, row_lists_transpose(&ease->lists));
		return;
	}
	run_on_items(context, EASE_WEIGHTS);
	draft_add_floats(context->draft, PART_DENSE_WEIGHTS, ease->matrix.element,
					 ease->matrix.n, ease->matrix.n, ease->matrix.stride);
}

const Algorithm ease_algorithm = {
	.name = "ease",
	.family = "item weights",
	.feedback = FEEDBACK_IMPLICIT,
	.form = &item_weights_form,
	.description = "weights of every item for all others that reproduce the data best, by inverting a matrix",
	.options = OPTION_TABLE(EaseOptions, options),
	.space = SEARCH_SPACE(space),
	.dense = true,
	.needs_stored_ratings = true,
	.suit = ease_suit,
	.memory = ease_memory,
	.cost = ease_cost,
	.long_run_hint = "The time grows with the third power of the number of items.  Try slim or rp3beta, or leave out rare items by min_item_ratings.",
	.attach = ease_attach,
	.work = ease_work,
	.train = ease_train
};
