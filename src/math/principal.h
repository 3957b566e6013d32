/*
 * principal.h
 *		Principal components of many vectors, with BLAS and LAPACK.
 *
 * The vectors are shown three times: to principal_add_mean, to
 * principal_add_scatter, and, after principal_solve, to principal_score.
 */
#ifndef RECSYS_MATH_PRINCIPAL_H
#define RECSYS_MATH_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Principal
{
	int			n;				/* length of the vectors */
	int			count;			/* components wanted */
	int64_t		rows;			/* vectors seen */
	double	   *sum;			/* [n] of them */
	double	   *scatter;		/* [n x n] sum of products; one triangle */
	double	   *gathered;		/* [PRINCIPAL_GATHER x n] not yet in it */
	int			pending;		/* vectors gathered */
	double		total;			/* variance of all n components */
	double	   *variance;		/* [n] of the components wanted, falling */
	double	   *loading;		/* [count x n] their directions, of length 1 */
	double	   *work;
} Principal;

extern size_t principal_doubles(int n, int count);
extern void principal_init(Principal *principal, int n, int count, double *memory);
extern void principal_add_mean(Principal *principal, const float *vector);
extern void principal_add_scatter(Principal *principal, const float *vector);
extern bool principal_solve(Principal *principal);
extern void principal_score(Principal *principal, const float *vector, double *score);
extern void principal_flip(Principal *principal, int component);

#endif							/* RECSYS_MATH_PRINCIPAL_H */
