/*
 * cg.h
 *		Some steps of conjugate gradients on a row's equations.
 */
#ifndef RECSYS_MATH_CG_H
#define RECSYS_MATH_CG_H

/*
 * Equations A x = b with A symmetric and positive definite.  A is never made:
 * apply puts s b - A x into out [stride], for s = 1 or 0.
 */
typedef struct Equations
{
	void		(*apply) (void *arg, int s, const float *x, float *out);
	void	   *arg;
	int			stride;			/* of the vectors, padded with zeros */
	double		tolerance;		/* end when the square of the residual is this
								 * share of what it was at the start */
	float	   *work;			/* [CG_VECTORS x stride] */
} Equations;

/* How many vectors of work space there are. */
#define CG_VECTORS 3

extern double cg_solve(const Equations *equations, int steps, float *x);

#endif							/* RECSYS_MATH_CG_H */
