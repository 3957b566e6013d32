/*
 * table.h
 *		The table of a model: finding, making, locking, reading and writing.
 */
#ifndef RECSYS_MODEL_TABLE_H
#define RECSYS_MODEL_TABLE_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/snapshot.h"

#include "model/block_source.h"
#include "model/draft.h"

/* A name given by a user for a model that may or may not exist yet. */
typedef struct ModelTarget
{
	char	   *schema;
	char	   *name;
	Oid			relid;			/* InvalidOid: it does not exist */
} ModelTarget;

extern Oid	model_type(FunctionCallInfo fcinfo);
extern bool model_table_is_model(Oid relid, Oid type);
extern char *model_table_name(Oid relid);
extern Oid	model_owner(Oid relid);

extern ModelTarget model_target(text *name, Oid type);
extern Oid	model_lookup(const char *name, Oid *type);
extern void model_table_lock_for_writing(Oid relid);
extern Oid	model_table_create(const ModelTarget *target, Oid type);

extern void model_require_right_to_write(Oid relid);
extern int32 model_newest_version(Oid relid, Snapshot snapshot);

extern int32 model_table_write_version(Oid relid, const ModelDraft *draft,
									   const Jsonb *meta, int keep_versions);

extern bool model_table_read_header(Oid relid, HeaderRow *row);
extern const BlockSource *model_table_source(Oid relid, int32 version);

#endif							/* RECSYS_MODEL_TABLE_H */
