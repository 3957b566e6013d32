/*
 * concordance.h
 *		Pairs that predictions put into the right order.
 */
#ifndef RECSYS_EVALUATION_CONCORDANCE_H
#define RECSYS_EVALUATION_CONCORDANCE_H

#include "postgres.h"

typedef struct Judgement
{
	int32		user;
	double		prediction;
	double		actual;
} Judgement;

extern double fraction_of_concordant_pairs(Judgement *judgement, int64 count);

#endif							/* RECSYS_EVALUATION_CONCORDANCE_H */
