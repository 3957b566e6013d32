/*
 * concordance.h
 *		Pairs that predictions put into the right order.
 */
#ifndef RECSYS_EVALUATION_CONCORDANCE_H
#define RECSYS_EVALUATION_CONCORDANCE_H

#include "postgres.h"

typedef struct Prediction
{
	int32		user;
	double		predicted;
	double		actual;
} Prediction;

extern double fraction_of_concordant_pairs(Prediction *prediction, int64 count);

#endif							/* RECSYS_EVALUATION_CONCORDANCE_H */
