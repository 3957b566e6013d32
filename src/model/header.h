/*
 * header.h
 *		The header of a version of a model: what it is and where it came from.
 */
#ifndef RECSYS_MODEL_HEADER_H
#define RECSYS_MODEL_HEADER_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/* One iteration of training. */
typedef struct IterationLog
{
	double		loss;			/* what is minimized; NaN if nothing is */
	double		train_rmse;		/* NaN if it is not known */
	double		seconds;		/* since training began */
} IterationLog;

/*
 * No number in a header is larger than this: means of single-precision numbers
 * are not.  Sums of products of such numbers fit double precision.
 */
#define LARGEST_NUMBER 1e39

/*
 * A parameter of models that predict ratings: what damps the predictions in
 * their lists.  Without it nothing does.
 */
#define PARAM_DAMPED_BY "damped_by"
#define DAMPED_BY_COMPONENT "component" /* the scores of the first component */
#define DAMPED_BY_COUNTS "counts"	/* the items' numbers of ratings */

typedef struct ModelHeader
{
	const char *algorithm;
	const char *form;
	Jsonb	   *options;		/* all of them, as they were in effect */
	Jsonb	   *params;			/* of the form */
	Jsonb	   *components;		/* see header_encode_component; NULL: there are none */
	Jsonb	   *choice;			/* how the algorithm was chosen; NULL: by whoever trained it */

	const char *relation;		/* the source, qualified and quoted; NULL: none */
	const char *user_col;
	const char *item_col;
	const char *rating_col;		/* NULL: every row had the value 1 */
	const char *user_type;		/* of the column, with its schema; NULL: not known */
	const char *item_type;

	const char *encoding;		/* of all text; NULL: not known */
	bool		ascii;			/* is all text in ASCII, whatever the encoding? */

	int32		users;			/* 0 where there is no source */
	int32		items;
	int64		ratings;
	double		mean;
	double		stddev;
	double		minimum;
	double		maximum;
	bool		clip;			/* predictions are kept within the range */

	TimestampTz trained_at;
	int			iterations;
	double		train_rmse;
	double		seconds;
	const IterationLog *log;	/* [iterations]; may be NULL */
} ModelHeader;

extern Jsonb *header_encode(const ModelHeader *header);
extern void header_encode_component(StringInfo json, const char *algorithm,
									const char *form, const Jsonb *options,
									const Jsonb *params);
extern const char *header_decode_component(const Jsonb *component, ModelHeader *header);
extern const char *header_decode(const Jsonb *meta, ModelHeader *header);
extern IterationLog *header_decode_log(const Jsonb *meta, int *count);

#endif							/* RECSYS_MODEL_HEADER_H */
