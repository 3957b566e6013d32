/*
 * nmf.c
 *		Algorithm "nmf": p_u . q_i with no negative factor, by multiplicative
 *		updates.
 *
 * Luo et al., "An Efficient Non-Negative Matrix-Factorization-Based Approach
 * to Collaborative Filtering for Recommender Systems" (IEEE Transactions on
 * Industrial Informatics 2014):
 *
 *	p_uf *= sum_i q_if r_ui / (sum_i q_if rhat_ui + user_regularization n_u p_uf)
 *
 * and then the same for q_if with the users' new vectors: so the loss falls.
 * (The paper updates both from the vectors before.  Ratings that a small start
 * predicts too low are then overshot by both sides at once, and with few factors
 * the iterations never settle.)
 *
 * The factor can be raised to a power, "relaxation", with which the updates are
 * stable below 2 (Badeau, Bertin and Vincent, "Stability Analysis of
 * Multiplicative Update Algorithms and Application to Nonnegative Matrix
 * Factorization", IEEE Transactions on Neural Networks 2010).  Near 1 it changes
 * how far an iteration gets, and not where they all lead.
 *
 * With biases the numerator has what draws a prediction up, the denominator
 * what draws it down: a rating below zero goes to the latter, and so does, on
 * the side of its sign, the base that p_u . q_i is added to.  The biases are
 * fitted exactly after the factors, first the items'.  Without them no
 * prediction is negative, and no rating may be.
 *
 * One pass over the ratings of a user, with one set of predictions, gives their
 * bias, their squared error, and their next vector.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/lists.h"
#include "algorithms/registry.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "engine/vectors.h"
#include "forms/fold_in.h"
#include "math/kernels.h"
#include "math/random.h"
#include "resources/budget.h"

/* How many elements of vectors are worked on between looks for an interrupt. */
#define SLICE_WORK (1 << 20)

/*
 * Factors below this are made zero: they have no weight, but their products
 * would be denormal, and slow to compute with.
 */
#define LEAST_FACTOR 1e-18f

typedef struct NmfOptions
{
	CommonOptions common;
	IterationOptions iteration;
	int			factors;
	double		user_regularization;
	double		item_regularization;
	bool		biased;
	double		user_bias_regularization;
	double		item_bias_regularization;
	double		relaxation;
	double		init_low;
	double		init_high;
	int			seed;
} NmfOptions;

static const OptionSpec options[] = {
	INT_OPTION("factors", NmfOptions, factors, 15, 1, 4096,
			   "length of the vectors of users and items"),
	ITERATION_OPTIONS(NmfOptions, iteration, 50, "alternations between users and items"),
	REAL_OPTION("user_regularization", NmfOptions, user_regularization, .06, 0, 1000,
				"penalty on the squares of user factors, for each rating",
				.old_name = "reg_user"),
	REAL_OPTION("item_regularization", NmfOptions, item_regularization, .06, 0, 1000,
				"penalty on the squares of item factors, for each rating",
				.old_name = "reg_item"),
	BOOL_OPTION("biased", NmfOptions, biased, false,
				"model the mean and the biases of users and items, too; biases may be negative"),
	REAL_OPTION("user_bias_regularization", NmfOptions, user_bias_regularization, 15, 0, 1e9,
				"with biased: penalty on user biases, in ratings: a user with that many has half the bias that fits best",
				.old_name = "reg_user_bias"),
	REAL_OPTION("item_bias_regularization", NmfOptions, item_bias_regularization, 10, 0, 1e9,
				"with biased: penalty on item biases, in ratings: an item with that many has half the bias that fits best",
				.old_name = "reg_item_bias"),
	REAL_OPTION("relaxation", NmfOptions, relaxation, 1.25, .1, 2,
				"exponent of the factor of each update: 1 is the classic update, more goes faster, and near 2 it no longer converges"),
	REAL_OPTION("init_low", NmfOptions, init_low, 0, 0, 1000,
				"lower bound of the random factors at the start"),
	REAL_OPTION("init_high", NmfOptions, init_high, 1, 1e-6, 1000,
				"upper bound of the random factors at the start"),
	INT_OPTION("seed", NmfOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* Phases of the work.  Their argument is how often the users have turned. */
enum
{
	NMF_START_USERS,			/* random factors; units of users */
	NMF_START_ITEMS,			/* units of items */
	NMF_ITEMS,					/* new vectors; units of items */
	NMF_ITEM_BIASES,			/* units of items */
	NMF_USERS					/* biases, squared error and next vectors; units of
								 * users */
};

/* Shared arrays. */
enum
{
	NMF_P,
	NMF_NEXT_P,
	NMF_Q,
	NMF_USER_BIAS,
	NMF_ITEM_BIAS
};

/* The users or the items. */
typedef struct NmfSide
{
	const SparseRows *rows;
	float	   *vectors;		/* [rows x stride] */
	float	   *bias;			/* [rows] */
	double		penalty;		/* on squares of factors, for each rating */
	double		bias_penalty;	/* on squares of biases */
} NmfSide;

typedef struct Nmf
{
	const NmfOptions *options;
	int			stride;
	double		offset;
	bool		is_plain;		/* no biases, and so no rating below zero */
	NmfSide		users;
	NmfSide		items;
	float	   *p[2];			/* [users x stride] those and the next ones, by turns */
	float	   *next_p;

	/* Of the row at hand. */
	float	   *product;		/* [as many as a row can have] p_u . q_i */
	const float *up_weight;		/* [likewise] */
	const float *down_weight;	/* [likewise] */
	float	   *up_mixed;		/* [likewise] room for the former */
	float	   *down_mixed;		/* [likewise] room for the latter */
	float	   *up;				/* [stride] what draws each factor up */
	float	   *down;			/* [stride] and what draws it down */
} Nmf;

/* Error: the range of the factors at the start is empty. */
static void
nmf_prepare(void *options, bool has_values)
{
	const NmfOptions *opts = options;

	if (opts->init_low > opts->init_high)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"init_low\" is larger than \"init_high\""),
				 errdetail("They are %g and %g.", opts->init_low, opts->init_high)));
}

/* The vectors of users twice, those of items, and the biases. */
static Size
nmf_memory(const MatrixShape *shape, const void *options)
{
	int			stride = KERNEL_PADDED(((const NmfOptions *) options)->factors);

	return add_size(vectors_bytes(shape->users, 2 * stride + 1),
					vectors_bytes(shape->items, stride + 1));
}

/* What the row at hand takes, in each process. */
static Size
nmf_scratch(const MatrixShape *shape, const void *options)
{
	int			stride = KERNEL_PADDED(((const NmfOptions *) options)->factors);

	return add_size(vectors_bytes(Max(shape->users, shape->items), 3),
					vectors_bytes(2, stride));
}

/* The shared vectors and biases, and the work space. */
static void *
nmf_attach(TrainContext *context)
{
	const NmfOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	int32		user_count = ratings->by_user.rows;
	int32		item_count = ratings->by_item.rows;
	Nmf		   *nmf = palloc0(sizeof(Nmf));

	nmf->options = opts;
	nmf->stride = KERNEL_PADDED(opts->factors);
	nmf->offset = opts->biased ? ratings->mean : 0;
	nmf->is_plain = !opts->biased;
	nmf->users.rows = &ratings->by_user;
	nmf->users.penalty = opts->user_regularization;
	nmf->users.bias_penalty = opts->user_bias_regularization;
	nmf->users.bias = team_vectors(context, NMF_USER_BIAS, user_count, 1);
	nmf->items.rows = &ratings->by_item;
	nmf->items.penalty = opts->item_regularization;
	nmf->items.bias_penalty = opts->item_bias_regularization;
	nmf->items.bias = team_vectors(context, NMF_ITEM_BIAS, item_count, 1);
	nmf->items.vectors = team_vectors(context, NMF_Q, item_count, nmf->stride);
	nmf->p[0] = team_vectors(context, NMF_P, user_count, nmf->stride);
	nmf->p[1] = team_vectors(context, NMF_NEXT_P, user_count, nmf->stride);
	nmf->product = allocate_vectors(Max(user_count, item_count), 1);
	nmf->up_mixed = allocate_vectors(Max(user_count, item_count), 1);
	nmf->down_mixed = allocate_vectors(Max(user_count, item_count), 1);
	nmf->up = allocate_vectors(1, nmf->stride);
	nmf->down = allocate_vectors(1, nmf->stride);
	return nmf;
}

/* After so many turns, which of the two are the users' vectors? */
static void
turn(Nmf *nmf, int64 turns)
{
	nmf->users.vectors = nmf->p[turns % 2];
	nmf->next_p = nmf->p[(turns + 1) % 2];
}

/* The vector of a row of a side. */
static float *
vector_of(const Nmf *nmf, const NmfSide *side, int32 row)
{
	return side->vectors + (Size) row * nmf->stride;
}

/* Uniform factors, from a stream for each row. */
static void
start_row(const Nmf *nmf, const NmfSide *side, int32 row)
{
	double		low = nmf->options->init_low;
	double		width = nmf->options->init_high - low;
	RandomStream stream = random_stream(nmf->options->seed, side == &nmf->items, row);
	float	   *vector = vector_of(nmf, side, row);

	for (int f = 0; f < nmf->options->factors; f++)
		vector[f] = low + width * random_uniform(&stream);
}

/*
 * The ratings of a row, slice by slice: so many at a time that a look for an
 * interrupt is due.
 */
typedef struct Slice
{
	int64		from;			/* the first of them */
	int64		place;			/* counted from the first of the row */
	int			count;
} Slice;

/* Go on to the next slice of a row, from an empty one; false: there is none. */
static bool
next_slice(const Nmf *nmf, const SparseRows *rows, int32 row, Slice *slice)
{
	slice->place += slice->count;
	slice->from = rows->start[row] + slice->place;
	slice->count = Min(rows->start[row + 1] - slice->from, Max(SLICE_WORK / nmf->stride, 1));
	CHECK_FOR_INTERRUPTS();
	return slice->count > 0;
}

/* The inner products of a row with the columns that it has ratings for. */
static void
multiply_row(Nmf *nmf, const NmfSide *side, const NmfSide *other, int32 row)
{
	Slice		slice = {0};

	while (next_slice(nmf, side->rows, row, &slice))
		kernels->gather_dot(slice.count, nmf->stride, other->vectors,
							side->rows->index + slice.from, vector_of(nmf, side, row),
							nmf->product + slice.place);
}

/*
 * How much each rating of a row draws its prediction up and down: the rating
 * and the product, unless there is something of the other sign.
 */
static void
weigh_row(Nmf *nmf, const NmfSide *side, const NmfSide *other, int32 row)
{
	const int32 *index = side->rows->index + side->rows->start[row];
	const float *value = side->rows->value + side->rows->start[row];
	int64		count = sparse_row_length(side->rows, row);
	float		row_base = nmf->offset + side->bias[row];

	nmf->up_weight = nmf->is_plain ? value : nmf->up_mixed;
	nmf->down_weight = nmf->is_plain ? nmf->product : nmf->down_mixed;
	for (int64 i = 0; i < count && !nmf->is_plain; i++)
	{
		float		base = row_base + other->bias[index[i]];

		nmf->up_mixed[i] = Max(value[i], 0) + Max(-base, 0);
		nmf->down_mixed[i] = nmf->product[i] + Max(-value[i], 0) + Max(base, 0);
	}
}

/* Add up what draws the factors of a row up and down. */
static void
gather_row(Nmf *nmf, const NmfSide *side, const NmfSide *other, int32 row)
{
	Slice		slice = {0};

	weigh_row(nmf, side, other, row);
	memset(nmf->up, 0, sizeof(float) * nmf->stride);
	memset(nmf->down, 0, sizeof(float) * nmf->stride);
	while (next_slice(nmf, side->rows, row, &slice))
	{
		const int32 *index = side->rows->index + slice.from;

		kernels->gather_sum(slice.count, nmf->stride, other->vectors, index,
							nmf->up_weight + slice.place, nmf->up);
		kernels->gather_sum(slice.count, nmf->stride, other->vectors, index,
							nmf->down_weight + slice.place, nmf->down);
	}
}

/* The next vector of a row, for which it has been multiplied. */
static void
update_row(Nmf *nmf, const NmfSide *side, const NmfSide *other, int32 row, float *next)
{
	const float *vector = vector_of(nmf, side, row);
	double		penalty = side->penalty * sparse_row_length(side->rows, row);

	gather_row(nmf, side, other, row);
	for (int f = 0; f < nmf->options->factors; f++)
	{
		double		down = nmf->down[f] + penalty * vector[f];
		double		factor = vector[f];

		if (down > 0)
			factor *= pow(nmf->up[f] / down, nmf->options->relaxation);
		next[f] = factor < LEAST_FACTOR ? 0 : factor;
	}
}

/* The bias of a row that fits it best, for which it has been multiplied. */
static void
fit_bias(const Nmf *nmf, const NmfSide *side, const NmfSide *other, int32 row)
{
	const int32 *index = side->rows->index + side->rows->start[row];
	const float *value = side->rows->value + side->rows->start[row];
	int64		count = sparse_row_length(side->rows, row);
	double		sum = 0;

	for (int64 i = 0; i < count; i++)
		sum += value[i] - nmf->offset - other->bias[index[i]] - nmf->product[i];
	side->bias[row] = sum / (side->bias_penalty + count);
}

/* The squared error of a row, which has been multiplied. */
static double
squared_error(const Nmf *nmf, const NmfSide *side, const NmfSide *other, int32 row)
{
	const int32 *index = side->rows->index + side->rows->start[row];
	const float *value = side->rows->value + side->rows->start[row];
	int64		count = sparse_row_length(side->rows, row);
	double		base = nmf->offset + side->bias[row];
	double		sse = 0;

	for (int64 i = 0; i < count; i++)
	{
		double		error = value[i] - base - other->bias[index[i]] - nmf->product[i];

		sse += error * error;
	}
	return sse;
}

/* Some ratings of a user, as the training stands. */
static void
nmf_predict(TrainContext *context, int32 user, const int32 *item, int count,
			double *prediction)
{
	const Nmf  *nmf = context->state;
	const float *vector = vector_of(nmf, &nmf->users, user);

	for (int i = 0; i < count; i++)
		prediction[i] = nmf->offset + nmf->users.bias[user] + nmf->items.bias[item[i]] +
			kernels->dot(nmf->stride, vector, vector_of(nmf, &nmf->items, item[i]));
}

/* The penalty on the factors and biases of a side. */
static double
side_penalty(const Nmf *nmf, const NmfSide *side)
{
	double		factors = 0;
	double		biases = 0;

	for (int32 row = 0; row < side->rows->rows; row++)
	{
		const float *vector = vector_of(nmf, side, row);

		factors += (double) sparse_row_length(side->rows, row) *
			kernels->dot(nmf->stride, vector, vector);
		biases += (double) side->bias[row] * side->bias[row];
	}
	return side->penalty * factors + side->bias_penalty * biases;
}

/* Everything about a user in a pass; returns the squared error. */
static double
work_on_user(Nmf *nmf, int32 user, bool fit_biases)
{
	double		sse;

	multiply_row(nmf, &nmf->users, &nmf->items, user);
	if (fit_biases)
		fit_bias(nmf, &nmf->users, &nmf->items, user);
	sse = squared_error(nmf, &nmf->users, &nmf->items, user);
	update_row(nmf, &nmf->users, &nmf->items, user,
			   nmf->next_p + (Size) user * nmf->stride);
	return sse;
}

/*
 * A phase, as far as it concerns one row; only the squared error of a user is
 * a number.
 */
static double
work_on_row(Nmf *nmf, int phase, bool first, int32 row)
{
	switch (phase)
	{
		case NMF_START_USERS:
			start_row(nmf, &nmf->users, row);
			return 0;
		case NMF_START_ITEMS:
			start_row(nmf, &nmf->items, row);
			return 0;
		case NMF_ITEMS:
			multiply_row(nmf, &nmf->items, &nmf->users, row);
			update_row(nmf, &nmf->items, &nmf->users, row,
					   vector_of(nmf, &nmf->items, row));
			return 0;
		case NMF_ITEM_BIASES:
			multiply_row(nmf, &nmf->items, &nmf->users, row);
			fit_bias(nmf, &nmf->items, &nmf->users, row);
			return 0;
		default:
			return work_on_user(nmf, row, nmf->options->biased && !first);
	}
}

/* The rows that a phase is about. */
static const SparseRows *
rows_of_phase(const Nmf *nmf, int phase)
{
	return phase == NMF_START_USERS || phase == NMF_USERS ? nmf->users.rows : nmf->items.rows;
}

/* A unit of a phase: some rows; returns their squared error, if that is the phase. */
static double
nmf_work(TrainContext *context, int phase, int64 turns, int unit)
{
	Nmf		   *nmf = context->state;
	const SparseRows *rows = rows_of_phase(nmf, phase);
	RowRange	range = team_unit_rows(rows, unit);
	double		sum = 0;

	turn(nmf, turns);
	for (int32 row = range.from; row < range.to; row++)
	{
		CHECK_FOR_INTERRUPTS();
		sum += work_on_row(nmf, phase, turns == 0, row);
	}
	return sum;
}

/* A phase over all of its rows; returns the sum of what its units return. */
static double
run_phase(TrainContext *context, int phase, int64 turns)
{
	Nmf		   *nmf = context->state;

	turn(nmf, turns);
	return team_run_rows(context, phase, turns, rows_of_phase(nmf, phase), NULL);
}

/* Returns false after the last. */
static bool
end_iteration(TrainContext *context, double sse)
{
	const Nmf  *nmf = context->state;
	double		penalty = side_penalty(nmf, &nmf->users) + side_penalty(nmf, &nmf->items);

	return iteration_end_squares(context, sse, penalty);
}

/* What the model is: offset, factors, biases, and how to fold users in. */
static void
nmf_finish(const Nmf *nmf, ModelDraft *draft)
{
	int32		user_count = nmf->users.rows->rows;
	int32		item_count = nmf->items.rows->rows;
	FoldIn		fold_in = {
		.kind = FOLD_IN_RIDGE,
		.regularization = nmf->options->user_regularization,
		.bias_regularization = nmf->options->user_bias_regularization,
		.biased = nmf->options->biased,
		.scaled = true,
		.non_negative = true
	};

	draft_add_fold_in(draft, &fold_in);
	draft_add_factors(draft, nmf->offset, nmf->users.vectors, user_count, nmf->items.vectors,
					  item_count, nmf->options->factors, nmf->stride);
	if (nmf->options->biased)
		draft_add_biases(draft, nmf->users.bias, user_count, nmf->items.bias, item_count, 1);
}

/*
 * A product of factors that are not negative is not negative: without biases
 * the nearest that it gets to a negative rating is zero, the same for all.
 */
static void
require_reachable(const Nmf *nmf, const Interactions *ratings, double scale)
{
	if (nmf->options->biased || ratings->minimum >= 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("algorithm \"nmf\" needs ratings that are not negative"),
			 errdetail("Without biases it predicts no number below 0; the smallest rating is %g.",
					   ratings->minimum * scale),
			 errhint("Use the option \"biased\", add a constant to all ratings, or use another algorithm for ratings, such as \"als\".")));
}

/*
 * Items, their biases and users in turn.  What the users' pass says is the
 * error of the vectors before it.
 */
static void
nmf_train(TrainContext *context)
{
	const Nmf  *nmf = context->state;
	int			iterations = iteration_plan(context);

	require_reachable(nmf, context->ratings, context->scale);
	run_phase(context, NMF_START_USERS, 0);
	run_phase(context, NMF_START_ITEMS, 0);
	run_phase(context, NMF_USERS, 0);
	for (int i = 0; i < iterations; i++)
	{
		run_phase(context, NMF_ITEMS, i + 1);
		if (nmf->options->biased)
			run_phase(context, NMF_ITEM_BIASES, i + 1);
		if (!end_iteration(context, run_phase(context, NMF_USERS, i + 1)))
			break;
	}
	nmf_finish(nmf, context->draft);
}

const Algorithm nmf_algorithm = {
	.name = "nmf",
	.family = "matrix factorization",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &factor_form,
	.description = "non-negative matrix factorization by multiplicative updates",
	.options = OPTION_TABLE(NmfOptions, options),
	LISTS_BY_IALS,
	.depends_on_scale = true,
	.iteration = offsetof(NmfOptions, iteration),
	.prepare = nmf_prepare,
	.memory = nmf_memory,
	.scratch = nmf_scratch,
	.attach = nmf_attach,
	.work = nmf_work,
	.train = nmf_train,
	.predict = nmf_predict
};
