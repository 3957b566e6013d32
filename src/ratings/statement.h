/*
 * statement.h
 *		A statement on one relation, which stays on that one.
 */
#ifndef RECSYS_RATINGS_STATEMENT_H
#define RECSYS_RATINGS_STATEMENT_H

#include "postgres.h"

#include "nodes/params.h"
#include "tcop/dest.h"

typedef struct Statement Statement;

extern Statement *statement_prepare(Oid relid, const char *text, const Oid *types, int count);
extern uint64 statement_run(Statement *statement, ParamListInfo params, bool read_only,
							DestReceiver *dest);

#endif							/* RECSYS_RATINGS_STATEMENT_H */
