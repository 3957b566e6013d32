/*
 * cg.c
 *		Some steps of conjugate gradients on a row's equations.
 *
 * In alternating least squares the vector of a row need not be solved for
 * exactly, since the other side moves anyway: some steps from its last value are
 * enough (Takacs, Pilaszy, Tikk, "Applications of the Conjugate Gradient Method
 * for Implicit Feedback Collaborative Filtering", RecSys 2011).
 */
#include <math.h>
#include <string.h>

#include "math/cg.h"
#include "math/kernels.h"

/* A residual whose square is below this counts as zero. */
#define LEAST_TOLERANCE 1e-30

/*
 * Go at most so many steps from x [stride] towards the solution.  Returns the
 * square of the residual that is left.  If it is not finite, x is useless.
 */
double
cg_solve(const Equations *equations, int steps, float *x)
{
	int			stride = equations->stride;
	float	   *residual = equations->work;
	float	   *direction = residual + stride;
	float	   *change = direction + stride;	/* of the residual along it */
	double		squares;
	double		tolerance;

	equations->apply(equations->arg, 1, x, residual);
	squares = kernels->dot(stride, residual, residual);
	tolerance = fmax(equations->tolerance * squares, LEAST_TOLERANCE);
	memcpy(direction, residual, sizeof(float) * stride);
	for (int step = 0; step < steps && squares > tolerance; step++)
	{
		double		before = squares;
		float		length;

		equations->apply(equations->arg, 0, direction, change);
		length = -squares / kernels->dot(stride, direction, change);
		kernels->combine(stride, x, 1, length, direction);
		kernels->combine(stride, residual, 1, length, change);
		squares = kernels->dot(stride, residual, residual);
		kernels->combine(stride, direction, squares / before, 1, residual);
	}
	return squares;
}
