/*
 * minimize.h
 *		Directions in which to look for the minimum of a smooth function, from
 *		its gradients, and how far to go.
 */
#ifndef RECSYS_MATH_MINIMIZE_H
#define RECSYS_MATH_MINIMIZE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum MinimizeMethod
{
	MINIMIZE_GD,				/* against the gradient */
	MINIMIZE_CG,				/* nonlinear conjugate gradient */
	MINIMIZE_LBFGS				/* quasi-Newton of limited memory */
} MinimizeMethod;

/* Changes of the point and of the gradient that L-BFGS remembers. */
#define LBFGS_PAIRS 5

/*
 * Multiplies a vector by an approximation of the inverse of the Hessian at the
 * point, which is symmetric and positive definite.
 */
typedef void (*Precondition) (void *arg, float *vector);

typedef struct Minimizer
{
	MinimizeMethod method;
	Precondition precondition;	/* NULL: none; not of gradient descent */
	void	   *arg;			/* for that */
	size_t		n;				/* length of the vectors, a multiple of
								 * KERNEL_LANES */
	float	   *previous;		/* [n] gradient at the last point */
	bool		has_previous;
	float	   *last;			/* [n] direction before, of conjugate gradients */
	double		descent;		/* product of the steepest direction there with the gradient */
	float	   *change[LBFGS_PAIRS];	/* [n] of the point */
	float	   *bend[LBFGS_PAIRS];	/* [n] of the gradient over that change */
	double		curvature[LBFGS_PAIRS]; /* change . bend */
	int			pairs;			/* known so far */
	int			newest;			/* of them */
} Minimizer;

extern size_t minimizer_floats(MinimizeMethod method, size_t n);
extern void minimizer_init(Minimizer *minimizer, MinimizeMethod method, size_t n,
						   float *memory);
extern void minimizer_turn(Minimizer *minimizer, const float *gradient, double step,
						   float *direction);

extern double flat_dot(size_t n, const float *x, const float *y);
extern void flat_add(size_t n, float *y, double step, const float *x);

extern double polynomial(int terms, const double *c, double t);
extern double quartic_first_minimum(const double *c);

#endif							/* RECSYS_MATH_MINIMIZE_H */
