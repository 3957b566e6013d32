/*
 * compat.h
 *		Every difference between the PostgreSQL versions that recsys supports.
 *
 * Nowhere else in the source is PG_VERSION_NUM tested.  Every file that includes
 * postgres.h includes this next, so that what it provides is there for the
 * headers that follow (test/t/016_source.pl holds the tree to it).
 */
#ifndef RECSYS_COMPAT_H
#define RECSYS_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "recsys needs PostgreSQL 15 or later"
#endif

/*
 * The library is compiled with hidden visibility, which is PostgreSQL's own way
 * since 16.  Before, what PostgreSQL looks up has to be shown here.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))

#include "fmgr.h"

#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname) \
extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS); \
extern PGDLLEXPORT const Pg_finfo_record * CppConcat(pg_finfo_,funcname)(void); \
const Pg_finfo_record * \
CppConcat(pg_finfo_,funcname) (void) \
{ \
	static const Pg_finfo_record my_finfo = { 1 }; \
	return &my_finfo; \
} \
extern int no_such_variable
#endif

#if PG_VERSION_NUM >= 160000
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "utils/acl.h"
#include "varatt.h"

#define pg_namespace_aclcheck(schema, role, mode) \
	object_aclcheck(NamespaceRelationId, schema, role, mode)
#define pg_proc_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#endif

/*
 * Do what a query does before it reads columns of a relation: ask for the
 * caller's rights, and whatever modules have to say.  "rte" is a fresh
 * RangeTblEntry, "columns" a Bitmapset as in its selectedCols.
 */
#if PG_VERSION_NUM >= 160000
#define exec_check_select(rte, columns) \
do { \
	List	   *infos_ = NIL; \
	RTEPermissionInfo *info_ = addRTEPermissionInfo(&infos_, rte); \
	info_->requiredPerms = ACL_SELECT; \
	info_->selectedCols = (columns); \
	(void) ExecCheckPermissions(list_make1(rte), infos_, true); \
} while (0)
#else
#define exec_check_select(rte, columns) \
do { \
	(rte)->requiredPerms = ACL_SELECT; \
	(rte)->selectedCols = (columns); \
	(void) ExecCheckRTPerms(list_make1(rte), true); \
} while (0)
#endif

/* What nobody can put a function of his own into; until AtEOXact_GUC. */
#if PG_VERSION_NUM < 170000
#define RestrictSearchPath() \
	((void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, \
							  PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false))
#endif

#if PG_VERSION_NUM >= 180000
#include "access/genam.h"

#define index_beginscan(table, index, snapshot, keys, orderbys) \
	index_beginscan(table, index, snapshot, NULL, keys, orderbys)
#endif

#if PG_VERSION_NUM >= 180000
#include "executor/executor.h"

#define ExecutorRun(query, direction, count, once) ExecutorRun(query, direction, count)
#endif

/* Comes first in a declaration. */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

#endif							/* RECSYS_COMPAT_H */
