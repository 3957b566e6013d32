/*
 * look.h
 *		Looking at a model without ever waiting for a lock.
 */
#ifndef RECSYS_MODEL_LOOK_H
#define RECSYS_MODEL_LOOK_H

#include "postgres.h"

#include "utils/jsonb.h"

typedef struct Look Look;

extern Look *look_begin(Oid relid, Oid type);
extern bool look_at_header(Oid relid, int32 *version, Jsonb **meta);
extern void look_end(Look *look);

#endif							/* RECSYS_MODEL_LOOK_H */
