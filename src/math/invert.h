/*
 * invert.h
 *		The inverse of a large symmetric matrix, in tasks that can be shared.
 */
#ifndef RECSYS_MATH_INVERT_H
#define RECSYS_MATH_INVERT_H

#include <stdbool.h>
#include <stddef.h>

/* Rows and columns of a tile: a task on one takes about a millisecond. */
#define INVERT_TILE 256

/* What is done at a step; see invert.c. */
typedef enum InvertStage
{
	FACTOR_DIAGONAL,
	FACTOR_PANEL,
	FACTOR_REST,
	INVERT_PANEL,
	INVERT_REST,
	INVERT_ROW,
	INVERT_DIAGONAL,
	SQUARE_REST,
	SQUARE_ROW,
	SQUARE_DIAGONAL
} InvertStage;

/* A symmetric matrix [n x n], of which only the upper triangle, by rows, is used. */
typedef struct SymmetricMatrix
{
	int			n;
	int			stride;			/* elements from one row to the next */
	float	   *element;
} SymmetricMatrix;

extern int	invert_steps(const SymmetricMatrix *matrix);
extern int	invert_tasks(const SymmetricMatrix *matrix, InvertStage stage, int step);
extern bool invert_task(const SymmetricMatrix *matrix, InvertStage stage, int step, int task);

#endif							/* RECSYS_MATH_INVERT_H */
