/*
 * iteration.h
 *		How many iterations a training run does.
 */
#ifndef RECSYS_ENGINE_ITERATION_H
#define RECSYS_ENGINE_ITERATION_H

#include "postgres.h"

#include "engine/options.h"
#include "ratings/matrix.h"

/* The options of algorithms that iterate. */
typedef struct IterationOptions
{
	int			iterations;
	double		validation;		/* share of the ratings; 0: do all iterations */
	int			patience;
} IterationOptions;

#define ITERATION_OPTIONS(type, member, count, help) \
	INT_OPTION("iterations", type, member.iterations, count, 1, 100000, help), \
	REAL_OPTION("validation", type, member.validation, 0, 0, .9, \
				"share of the ratings to hold out at first, to find the number of iterations that predicts them best; 0: do them all"), \
	INT_OPTION("patience", type, member.patience, 3, 1, 100000, \
			   "with validation: iterations without a better prediction after which the search ends")

/*
 * The same for those whose predictions are preferences: the RMSE of preferences
 * that were held out, all of them positive, does not say how good a ranking
 * is, so there is no search.
 */
#define PLAIN_ITERATION_OPTION(type, member, count, help) \
	INT_OPTION("iterations", type, member.iterations, count, 1, 100000, help)

struct Algorithm;
struct TrainContext;

/* The search for a good number of iterations, and its result. */
typedef struct IterationSearch
{
	const SparseRows *held_out; /* by user */
	int			patience;
	double		minimum;		/* range of the ratings */
	double		maximum;
	int			done;
	int			best;			/* iterations after which the error was least */
	double		best_rmse;
} IterationSearch;

extern const IterationOptions *iteration_options(const struct Algorithm *algorithm,
												 const void *options);
extern Size iteration_search_bytes(const IterationOptions *options,
								   const MatrixShape *shape);
extern int	iteration_plan(struct TrainContext *context);
extern int	iteration_plan_more(struct TrainContext *context, int more);
extern bool iteration_end(struct TrainContext *context, double loss, double train_rmse);
extern void iteration_search(struct TrainContext *context, bool shared);

#endif							/* RECSYS_ENGINE_ITERATION_H */
