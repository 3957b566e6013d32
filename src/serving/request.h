/*
 * request.h
 *		The best items for somebody: what is asked of a model, and its answer.
 */
#ifndef RECSYS_SERVING_REQUEST_H
#define RECSYS_SERVING_REQUEST_H

#include "postgres.h"

#include "forms/list_score.h"
#include "forms/ranking.h"
#include "model/model.h"
#include "serving/popular.h"

typedef struct Request
{
	/* For whom: a user of the model, or somebody else, or nobody in particular. */
	int32		user;			/* -1: not one of the model */
	UserProfile profile;		/* what is known of such a user; empty: nothing is */
	int32		cold_user;		/* such a user's row of find_cold_user, or -1 */
	const float *scored;		/* [items] scores by the model that were made before, with
								 * those of other users; NULL: they are to be made */

	/* Among what. */
	const ItemList *candidates; /* NULL: all items */

	/* Without what. */
	bool		exclude_seen;	/* what the user, or the profile, has rated or seen */

	/* How many, and by what. */
	int			n;
	bool		by_popularity;	/* the items with the most ratings, whoever asks */
	bool		by_prediction;	/* the predictions, whatever the model's lists go by; of a user
								 * of the model alone */
} Request;

/* What a list goes by. */
typedef enum Basis
{
	BASIS_PERSONALIZED,			/* the user's ratings */
	BASIS_POPULAR				/* it is the same for everybody, but for what is left out */
} Basis;

/* A list, best first, which is the ranker's: it stays until the next request. */
typedef struct Answer
{
	Basis		basis;
	TopK		top;
} Answer;

/* Answers requests to one model, and keeps what they have in common. */
typedef struct Ranker
{
	Model	   *model;
	ListScores *lists;			/* what its lists go by */
	int			n;				/* the longest that a list can be */
	bool		many;			/* are there many requests to come? */
	bool		ordered;		/* does the place of every item matter (auc.c)? */
	double	   *score;			/* [items] of the request at hand: see ranking.c */
	bool		scored;			/* are they there?  Not for the popular of all items */
	ItemList	left_out;		/* of the request at hand */
	Scored	   *heap;			/* [n] */
	int32	   *seen;			/* [items] work space; NULL: not needed yet */
	PopularOrder *popular;		/* NULL: not needed yet */
	MemoryContext context;		/* of all of this */
} Ranker;

extern void request_set_user(Request *request, Model *model, Id id);
extern Ranker *ranker_create(Model *model, int n);
extern Answer request_answer(Ranker *ranker, const Request *request);
extern Answer request_answer_once(Model *model, const Request *request);
extern void require_seen(const Model *model);

#endif							/* RECSYS_SERVING_REQUEST_H */
