/*
 * neighbourhood.h
 *		k-nearest-neighbour scores from ratings, or from kept lists.
 *
 * The "rows" of a neighbourhood are the side whose neighbours count: items for
 * item k-NN, users for user k-NN; its "columns" are the other side.  It does
 * not matter whether the ratings are those of a trained model or the part of a
 * live table that one request needs.
 */
#ifndef RECSYS_MODEL_NEIGHBOURHOOD_H
#define RECSYS_MODEL_NEIGHBOURHOOD_H

#include "postgres.h"

#include "ratings/matrix.h"
#include "similarity/rows.h"

/*
 * How the nearest neighbours' ratings make a score (ALGORITHMS: k-NN
 * prediction), r a neighbour's rating and s its similarity:
 */
typedef enum ScoreKind
{
	SCORE_WEIGHTED_MEAN,		/* sum(s r) / sum(s) */
	SCORE_SUM,					/* sum(s r) */
	SCORE_AVERAGE,				/* sum(s r) / n, over all with a similarity */
	SCORE_CENTERED,				/* with the row's mean taken off */
	SCORE_ZSCORE,				/* and divided by the row's deviation */
	SCORE_BASELINE				/* with the baseline prediction taken off */
} ScoreKind;

extern const char *const similarity_names[];
extern const char *const score_names[];

typedef struct NeighbourParams
{
	bool		items;			/* rows are items, or else users */
	SimilarityMeasure measure;
	ScoreKind	score;
	int			k;
	int			min_k;
} NeighbourParams;

typedef struct Neighbourhood
{
	NeighbourParams params;
	double		mean;			/* of all ratings */
	double		deviation;

	SparseRows	by_user;		/* each rating twice */
	SparseRows	by_item;

	/* The nearest of each row, if they were kept, and their transpose. */
	SparseRows	lists;
	SparseRows	listed;			/* for items only */
	bool		has_lists;

	RowStats   *user_stats;		/* [users] */
	RowStats   *item_stats;		/* [items] */
	const float *user_bias;		/* [users], or NULL if not needed */
	const float *item_bias;		/* [items] */

	RowSimilarity *similarity[2];	/* of users, of items; made when needed */
	double	   *current;		/* [rows] similarities of current_row, or NaN */
	int32		current_row;
	MemoryContext context;
} Neighbourhood;

extern bool params_need_baseline(const NeighbourParams *params);
extern Neighbourhood *neighbourhood_create(const NeighbourParams *params);
extern void neighbourhood_set_ratings(Neighbourhood *hood, const SparseRows *by_user,
									  const SparseRows *by_item, double mean,
									  double deviation);
extern void neighbourhood_set_lists(Neighbourhood *hood, const SparseRows *lists);
extern void accumulate_row(RowSimilarity *similarity, int32 row);
extern RowSimilarity *neighbourhood_similarity(Neighbourhood *hood, bool items);
extern double neighbourhood_predict(Neighbourhood *hood, int32 user, int32 item);
extern void neighbourhood_score(Neighbourhood *hood, int32 user, double *scores);
extern void neighbourhood_compare(Neighbourhood *hood, bool items, int32 row,
								  double *scores, int32 *support);

#endif							/* RECSYS_MODEL_NEIGHBOURHOOD_H */
