/*
 * batch.h
 *		The best items for many users at once.
 */
#ifndef RECSYS_SERVING_BATCH_H
#define RECSYS_SERVING_BATCH_H

#include "postgres.h"

#include "storage/dsm.h"

#include "forms/ranking.h"
#include "model/model.h"

/* What is asked of a batch, from which its memory can be computed. */
typedef struct BatchShape
{
	int32		users;
	int			n;				/* the longest that a list can be */
	bool		exclude_seen;
	bool		scores;			/* of the lists are wanted */
	bool		popular;		/* rank by numbers of ratings, not by the model */
	bool		restricted;		/* rank the candidates alone */
	bool		profiles;		/* users may have a profile */
	bool		auc;			/* is wanted, of what is relevant */
	int64		relevant;		/* entries of all users together, as are the following */
	int64		candidates;		/* 0 unless restricted */
	int64		known;			/* 0 unless there are profiles */
} BatchShape;

/* Some items of each user: those of user u are item[start[u]] .. item[start[u + 1] - 1]. */
typedef struct BatchItems
{
	int64	   *start;			/* [users + 1] */
	int32	   *item;			/* [start[users]] indexes in the model */
} BatchItems;

/*
 * A batch.  The caller fills in what is asked, batch_run what comes of it; a
 * place of a list behind its end has the item -1.
 */
typedef struct Batch
{
	BatchShape	shape;
	dsm_segment *segment;		/* where the arrays are; NULL: in private memory */

	int32	   *user;			/* [users] index in the model, or -1 */
	int32	   *cold_user;		/* [users] of those: the row of find_cold_user, or -1 */
	BatchItems	relevant;		/* what the user should be recommended */
	BatchItems	candidates;		/* what is ranked, if that is restricted */
	SparseRows	profiles;		/* [users x items] what is known of users who are not in
								 * the model */

	int32	   *item;			/* [users x n] best first */
	double	   *score;			/* [users x n], if wanted */
	double	   *auc;			/* [users], if wanted, share of pairs of a relevant and
								 * another item that are in the right order; NaN if there
								 * are none */
} Batch;

extern int	batch_workers(const BatchShape *shape, int32 item_count);
extern Size batch_bytes(const BatchShape *shape, int32 item_count);
extern ItemList batch_list(const BatchItems *items, int32 u);
extern UserProfile batch_profile(const Batch *batch, int32 u);
extern Batch *batch_create(const BatchShape *shape, const Model *model);
extern void batch_run(Batch *batch, Model *model);
extern void batch_release(Batch *batch);

#endif							/* RECSYS_SERVING_BATCH_H */
