/*
 * compat.h
 *		Every difference between the PostgreSQL versions that recsys supports.
 *
 * Nowhere else in the source is PG_VERSION_NUM tested.
 */
#ifndef RECSYS_COMPAT_H
#define RECSYS_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "recsys needs PostgreSQL 15 or later"
#endif

#if PG_VERSION_NUM >= 160000
#include "catalog/pg_namespace.h"
#include "utils/acl.h"
#include "varatt.h"

#define pg_namespace_aclcheck(schema, role, mode) \
	object_aclcheck(NamespaceRelationId, schema, role, mode)
#endif

/* Comes first in a declaration. */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

#endif							/* RECSYS_COMPAT_H */
