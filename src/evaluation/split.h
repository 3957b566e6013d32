/*
 * split.h
 *		What of the ratings is held out, and how it is to be ranked.
 */
#ifndef RECSYS_EVALUATION_SPLIT_H
#define RECSYS_EVALUATION_SPLIT_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "evaluation/quality.h"
#include "ratings/source.h"
#include "ratings/subset.h"

/* Positions in the list of their names. */
typedef enum SplitMethod
{
	SPLIT_RANDOM,
	SPLIT_PER_USER,
	SPLIT_LEAVE_ONE_OUT,
	SPLIT_TEMPORAL,
	SPLIT_USERS,
	SPLIT_GIVEN
} SplitMethod;

/* What a split is asked to be. */
typedef struct SplitOptions
{
	SplitMethod method;
	double		share;			/* of rows or users that are held out */
	double		known;			/* of the rows of users who are held out */
	int			seed;
	char	   *time_col;		/* NULL: chance decides */
	char	   *after;			/* a time as text; NULL: the share decides */
	Oid			test;			/* relation with what is held out */
	Oid			negatives;		/* relation with what is ranked beside it, or invalid */
	int			sampled_negatives;
	double		relevant_from;
} SplitOptions;

/* Where a split reads. */
typedef struct SplitSources
{
	const ColumnNames *columns; /* the same of all relations */
	const RatingsSource *ratings;
	RatingsPolicy policy;
} SplitSources;

/* Labels of the ratings: what is trained on has the first. */
#define LABEL_TRAINING 0
#define LABEL_HELD_OUT 1
#define LABEL_KNOWN 2

typedef struct Split
{
	TestSet		test;
	uint8	   *label;			/* [ratings of the whole] */
} Split;

extern const char *const split_methods[];

extern SplitOptions split_parse(const Jsonb *given, char *time_col);
extern MatrixShape split_held_out_shape(const SplitOptions *options,
										const MatrixShape *whole, const TestSet *test);
extern TestSet split_read(const SplitOptions *options, const SplitSources *sources);
extern Split split_make(const SplitOptions *options, const SplitSources *sources,
						const TestSet *read, const Interactions *whole);
extern const Interactions *test_without_training(const Interactions *test,
												 const int32 *user, const int32 *item,
												 const SparseRows *training,
												 const char *relation);

#endif							/* RECSYS_EVALUATION_SPLIT_H */
