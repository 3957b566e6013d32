/*
 * reader.h
 *		Reading ratings into the interaction matrix.
 */
#ifndef RECSYS_RATINGS_READER_H
#define RECSYS_RATINGS_READER_H

#include "postgres.h"

#include "nodes/params.h"

#include "ratings/matrix.h"
#include "ratings/source.h"

typedef struct ReadRequest
{
	const RatingsSource *source;
	RatingsPolicy policy;

	/*
	 * The query, which selects source_column_list(); NULL: every row of the
	 * source.  Parameters, if it has any.
	 */
	const char *query;
	ParamListInfo params;
	bool		read_only;		/* by the snapshot of the calling query */

	/* With so many ratings, put the matrix into shared memory; 0: never. */
	int64		share_from;

	/*
	 * Bytes that the caller will need for a matrix of a given shape: lets the
	 * error about too little memory name a setting that is enough.
	 */
	Size		(*total_bytes) (const MatrixShape *shape, void *arg);
	void	   *total_bytes_arg;
} ReadRequest;

extern void ratings_require_ids(const RatingsSource *source, int64 null_users,
								int64 null_items);
extern Interactions *ratings_read(const ReadRequest *request);
extern char *ratings_describe(const RatingsSource *source, const MatrixShape *shape);

#endif							/* RECSYS_RATINGS_READER_H */
