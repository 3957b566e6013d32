/*
 * trust.h
 *		Other roles' code: whose runs when a relation is read or written, and
 *		with whose privileges.
 */
#ifndef RECSYS_RATINGS_TRUST_H
#define RECSYS_RATINGS_TRUST_H

#include "postgres.h"

#include "nodes/bitmapset.h"
#include "nodes/params.h"
#include "nodes/pg_list.h"
#include "tcop/dest.h"
#include "utils/relcache.h"

/* Who we were before act_as. */
typedef struct Actor
{
	Oid			role;			/* who we became; InvalidOid: nobody else */
	Oid			user;
	int			security_context;
	int			nest_level;		/* of settings */
} Actor;

/* How a relation that the caller did not name may be read. */
typedef struct ReadingRights
{
	Oid			relid;			/* InvalidOid: the caller did name it */
	Oid			reader;			/* as whom a query reads; InvalidOid: the caller */
	Oid			stranger;		/* whose code a query would run; InvalidOid: nobody's */
} ReadingRights;

extern bool role_is_trusted(Oid role);
extern Oid	owner_of_type(Oid type);
extern void act_as(Oid role, Actor *before);
extern void act_end(const Actor *before);

extern void require_select(Relation relation, Bitmapset *columns);
extern Bitmapset *add_column(Bitmapset *columns, Relation relation, const char *name);
extern ReadingRights claimed_rights(Relation relation, Bitmapset *columns, Oid claimant);
extern void require_claimant_select(Relation relation, Bitmapset *columns, Oid claimant);
extern void rights_query(const ReadingRights *rights, const char *query,
						 ParamListInfo params, bool read_only, DestReceiver *dest);

#endif							/* RECSYS_RATINGS_TRUST_H */
