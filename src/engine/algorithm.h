/*
 * algorithm.h
 *		The descriptor of an algorithm: all that the rest of recsys knows of it.
 *
 * To add one, fill a descriptor in a file of its own and list it in
 * algorithms/registry.h and registry.c.
 */
#ifndef RECSYS_ENGINE_ALGORITHM_H
#define RECSYS_ENGINE_ALGORITHM_H

#include "postgres.h"

#include "engine/options.h"
#include "engine/progress.h"
#include "model/draft.h"
#include "ratings/matrix.h"

/* What kind of data an algorithm is for. */
typedef enum Feedback
{
	FEEDBACK_EXPLICIT,			/* ratings */
	FEEDBACK_IMPLICIT,			/* weights of observations */
	FEEDBACK_BOTH
} Feedback;

/* A training run. */
typedef struct TrainContext
{
	const struct Algorithm *algorithm;
	const void *options;		/* the algorithm's struct */
	const Interactions *ratings;
	ModelDraft *draft;			/* to be filled; arrays in the current context */
	Progress   *progress;
} TrainContext;

typedef struct Algorithm
{
	const char *name;
	const char *family;
	Feedback	feedback;
	const char *form;			/* the name of a ModelForm */
	const char *description;

	size_t		options_size;	/* of the struct, which begins with CommonOptions */
	const OptionSpec *options;	/* besides the common ones */
	int			option_count;

	/*
	 * Decide the options left open, and check those that depend on each
	 * other.  has_values: there is a rating column.  May be NULL.
	 */
	void		(*prepare) (void *options, bool has_values);

	/* Bytes needed besides the interaction matrix. */
	Size		(*memory) (const MatrixShape *shape, const void *options);

	/* Train: fill context->draft. */
	void		(*train) (TrainContext *context);
} Algorithm;

/* Defined by algorithms/registry.c; ends with NULL. */
extern const Algorithm *const algorithms[];

extern const Algorithm *algorithm_lookup(const char *name);
extern float *allocate_vectors(int32 rows, int stride);
extern Size vectors_bytes(int32 rows, int stride);

#endif							/* RECSYS_ENGINE_ALGORITHM_H */
