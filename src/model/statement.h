/*
 * statement.h
 *		An INSERT or DELETE on one table, which stays on that one.
 */
#ifndef RECSYS_MODEL_STATEMENT_H
#define RECSYS_MODEL_STATEMENT_H

#include "postgres.h"

typedef struct Statement Statement;

extern Statement *statement_prepare(Oid relid, const char *text, const Oid *types, int count);
extern uint64 statement_run(Statement *statement, const Datum *values, const bool *nulls,
							bool *all_true);

#endif							/* RECSYS_MODEL_STATEMENT_H */
