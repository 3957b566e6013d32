/*
 * neighborhood.h
 *		Ratings, and the similarities of their rows, computed or from kept lists.
 *
 * The "rows" of a neighborhood are the side whose neighbors count: items for
 * item k-NN, users for user k-NN; its "columns" are the other side.  It does
 * not matter whether the ratings are those of a trained model or the part of a
 * live table that one request needs.
 */
#ifndef RECSYS_FORMS_NEIGHBORHOOD_H
#define RECSYS_FORMS_NEIGHBORHOOD_H

#include "postgres.h"

#include "forms/row_cache.h"
#include "ratings/matrix.h"
#include "similarity/rows.h"
#include "similarity/weighting.h"

/* How the nearest neighbors' ratings make a score, r a rating and s its similarity: */
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
extern const char *const weighting_names[];
extern const char *const score_names[];

typedef struct NeighborParams
{
	Side		side;			/* of the rows */
	SimilarityMeasure measure;
	Weighting	weighting;		/* of what is compared, not of what is summed up */
	ScoreKind	score;
	int			k;
	int			min_k;
} NeighborParams;

typedef struct Neighborhood
{
	NeighborParams params;
	double		mean;			/* of all ratings */
	double		stddev;

	SparseRows	by_user;		/* each rating twice */
	SparseRows	by_item;

	/* The nearest of each row, if they were kept, and their transpose. */
	SparseRows	lists;
	SparseRows	reversed_lists; /* for items only */
	bool		has_lists;

	RowStats   *user_stats;		/* [users] */
	RowStats   *item_stats;		/* [items] */
	const float *user_bias;		/* [users], or NULL if not needed */
	const float *item_bias;		/* [items] */

	double		column_count[2];	/* of users, of items: how many of the other side there are */
	float	   *weighted_rows;	/* weighted values, where the caller has made them */
	float	   *weighted_columns;
	RowSimilarity *similarity[2];	/* of users, of items; made when needed */
	Size		cache_bytes;
	RowCache   *cache;			/* of similarities [rows], NaN where there is none */
	double	   *candidate;		/* [rows + 1] work space */
	MemoryContext context;
} Neighborhood;

extern bool params_need_baseline(const NeighborParams *params);
extern Neighborhood *neighborhood_create(const NeighborParams *params);
extern void neighborhood_set_ratings(Neighborhood *hood, const SparseRows *by_user,
									  const SparseRows *by_item, double mean,
									 double stddev);
extern void neighborhood_set_lists(Neighborhood *hood, const SparseRows *lists);
extern bool params_weigh(const NeighborParams *params);
extern void neighborhood_weigh(const Neighborhood *hood, Side side, float *row_value,
							   float *column_value);
extern void accumulate_row(RowSimilarity *similarity, int32 row);
extern const double *neighborhood_row(Neighborhood *hood, int32 row);
extern RowSimilarity *neighborhood_similarity(Neighborhood *hood, Side side);
extern void neighborhood_compare(Neighborhood *hood, Side side, int32 row,
								 double *scores, int32 *support);

/* The ratings by the rows of a side. */
static inline const SparseRows *
hood_by(const Neighborhood *hood, Side side)
{
	return side == SIDE_ITEMS ? &hood->by_item : &hood->by_user;
}

/* The ratings by the rows of the neighborhood, and by its columns. */
static inline const SparseRows *
hood_rows(const Neighborhood *hood)
{
	return hood_by(hood, hood->params.side);
}

static inline const SparseRows *
hood_columns(const Neighborhood *hood)
{
	return hood_by(hood, OTHER_SIDE(hood->params.side));
}

/* The statistics of the rows of a side. */
static inline const RowStats *
side_stats(const Neighborhood *hood, Side side)
{
	return side == SIDE_ITEMS ? hood->item_stats : hood->user_stats;
}

/* The biases of a side. */
static inline const float *
side_bias(const Neighborhood *hood, Side side)
{
	return side == SIDE_ITEMS ? hood->item_bias : hood->user_bias;
}

#endif							/* RECSYS_FORMS_NEIGHBORHOOD_H */
