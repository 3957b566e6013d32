/*
 * hybrid.h
 *		The options of algorithm "hybrid", and fitting its weights.
 */
#ifndef RECSYS_ALGORITHMS_HYBRID_H
#define RECSYS_ALGORITHMS_HYBRID_H

#include "postgres.h"

#include "engine/algorithm.h"
#include "forms/blend.h"

typedef struct HybridOptions
{
	CommonOptions common;		/* must be first */
	Jsonb	   *components;		/* as given */
	int			normalize;		/* BlendScale */
	double		validation_fraction;
	double		regularization;
	int			seed;

	/* What "components" says. */
	Component	component[MODEL_COMPONENTS];
	BlendParams blend;			/* weights: of sum 1, unless they are to be fitted */
	bool		fitted;
} HybridOptions;

extern void hybrid_fit(TrainContext *context, double *weight);
extern Size hybrid_fit_bytes(const MatrixShape *shape, const HybridOptions *options,
							 Size components);

#endif							/* RECSYS_ALGORITHMS_HYBRID_H */
