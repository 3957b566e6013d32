/*
 * math_descent.c
 *		Unit tests of what algorithm "gradient" is made of: minimizers on
 *		functions whose minimum is known, the first minimum of polynomials, the
 *		cost of a factorization and its gradient against their definitions and,
 *		where its data are at hand, against the numbers of the course it is from.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/factor_loss.h"
#include "math/kernels.h"
#include "math/minimize.h"
#include "math/random.h"

#include "tap.h"

/*
 * Along a direction the first minimum, of polynomials with known ones: two
 * minima, a saddle before the minimum, a parabola, nothing to gain.
 */
static void
test_first_minimum(void)
{
	/* integral of (t - 1)(t - 2)(t - 5) */
	const double two[] = {7, -10, 17. / 2, -8. / 3, 1. / 4};
	/* integral of (t - 1)^2 (t - 3) */
	const double saddle[] = {0, -3, 7. / 2, -5. / 3, 1. / 4};
	/* integral of (t + 4)(t + 3)(t - 2) */
	const double late[] = {0, -24, -1, 5. / 3, 1. / 4};
	const double parabola[] = {1, -6, 3, 0, 0};
	const double far[] = {1, -1, 5e-13, 0, 0};
	const double rising[] = {1, 2, 3, 4, 5};
	const double flat[] = {1, 0, 0, 0, 0};

	ok(near(quartic_first_minimum(two), 1, 1e-12), "the first of two minima");
	ok(near(quartic_first_minimum(saddle), 3, 1e-7) ||
	   near(quartic_first_minimum(saddle), 1, 1e-7), "where a saddle is before the minimum, one of them");
	ok(near(quartic_first_minimum(late), 2, 1e-12), "minima behind do not count");
	ok(near(quartic_first_minimum(parabola), 1, 1e-12), "minimum of a parabola");
	ok(near(quartic_first_minimum(far), 1e12, 1e-9), "a minimum far away");
	ok(quartic_first_minimum(rising) == 0 && quartic_first_minimum(flat) == 0,
	   "no minimum where nothing falls");
	ok(near(polynomial(LINE_TERMS, two, 2), 7 - 20 + 34 - 64. / 3 + 4, 1e-12), "a polynomial's value");
}

/*
 * 1/2 sum w_i (x_i - m_i)^2 in n dimensions, with weights from 1 to 100: all
 * but gd take at most n exact steps of conjugate gradients, and some more for
 * rounding.
 */
static int
steps_on_bowl(MinimizeMethod method, int n, int most)
{
	float	   *memory = calloc(minimizer_floats(method, n) + 1, sizeof(float));
	float	   *x = calloc(n, sizeof(float));
	float	   *gradient = calloc(n, sizeof(float));
	float	   *direction = calloc(n, sizeof(float));
	Minimizer	minimizer;
	double		step = 0;
	int			steps;

	minimizer_init(&minimizer, method, n, memory);
	for (steps = 0; steps < most; steps++)
	{
		double		slope = 0,
					bend = 0;

		for (int i = 0; i < n; i++)
			gradient[i] = (1 + 99.f * i / (n - 1)) * (x[i] - (i % 7 - 3));
		if (flat_dot(n, gradient, gradient) < 1e-6)
			break;
		minimizer_turn(&minimizer, gradient, step, direction);
		for (int i = 0; i < n; i++)
		{
			slope += (double) gradient[i] * direction[i];
			bend += (1 + 99. * i / (n - 1)) * direction[i] * direction[i];
		}
		step = -slope / bend;
		flat_add(n, x, step, direction);
	}
	free(memory);
	free(x);
	free(gradient);
	free(direction);
	return steps;
}

static void
test_minimizers(void)
{
	enum
	{
		FEW = 16, MANY = 4096
	};

	ok(steps_on_bowl(MINIMIZE_CG, FEW, 1000) <= FEW + 4, "cg needs as many steps as dimensions");
	ok(steps_on_bowl(MINIMIZE_LBFGS, FEW, 1000) <= FEW + 4, "so does lbfgs");
	ok(steps_on_bowl(MINIMIZE_CG, MANY, 1000) < 100, "cg in many dimensions");
	ok(steps_on_bowl(MINIMIZE_LBFGS, MANY, 1000) < 100, "lbfgs in many dimensions");
	ok(steps_on_bowl(MINIMIZE_GD, MANY, 1000) > 100, "gd takes longer");
}

/* A factorization, with directions, in memory of its own. */
typedef struct Problem
{
	SparseRows	by_user;
	SparseRows	by_item;
	FactorSide	users;
	FactorSide	items;
	float	   *work;
} Problem;

static float *
vectors(int rows, int stride)
{
	return calloc((size_t) rows * stride, sizeof(float));
}

static FactorSide
side_create(const SparseRows *rows, int factors)
{
	int			stride = KERNEL_PADDED(factors);
	FactorSide	side = {
		.rows = rows, .stride = stride, .vectors = vectors(rows->rows, stride),
		.direction = vectors(rows->rows, stride), .bias = vectors(rows->rows, 1)
	};

	return side;
}

static void
side_free(FactorSide *side)
{
	free(side->vectors);
	free(side->direction);
	free(side->bias);
}

/* The sparse form of a dense matrix in which 0 is not rated. */
static SparseRows
sparse_of(const float *dense, int rows, int cols, int row_step, int col_step)
{
	SparseRows	sparse = {.rows = rows, .cols = cols};
	int64_t		n = 0;

	sparse.start = calloc(rows + 1, sizeof(int64_t));
	sparse.index = calloc((size_t) rows * cols, sizeof(int32_t));
	sparse.value = calloc((size_t) rows * cols, sizeof(float));
	for (int r = 0; r < rows; r++)
	{
		for (int c = 0; c < cols; c++)
		{
			float		value = dense[(size_t) r * row_step + (size_t) c * col_step];

			if (value != 0)
			{
				sparse.index[n] = c;
				sparse.value[n++] = value;
			}
		}
		sparse.start[r + 1] = n;
	}
	return sparse;
}

/* dense [items x "width"] has the ratings of the first "users" users. */
static Problem *
problem_create(const float *dense, int items, int users, int width, int factors)
{
	Problem    *problem = calloc(1, sizeof(Problem));

	problem->by_user = sparse_of(dense, users, items, 1, width);
	problem->by_item = sparse_of(dense, items, users, width, 1);
	problem->users = side_create(&problem->by_user, factors);
	problem->items = side_create(&problem->by_item, factors);
	problem->work = calloc(4 * (users > items ? users : items), sizeof(float));
	return problem;
}

static void
problem_free(Problem *problem)
{
	free(problem->by_user.start);
	free(problem->by_user.index);
	free(problem->by_user.value);
	free(problem->by_item.start);
	free(problem->by_item.index);
	free(problem->by_item.value);
	side_free(&problem->users);
	side_free(&problem->items);
	free(problem->work);
	free(problem);
}

static double
penalty_of(const FactorSide *side)
{
	return flat_dot((size_t) side->rows->rows * side->stride, side->vectors, side->vectors);
}

/* J, from the rows of a side. */
static double
cost(const Problem *problem, const FactorSide *side, const FactorSide *other, double offset,
	 double lambda)
{
	double		loss = 0;

	for (int row = 0; row < side->rows->rows; row++)
		loss += factor_row_loss(side, other, offset, row, problem->work);
	return loss + lambda / 2 * (penalty_of(side) + penalty_of(other));
}

/* A random problem with directions and biases. */
static Problem *
random_problem(int items, int users, int factors)
{
	RandomStream numbers = random_stream(5, 0, 0);
	float	   *dense = calloc((size_t) items * users, sizeof(float));
	Problem    *problem;

	for (int i = 0; i < items * users; i++)
		if (random_uniform(&numbers) < .4)
			dense[i] = 1 + random_below(&numbers, 5);
	problem = problem_create(dense, items, users, users, factors);
	for (FactorSide *side = &problem->users; side != NULL;
		 side = side == &problem->users ? &problem->items : NULL)
		for (int row = 0; row < side->rows->rows; row++)
		{
			side->bias[row] = (float) random_normal(&numbers);
			for (int f = 0; f < factors; f++)
			{
				side->vectors[row * side->stride + f] = (float) random_normal(&numbers);
				side->direction[row * side->stride + f] = (float) random_normal(&numbers);
			}
		}
	free(dense);
	return problem;
}

/* The loss by its definition, in double precision, with all moved by t. */
static double
plain_loss(const Problem *problem, double offset, double t)
{
	const SparseRows *rows = &problem->by_user;
	int			stride = problem->users.stride;
	double		loss = 0;

	for (int u = 0; u < rows->rows; u++)
		for (int64_t e = rows->start[u]; e < rows->start[u + 1]; e++)
		{
			int			i = rows->index[e];
			double		error = offset + problem->users.bias[u] + problem->items.bias[i] - rows->value[e];

			for (int f = 0; f < stride; f++)
				error += (problem->users.vectors[u * stride + f] + t * problem->users.direction[u * stride + f]) *
					(problem->items.vectors[i * stride + f] + t * problem->items.direction[i * stride + f]);
			loss += error * error / 2;
		}
	return loss;
}

/* The slope along the directions, from the gradients. */
static double
slope(const Problem *problem, const FactorSide *side, const FactorSide *other, double offset,
	  double lambda)
{
	float	   *gradient = vectors(1, side->stride);
	double		sum = 0;

	for (int row = 0; row < side->rows->rows; row++)
	{
		factor_row_loss(side, other, offset, row, problem->work);
		factor_row_gradient(side, other, lambda, row, problem->work, gradient);
		sum += flat_dot(side->stride, gradient, side->direction + row * side->stride);
	}
	free(gradient);
	return sum;
}

static void
test_loss(int factors)
{
	Problem    *problem = random_problem(30, 20, factors);
	double		line[LINE_TERMS] = {0};
	double		lambda = 3;
	double		penalty_slope;
	bool		agree = true;
	char		name[100];

	for (int u = 0; u < problem->by_user.rows; u++)
		factor_row_line(&problem->users, &problem->items, .5, u, problem->work, line);
	for (double t = -1; t <= 2; t += .25)
		agree = agree && near(polynomial(LINE_TERMS, line, t), plain_loss(problem, .5, t), 1e-5);
	snprintf(name, sizeof(name), "loss along a line, %d factors", factors);
	ok(agree, name);

	snprintf(name, sizeof(name), "loss from either side, %d factors", factors);
	ok(near(cost(problem, &problem->users, &problem->items, .5, 0), plain_loss(problem, .5, 0), 1e-5) &&
	   near(cost(problem, &problem->items, &problem->users, .5, 0), plain_loss(problem, .5, 0), 1e-5), name);

	penalty_slope = lambda * (flat_dot((size_t) problem->by_user.rows * problem->users.stride,
									   problem->users.vectors, problem->users.direction) +
							  flat_dot((size_t) problem->by_item.rows * problem->items.stride,
									   problem->items.vectors, problem->items.direction));
	snprintf(name, sizeof(name), "gradient against the slope of the line, %d factors", factors);
	ok(near(slope(problem, &problem->users, &problem->items, .5, lambda) +
			slope(problem, &problem->items, &problem->users, .5, lambda),
			line[1] + penalty_slope, 1e-4), name);
	problem_free(problem);
}

/* Numbers from a compressed file, "cols" a line; NULL: it is not there. */
static float *
read_numbers(const char *folder, const char *file, int rows, int cols)
{
	char		command[1024];
	float	   *numbers = calloc((size_t) rows * cols, sizeof(float));
	FILE	   *pipe;
	int			n = 0;

	snprintf(command, sizeof(command), "gzip -dc '%s/ng-ex8/%s' 2>/dev/null", folder, file);
	pipe = popen(command, "r");
	while (pipe != NULL && n < rows * cols && fscanf(pipe, "%f", &numbers[n]) == 1)
		n++;
	if (pipe != NULL)
		pclose(pipe);
	if (n == rows * cols)
		return numbers;
	free(numbers);
	return NULL;
}

/* The first factors of the given vectors. */
static void
set_vectors(FactorSide *side, const float *given, int width, int factors)
{
	for (int row = 0; row < side->rows->rows; row++)
		memcpy(side->vectors + (size_t) row * side->stride, given + (size_t) row * width,
			   sizeof(float) * factors);
}

/* J of the first movies, users and features of exercise 8, to the digits printed there. */
static bool
course_says(const float *dense, const float *x, const float *theta, int items, int users,
			int factors, double lambda, double value, double digit)
{
	Problem    *problem = problem_create(dense, items, users, 943, factors);
	double		j;

	set_vectors(&problem->items, x, 10, factors);
	set_vectors(&problem->users, theta, 10, factors);
	j = cost(problem, &problem->users, &problem->items, 0, lambda);
	problem_free(problem);
	return fabs(j - value) <= digit / 2 + 1e-6 * value;
}

static void
test_course(void)
{
	const char *folder = getenv("RECSYS_DATA");
	float	   *triple = folder ? read_numbers(folder, "ratings.tsv.gz", 100000, 3) : NULL;
	float	   *x = folder ? read_numbers(folder, "X.tsv.gz", 1682, 10) : NULL;
	float	   *theta = folder ? read_numbers(folder, "Theta.tsv.gz", 943, 10) : NULL;
	float	   *dense = calloc(1682 * 943, sizeof(float));

	if (triple != NULL && x != NULL && theta != NULL)
	{
		for (int i = 0; i < 100000; i++)
			dense[((int) triple[3 * i + 1] - 1) * 943 + (int) triple[3 * i] - 1] = triple[3 * i + 2];
		ok(course_says(dense, x, theta, 5, 4, 3, 0, 22.2246, 1e-4), "J of a corner, lambda 0: 22.2246");
		ok(course_says(dense, x, theta, 5, 4, 3, 1.5, 31.3441, 1e-4), "J of a corner, lambda 1.5: 31.3441");
		ok(course_says(dense, x, theta, 1682, 943, 10, 0, 27918.64, .01), "J of all, lambda 0: 27918.64");
		ok(course_says(dense, x, theta, 1682, 943, 10, 1.5, 34821.70, .01), "J of all, lambda 1.5: 34821.70");
		ok(course_says(dense, x, theta, 1682, 943, 10, 10, 73939.06, .01), "J of all, lambda 10: 73939.06");
	}
	free(triple);
	free(x);
	free(theta);
	free(dense);
}

int
main(void)
{
	kernels_choose();
	test_first_minimum();
	test_minimizers();
	test_loss(3);
	test_loss(16);
	test_loss(50);
	test_course();
	return failures > 0;
}
