/*
 * matrix.h
 *		The interaction matrix: what every algorithm reads.
 *
 * Ids mapped to dense indexes in the order of the ids, ratings by user and by
 * item (8 bytes an entry each).  The same set of rows gives the same matrix,
 * byte for byte, in whatever order they were read.
 */
#ifndef RECSYS_RATINGS_MATRIX_H
#define RECSYS_RATINGS_MATRIX_H

#include "postgres.h"

#include "ratings/ids.h"
#include "ratings/sparse_rows.h"

/* Users or items, for a function that works on either. */
typedef enum Side
{
	SIDE_USERS,
	SIDE_ITEMS
} Side;

#define OTHER_SIDE(side) ((side) == SIDE_ITEMS ? SIDE_USERS : SIDE_ITEMS)

/* What to do with several rows for one user and item. */
typedef enum DuplicatesPolicy
{
	DUPLICATES_ERROR,
	DUPLICATES_MAX,
	DUPLICATES_MIN,
	DUPLICATES_MEAN,
	DUPLICATES_SUM,
	DUPLICATES_FIRST,
	DUPLICATES_LAST
} DuplicatesPolicy;

/* As which nobody has chosen one: the mean of ratings, the sum of weights. */
#define DUPLICATES_BY_KIND (-1)

/* What values are. */
typedef enum ValueKind
{
	VALUES_RATINGS,				/* how much somebody likes something */
	VALUES_WEIGHTS,				/* how often or how much something was done; 0: it was not */
	VALUES_OPEN					/* weights if they look like counts, else ratings */
} ValueKind;

/* Which rows count, and as what. */
typedef struct RatingsPolicy
{
	int			duplicates;		/* DuplicatesPolicy, or DUPLICATES_BY_KIND */
	double		min_value;		/* rows below are left out; -infinity: none is */
	bool		binarize;		/* every rating that is left becomes 1 */
	int			min_user_ratings;	/* users with fewer are left out */
	int			min_item_ratings;	/* items with fewer, too */
	bool		keep_left_out;	/* are rows below min_value kept as seen? */
	bool		keep_pruned;	/* and those of users and items with fewer ratings? */
	ValueKind	values;
} RatingsPolicy;

/* Must the rows be read in the order of their times? */
static inline bool
policy_needs_order(const RatingsPolicy *policy)
{
	return policy->duplicates == DUPLICATES_FIRST || policy->duplicates == DUPLICATES_LAST;
}

/* The size of a problem, from which its memory can be computed. */
typedef struct MatrixShape
{
	int32		users;
	int32		items;
	int64		ratings;
	Size		id_bytes;		/* of text */
} MatrixShape;

/* Pairs that were read but are not used, with the ids as they were then. */
typedef struct LeftOut
{
	Ids			users;
	Ids			items;
	SparseRows	pairs;			/* [users x items] */
} LeftOut;

typedef struct Interactions
{
	Ids			users;
	Ids			items;
	SparseRows	by_user;
	SparseRows	by_item;
	SparseShare user_share;		/* of by_user; no segment: in private memory */
	SparseShare item_share;		/* of by_item */
	double		mean;			/* of the ratings, as are the following */
	double		stddev;			/* population standard deviation */
	float		minimum;
	float		maximum;
	const LeftOut *left_out;	/* pairs that are seen, but not used; NULL: none */
	int64		zeros;			/* weights of 0, which were ignored */
	bool		counts;			/* do the values look like counts, if not known to be
								 * ratings? */
} Interactions;

/* The ratings by the rows of a side. */
static inline const SparseRows *
interactions_by(const Interactions *ratings, Side side)
{
	return side == SIDE_ITEMS ? &ratings->by_item : &ratings->by_user;
}

/* The size of a matrix that is there; the bytes of its ids are not counted. */
static inline MatrixShape
interactions_shape(const Interactions *ratings)
{
	return (MatrixShape) {
		.users = ratings->users.count,
		.items = ratings->items.count,
		.ratings = sparse_entries(&ratings->by_user)
	};
}

extern Size matrix_bytes(const MatrixShape *shape);
extern void interactions_allocate(Interactions *ratings, int64 entries, bool shared);
extern void interactions_allocate_side(Interactions *ratings, Side side, int64 entries,
									   bool shared);
extern void interactions_describe(Interactions *ratings);
extern void interactions_attach(const Interactions *there, Interactions *here);
extern bool interactions_are_shared(const Interactions *ratings);
extern void interactions_release(Interactions *ratings);

/* In builds with assertions: do both sides and the ids agree? */
#ifdef USE_ASSERT_CHECKING
extern void check_interactions(const Interactions *ratings);
#else
#define check_interactions(ratings) ((void) 0)
#endif

#endif							/* RECSYS_RATINGS_MATRIX_H */
