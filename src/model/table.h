/*
 * table.h
 *		The table of a model: finding, making, locking, reading and writing.
 */
#ifndef RECSYS_MODEL_TABLE_H
#define RECSYS_MODEL_TABLE_H

#include "postgres.h"

#include "fmgr.h"
#include "storage/itemptr.h"
#include "utils/jsonb.h"

#include "model/draft.h"

/* A name given by a user for a model that may or may not exist yet. */
typedef struct ModelTarget
{
	char	   *schema;
	char	   *name;
	Oid			relid;			/* InvalidOid: it does not exist */
} ModelTarget;

/* What identifies the contents of a version, and what its header row holds. */
typedef struct HeaderRow
{
	int32		version;
	TransactionId xmin;
	ItemPointerData ctid;
	struct varlena *meta;		/* palloc'd, as stored: see header_meta */
	bytea	   *manifest;		/* palloc'd, detoasted */
	uint32		crc;			/* of the manifest */
} HeaderRow;

extern Oid	model_type(FunctionCallInfo fcinfo);
extern bool model_table_is_model(Oid relid, Oid type);
extern char *model_table_name(Oid relid);
extern Oid	model_owner(Oid relid);

extern ModelTarget model_target(text *name, Oid type);
extern Oid	model_lookup(const char *name, Oid *type);
extern void model_table_lock_for_writing(Oid relid);
extern Oid	model_table_create(const ModelTarget *target, Oid type);

extern int32 model_table_write_version(Oid relid, const ModelDraft *draft,
									   const Jsonb *meta, int keep_versions);

/* Told of a row of a version: which block, and how many bytes its data has. */
typedef void (*MeasureBlock) (void *arg, const char *part, int32 block, Size bytes);

extern void model_table_measure(Oid relid, int32 version, MeasureBlock measure, void *arg);
extern bool model_table_read_header(Oid relid, HeaderRow *row);
extern Jsonb *header_meta(const HeaderRow *row);
extern bool model_table_read_block(Oid relid, int32 version, int component, ModelPart part,
								   uint32 number, ModelBlock *block, const char **problem);

#endif							/* RECSYS_MODEL_TABLE_H */
