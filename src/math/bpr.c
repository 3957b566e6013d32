/*
 * bpr.c
 *		The loss of a pair of items in the wrong order, and a step against it.
 *
 * Bayesian personalized ranking (Rendle, Freudenthaler, Gantner,
 * Schmidt-Thieme, "BPR: Bayesian Personalized Ranking from Implicit Feedback",
 * UAI 2009): a user with vector p should prefer item q to item r, and does so by
 * x = p . (q - r) + b_q - b_r.  The loss is -ln(1 / (1 + e^-x)), with derivative
 * -1 / (1 + e^x).  To it each vector and bias v adds penalty / 2 times v^2.
 */
#include <math.h>

#include "math/bpr.h"
#include "math/kernels.h"

/*
 * The loss of the difference x of two scores; *wrong becomes minus its
 * derivative, between 0 and 1.
 */
static double
order_loss(float x, float *wrong)
{
	float		e = expf(-fabsf(x));

	*wrong = (x > 0 ? e : 1) / (1 + e);
	return logf(1 + e) + (x > 0 ? 0 : -x);
}

/*
 * Take a step against the gradient on the vector of a user, a better item and
 * a worse one [n, padded].  Returns the loss before the step, without
 * penalties.
 */
double
bpr_step(const BprStep *step, int n, float *user, BprItem better, BprItem worse)
{
	float		x = kernels->dot_difference(n, user, better.vector, worse.vector) +
		*better.bias - *worse.bias;
	float		wrong;
	double		loss = order_loss(x, &wrong);

	kernels->bpr_step(n, user, better.vector, worse.vector, step->rate * wrong, step->keep);
	*better.bias = step->bias_keep * *better.bias + step->rate * wrong;
	*worse.bias = step->bias_keep * *worse.bias - step->rate * wrong;
	return loss;
}

/*
 * The same on the vector of the user alone; "bias" is that of the better item
 * less that of the worse.
 */
double
bpr_user_step(const BprStep *step, int n, float *user, const float *better,
			  const float *worse, float bias)
{
	float		wrong;
	double		loss = order_loss(kernels->dot_difference(n, user, better, worse) + bias,
								  &wrong);

	kernels->combine(n, user, step->keep, step->rate * wrong, better);
	kernels->combine(n, user, 1, -step->rate * wrong, worse);
	return loss;
}
