/*
 * order.h
 *		The loss of a pair of items in the wrong order, and a step against it.
 */
#ifndef RECSYS_MATH_ORDER_H
#define RECSYS_MATH_ORDER_H

/* How far a step goes, and what it leaves of vectors and biases. */
typedef struct OrderStep
{
	float		rate;
	float		keep;
	float		bias_keep;
} OrderStep;

/* An item: its vector and its bias. */
typedef struct OrderItem
{
	float	   *vector;
	float	   *bias;
} OrderItem;

extern double order_step(const OrderStep *step, int n, float *user, OrderItem better,
						 OrderItem worse);
extern double order_user_step(const OrderStep *step, int n, float *user,
							  const float *better, const float *worse, float bias);

#endif							/* RECSYS_MATH_ORDER_H */
