/*
 * ids_builder.h
 *		Gathering the ids of users or items from rows.
 *
 * An IdsBuilder takes ids as they come and numbers them provisionally, from 0,
 * in order of appearance.
 */
#ifndef RECSYS_RATINGS_IDS_BUILDER_H
#define RECSYS_RATINGS_IDS_BUILDER_H

#include "postgres.h"

#include "ratings/ids.h"

typedef struct IdsBuilder IdsBuilder;

extern IdsBuilder *ids_builder_create(bool integer);
extern int32 ids_builder_add(IdsBuilder *builder, Id id);
extern int32 ids_builder_count(const IdsBuilder *builder);
extern const Ids *ids_builder_ids(const IdsBuilder *builder);
extern Size ids_builder_text(const IdsBuilder *builder);
extern Size ids_builder_bytes(const IdsBuilder *builder);
extern int32 *ids_builder_finish(IdsBuilder *builder, Ids *ids);

#endif							/* RECSYS_RATINGS_IDS_BUILDER_H */
