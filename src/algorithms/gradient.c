/*
 * gradient.c
 *		Algorithm "gradient": x_i . theta_u by minimizing the cost of all ratings
 *		at once.
 *
 *	J = 1/2 sum (theta_u . x_i - r_ui)^2 + lambda/2 (sum theta^2 + sum x^2)
 *
 * as in Ng's course (Machine Learning, exercise 8), on ratings from which a mean
 * may have been taken off.  All parameters are one vector, users first, so are
 * the gradient and the direction; an iteration is a direction, the distance to
 * go, and J and its gradient where that leads.
 *
 * Gradient descent goes a fixed rate.  The others start from the gradient times
 * the inverse Hessians by each row alone (math/factor_loss.c): on sparse
 * ratings, where some rows have a hundred times the ratings of others, that
 * takes a fifth of the iterations.  They look for the minimum along
 * their direction, which is exact and costs one pass: J on a line is a
 * polynomial of degree 4 (math/factor_loss.c).  At a minimum along the line
 * nothing more has to be checked, neither of sufficient decrease nor of
 * curvature.
 */
#include "postgres.h"
#include "compat.h"

#include <math.h>

#include "miscadmin.h"

#include "algorithms/lists.h"
#include "algorithms/registry.h"
#include "engine/divergence.h"
#include "engine/iteration.h"
#include "engine/team.h"
#include "engine/vectors.h"
#include "engine/warm_start.h"
#include "forms/fold_in.h"
#include "math/factor_loss.h"
#include "math/kernels.h"
#include "math/minimize.h"
#include "resources/budget.h"

/* Factors, unless a model to start from says how many. */
#define DEFAULT_FACTORS 10

/* A search along lines ends when a step gains less than this share of J. */
#define LEAST_GAIN 1e-10

/* Or when so many steps together gain less than this share. */
#define STEPS_TOGETHER 10
#define LEAST_GAIN_TOGETHER 2e-5

typedef enum Normalize
{
	NORMALIZE_NONE,
	NORMALIZE_ITEM_MEAN,
	NORMALIZE_USER_MEAN,
	NORMALIZE_GLOBAL_MEAN
} Normalize;

static const char *const normalize_names[] = {
	"none", "item_mean", "user_mean", "global_mean", NULL
};

/* In the order of MinimizeMethod. */
static const char *const optimizer_names[] = {"gd", "cg", "lbfgs", NULL};

typedef struct GradientOptions
{
	CommonOptions common;
	IterationOptions iteration;
	int			factors;
	int			optimizer;		/* MinimizeMethod */
	int			normalize;		/* Normalize */
	double		regularization;
	double		learning_rate;
	double		init_stddev;
	char	   *init_model;
	int			seed;
} GradientOptions;

static const OptionSpec options[] = {
	INT_OPTION("factors", GradientOptions, factors, OPTION_AUTO, 1, 4096,
			   "length of the vectors of users and items; default 10, with init_model that of the model"),
	ITERATION_OPTIONS(GradientOptions, iteration, 500,
					  "steps of the optimizer, at most; cg and lbfgs stop at the minimum"),
	ENUM_OPTION("optimizer", GradientOptions, optimizer, MINIMIZE_LBFGS, optimizer_names,
				"gd: gradient descent with steps of learning_rate; cg: nonlinear conjugate gradient; lbfgs: L-BFGS; the last two find the best step themselves"),
	ENUM_OPTION("normalize", GradientOptions, normalize, NORMALIZE_NONE, normalize_names,
				"mean to subtract from the ratings before training and to add to predictions; with init_model and none, the mean and the biases of that model stay as they are"),
	REAL_OPTION("regularization", GradientOptions, regularization, 10, 0, 1e9,
				"lambda, the penalty on half the squares of all factors"),
	REAL_OPTION("learning_rate", GradientOptions, learning_rate, .001, 1e-12, 1e3,
				"optimizer gd: step size, in gradients"),
	REAL_OPTION("init_stddev", GradientOptions, init_stddev, .1, 0, 10,
				"standard deviation of the random factors at the start",
				.old_name = "init_sd"),
	TEXT_OPTION("init_model", GradientOptions, init_model,
				"warm start: model with factors to start from, matched by the ids of users and items"),
	INT_OPTION("seed", GradientOptions, seed, 0, PG_INT32_MIN, PG_INT32_MAX,
			   "seed of the random numbers")
};

/* Phases of the work; their argument is not used. */
enum
{
	GRADIENT_START_USERS,		/* random vectors; units of users */
	GRADIENT_START_ITEMS,		/* units of items */
	GRADIENT_USERS,				/* loss and gradient; units of users */
	GRADIENT_ITEMS,				/* gradient; units of items */
	GRADIENT_LINE,				/* loss along the direction; units of users */
	GRADIENT_TURN_USERS,		/* the direction, by inverse Hessians; units of users */
	GRADIENT_TURN_ITEMS			/* units of items */
};

/* Shared arrays. */
enum
{
	GRADIENT_POINT,
	GRADIENT_GRADIENT,
	GRADIENT_DIRECTION,
	GRADIENT_USER_BIAS,
	GRADIENT_ITEM_BIAS,
	GRADIENT_LINES
};

typedef struct Gradient
{
	const GradientOptions *options;
	int			stride;
	Size		size;			/* (users + items) * stride */
	double		offset;
	double		kept;			/* that of the model to start from, which is in the biases of
								 * users until training ends */
	FactorSide	users;
	FactorSide	items;
	float	   *point;			/* [size] the vectors of users, then of items */
	float	   *gradient;		/* [size] of J there */
	float	   *direction;		/* [size] */
	double	   *line;			/* [units x LINE_TERMS] of each unit of users */
	float	   *work;			/* [4 x as many as a row can have] */
} Gradient;

/*
 * How many factors there are: as given, as in the model to start from, or the
 * default.  Errors: they contradict each other; nothing could be trained.
 */
static void
gradient_prepare(void *options, bool has_values)
{
	GradientOptions *opts = options;
	int			given = opts->factors;

	if (opts->init_model != NULL)
		opts->factors = warm_start_factors(warm_start_open(opts->init_model, InvalidOid));
	else if (given < 0)
		opts->factors = DEFAULT_FACTORS;
	if (given >= 0 && given != opts->factors)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"factors\" differs from that of the model to start from"),
				 errdetail("It is %d, and model \"%s\" has %d factors.", given,
						   opts->init_model, opts->factors),
				 errhint("Leave out the option \"factors\".")));
	if (opts->init_stddev == 0 && opts->init_model == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"init_stddev\" must be greater than 0 without \"init_model\""),
				 errdetail("If all factors are zero, so is the gradient.")));
}

/* Bytes of so many arrays as long as the vector of all parameters. */
static Size
parameters_bytes(const MatrixShape *shape, int arrays, int stride)
{
	return add_size(vectors_bytes(shape->users, arrays * stride),
					vectors_bytes(shape->items, arrays * stride));
}

/* Point, gradient, direction, what the optimizer keeps, and the biases. */
static Size
gradient_memory(const MatrixShape *shape, const void *options)
{
	const GradientOptions *opts = options;
	int			stride = KERNEL_PADDED(opts->factors);
	int			searches = minimizer_floats(opts->optimizer, 1);

	return add_size(parameters_bytes(shape, 3 + searches, stride),
					parameters_bytes(shape, 1, 1));
}

/* What the losses of a row are computed in, in each process. */
static Size
gradient_scratch(const MatrixShape *shape, const void *options)
{
	return vectors_bytes(Max(shape->users, shape->items), 4);
}

/* The shared arrays, and the sides that point into them. */
static void *
gradient_attach(TrainContext *context)
{
	const GradientOptions *opts = context->options;
	const Interactions *ratings = context->ratings;
	int32		user_count = ratings->by_user.rows;
	int32		item_count = ratings->by_item.rows;
	Gradient   *state = palloc0(sizeof(Gradient));
	Size		items_at;

	state->options = opts;
	state->stride = KERNEL_PADDED(opts->factors);
	items_at = (Size) user_count * state->stride;
	state->size = items_at + (Size) item_count * state->stride;
	state->offset = opts->normalize == NORMALIZE_NONE ? 0 : ratings->mean;
	state->point = team_vectors(context, GRADIENT_POINT, user_count + item_count, state->stride);
	state->gradient = team_vectors(context, GRADIENT_GRADIENT, user_count + item_count,
								   state->stride);
	state->direction = team_vectors(context, GRADIENT_DIRECTION, user_count + item_count,
									state->stride);
	state->users = (FactorSide) {
		.rows = &ratings->by_user, .stride = state->stride, .vectors = state->point,
			.direction = state->direction,
			.bias = team_vectors(context, GRADIENT_USER_BIAS, user_count, 1)
	};
	state->items = (FactorSide) {
		.rows = &ratings->by_item, .stride = state->stride,
			.vectors = state->point + items_at, .direction = state->direction + items_at,
			.bias = team_vectors(context, GRADIENT_ITEM_BIAS, item_count, 1)
	};
	state->line = team_array(context, GRADIENT_LINES,
							 sizeof(double) * LINE_TERMS * team_row_units(state->users.rows));
	state->work = allocate_vectors(Max(user_count, item_count), 4);
	return state;
}

/* Normal factors for a row, from a stream of its own. */
static void
start_row(const Gradient *state, const FactorSide *side, int32 row)
{
	draw_vector(side->vectors + (Size) row * state->stride, state->options->factors,
				state->options->init_stddev, state->options->seed, side == &state->items, row);
}

/* The loss of a row and, of this and the penalty, the gradient. */
static double
evaluate_row(const Gradient *state, const FactorSide *side, const FactorSide *other, int32 row)
{
	double		loss = factor_row_loss(side, other, state->offset, row, state->work);
	Size		place = side->vectors - state->point + (Size) row * state->stride;

	factor_row_gradient(side, other, state->options->regularization, row, state->work,
						state->gradient + place);
	return loss;
}

/* Multiply the direction of a row by the inverse Hessian by its vector. */
static void
turn_row(const Gradient *state, const FactorSide *side, const FactorSide *other, int32 row)
{
	factor_row_precondition(side, other, state->options->regularization, row,
							side->direction + (Size) row * side->stride);
}

/* A phase, as far as it concerns one row; only a loss is a number. */
static double
work_on_row(const Gradient *state, int phase, int unit, int32 row)
{
	switch (phase)
	{
		case GRADIENT_START_USERS:
			start_row(state, &state->users, row);
			return 0;
		case GRADIENT_START_ITEMS:
			start_row(state, &state->items, row);
			return 0;
		case GRADIENT_USERS:
			return evaluate_row(state, &state->users, &state->items, row);
		case GRADIENT_ITEMS:
			return evaluate_row(state, &state->items, &state->users, row);
		case GRADIENT_TURN_USERS:
			turn_row(state, &state->users, &state->items, row);
			return 0;
		case GRADIENT_TURN_ITEMS:
			turn_row(state, &state->items, &state->users, row);
			return 0;
		default:
			factor_row_line(&state->users, &state->items, state->offset, row, state->work,
							state->line + LINE_TERMS * unit);
			return 0;
	}
}

/* The rows that a phase is about. */
static const SparseRows *
rows_of_phase(const Gradient *state, int phase)
{
	return phase == GRADIENT_START_ITEMS || phase == GRADIENT_ITEMS || phase == GRADIENT_TURN_ITEMS ?
		state->items.rows : state->users.rows;
}

/* A unit of a phase: some rows; returns their loss, if that is the phase. */
static double
gradient_work(TrainContext *context, int phase, int64 argument, int unit)
{
	const Gradient *state = context->state;
	const SparseRows *rows = rows_of_phase(state, phase);
	RowRange	range = team_unit_rows(rows, unit);
	double		sum = 0;

	if (phase == GRADIENT_LINE)
		memset(state->line + LINE_TERMS * unit, 0, sizeof(double) * LINE_TERMS);
	for (int32 row = range.from; row < range.to; row++)
	{
		CHECK_FOR_INTERRUPTS();
		sum += work_on_row(state, phase, unit, row);
	}
	return sum;
}

/* A phase over all of its rows; returns the sum of what its units return. */
static double
run_phase(TrainContext *context, int phase)
{
	return team_run_rows(context, phase, 0, rows_of_phase(context->state, phase), NULL);
}

/* The means of the rows, less that of all ratings. */
static void
mean_biases(const FactorSide *side, double mean)
{
	for (int32 row = 0; row < side->rows->rows; row++)
	{
		double		sum = 0;

		for (int64 e = side->rows->start[row]; e < side->rows->start[row + 1]; e++)
			sum += side->rows->value[e] - mean;
		if (sparse_row_length(side->rows, row) > 0)
			side->bias[row] = sum / sparse_row_length(side->rows, row);
	}
}

/* Start from the vectors of a model, and keep its biases if no means take their place. */
static void
start_from_model(TrainContext *context)
{
	Gradient   *state = context->state;
	const Ids  *users = &context->ratings->users;
	const Ids  *items = &context->ratings->items;
	Model	   *model = warm_start_open(state->options->init_model, context->source->claimant);

	warm_start_vectors(model, users, state->users.vectors, items, state->items.vectors,
					   state->stride);
	if (state->options->normalize != NORMALIZE_NONE)
		return;
	state->kept = warm_start_biases(model, users, state->users.bias, items, state->items.bias);
	for (int32 user = 0; user < users->count; user++)
		state->users.bias[user] += state->kept;
}

/* The point to start from: biases, random vectors, or those of a model. */
static void
start(TrainContext *context)
{
	const Gradient *state = context->state;

	if (state->options->normalize == NORMALIZE_USER_MEAN)
		mean_biases(&state->users, state->offset);
	if (state->options->normalize == NORMALIZE_ITEM_MEAN)
		mean_biases(&state->items, state->offset);
	run_phase(context, GRADIENT_START_USERS);
	run_phase(context, GRADIENT_START_ITEMS);
	if (state->options->init_model != NULL)
		start_from_model(context);
}

/* J at the point, and its gradient; into *rmse, that of the ratings. */
static double
evaluate(TrainContext *context, double *rmse)
{
	const Gradient *state = context->state;
	double		loss = run_phase(context, GRADIENT_USERS);

	run_phase(context, GRADIENT_ITEMS);
	*rmse = sqrt(2 * loss / sparse_entries(state->users.rows));
	loss += state->options->regularization / 2 *
		flat_dot(state->size, state->point, state->point);
	return loss;
}

/* J along the direction, into line [LINE_TERMS]. */
static void
measure_line(TrainContext *context, double *line)
{
	const Gradient *state = context->state;
	double		penalty = state->options->regularization;
	int			units = team_row_units(state->users.rows);

	run_phase(context, GRADIENT_LINE);
	line[0] = penalty / 2 * flat_dot(state->size, state->point, state->point);
	line[1] = penalty * flat_dot(state->size, state->point, state->direction);
	line[2] = penalty / 2 * flat_dot(state->size, state->direction, state->direction);
	line[3] = line[4] = 0;
	for (int unit = 0; unit < units; unit++)
		for (int term = 0; term < LINE_TERMS; term++)
			line[term] += state->line[LINE_TERMS * unit + term];
}

/* What the minimizer asks for: the vector is always the direction, which all processes have. */
static void
precondition(void *arg, float *vector)
{
	TrainContext *context = arg;

	Assert(vector == ((const Gradient *) context->state)->direction);
	run_phase(context, GRADIENT_TURN_USERS);
	run_phase(context, GRADIENT_TURN_ITEMS);
}

/* How far to go in the direction; 0: there is nothing more to gain. */
static double
find_step(TrainContext *context)
{
	const Gradient *state = context->state;
	double		line[LINE_TERMS];
	double		step;

	if (state->options->optimizer == MINIMIZE_GD)
		return state->options->learning_rate;
	measure_line(context, line);
	step = quartic_first_minimum(line);
	if (line[0] - polynomial(LINE_TERMS, line, step) <= LEAST_GAIN * line[0])
		return 0;
	return step;
}

/*
 * Has J fallen too little since so many steps ago?  "losses" [STEPS_TOGETHER] are
 * the last ones, 0 at first, of which the oldest gives way to the newest.
 */
static bool
gains_nothing(double *losses, int step, double loss)
{
	double	   *place = &losses[step % STEPS_TOGETHER];
	double		before = *place;

	*place = loss;
	return step >= STEPS_TOGETHER && before - loss <= LEAST_GAIN_TOGETHER * loss;
}

/* Start a search for the minimum. */
static void
start_minimizer(TrainContext *context, Minimizer *minimizer)
{
	const Gradient *state = context->state;
	MinimizeMethod method = state->options->optimizer;

	minimizer_init(minimizer, method, state->size,
				   allocate_aligned(sizeof(float) * minimizer_floats(method, state->size)));
	minimizer->precondition = precondition;
	minimizer->arg = context;
}

/* Steps of the optimizer, until there is nothing more to gain. */
static void
minimize(TrainContext *context)
{
	const Gradient *state = context->state;
	bool		searching = state->options->optimizer != MINIMIZE_GD;
	int			iterations = iteration_plan(context);
	double		losses[STEPS_TOGETHER] = {0};
	Minimizer	minimizer;
	double		step = 0;
	double		rmse;

	start_minimizer(context, &minimizer);
	if (squares_have_diverged(context, evaluate(context, &rmse)))
		return;
	for (int i = 0; i < iterations; i++)
	{
		double		loss;

		minimizer_turn(&minimizer, state->gradient, step, state->direction);
		step = find_step(context);
		flat_add(state->size, state->point, step, state->direction);
		loss = evaluate(context, &rmse);
		if (squares_have_diverged(context, loss) || !iteration_end(context, loss, rmse) ||
			step == 0 || (searching && gains_nothing(losses, i, loss)))
			break;
	}
}

/* Minimize J.  A user is folded in by the ridge regression that J is for them alone. */
static void
gradient_train(TrainContext *context)
{
	const Gradient *state = context->state;
	int32		user_count = state->users.rows->rows;
	int32		item_count = state->items.rows->rows;
	FoldIn		fold_in = {
		.kind = FOLD_IN_RIDGE,
		.regularization = state->options->regularization,
		.centered = state->options->normalize == NORMALIZE_USER_MEAN
	};

	start(context);
	minimize(context);
	for (int32 user = 0; user < user_count; user++)
		state->users.bias[user] -= state->kept;
	draft_add_fold_in(context->draft, &fold_in);
	draft_add_factors(context->draft, state->offset + state->kept, state->users.vectors, user_count,
					  state->items.vectors, item_count, state->options->factors, state->stride);
	draft_add_biases(context->draft, state->users.bias, user_count, state->items.bias, item_count, 1);
}

/* Some ratings of a user, as the training stands. */
static void
gradient_predict(TrainContext *context, int32 user, const int32 *item, int count,
				 double *prediction)
{
	const Gradient *state = context->state;
	const float *vector = state->users.vectors + (Size) user * state->stride;

	for (int i = 0; i < count; i++)
		prediction[i] = state->offset + state->users.bias[user] + state->items.bias[item[i]] +
			kernels->dot(state->stride, vector,
						 state->items.vectors + (Size) item[i] * state->stride);
}

const Algorithm gradient_algorithm = {
	.name = "gradient",
	.family = "matrix factorization",
	.feedback = FEEDBACK_EXPLICIT,
	.form = &factor_form,
	.description = "factors that minimize the squared error by the gradient of all ratings: gradient descent, conjugate gradient, L-BFGS",
	.options = OPTION_TABLE(GradientOptions, options),
	LISTS_BY_IALS,
	.iteration = offsetof(GradientOptions, iteration),
	.prepare = gradient_prepare,
	.memory = gradient_memory,
	.scratch = gradient_scratch,
	.attach = gradient_attach,
	.work = gradient_work,
	.train = gradient_train,
	.predict = gradient_predict
};
