/*
 * trust.c
 *		Other roles' code: whose runs when a relation is read or written, and
 *		with whose privileges.
 *
 * Planning a query over a relation runs functions of its owner (in an index
 * predicate, in extended statistics, in a policy).  So does writing to it, and
 * reading a column may run a cast of its type's owner.  Callers who name the
 * relation themselves accept that, as in any query.
 *
 * If a model names the relation, that is a claim of the model's owner.  They must
 * have the privilege to read it themselves, and nobody's code may run with more
 * privileges than its owner has.  So the query runs as the owner of the relation,
 * in a security-restricted operation, as PostgreSQL refreshes a materialized
 * view.  What cannot be read in that way (a view, policies, foreign tables) must
 * belong to a role that the caller has reason to trust: the caller, a role that
 * the caller is a member of, or a superuser.
 */
#include "postgres.h"
#include "compat.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "ratings/statement.h"
#include "ratings/trust.h"

/*
 * May code of a role run with the caller's privileges?  A superuser counts as
 * a member only of roles granted to it, or it would trust everybody.
 */
bool
role_is_trusted(Oid role)
{
	return role == GetUserId() || superuser_arg(role) ||
		is_member_of_role_nosuper(GetUserId(), role);
}

/*
 * Become a role for a while, unless it is InvalidOid: code that runs as that
 * role cannot reach the session's user, its settings or its temporary tables.
 * An error ends it too, with the transaction.
 */
void
act_as(Oid role, Actor *before)
{
	before->role = role;
	if (!OidIsValid(role))
		return;
	GetUserIdAndSecContext(&before->user, &before->security_context);
	before->nest_level = NewGUCNestLevel();
	SetUserIdAndSecContext(role, before->security_context | SECURITY_RESTRICTED_OPERATION);
	RestrictSearchPath();
}

/* Become again who we were. */
void
act_end(const Actor *before)
{
	if (!OidIsValid(before->role))
		return;
	AtEOXact_GUC(false, before->nest_level);
	SetUserIdAndSecContext(before->user, before->security_context);
}

/*
 * Error unless the caller may read these columns of a relation by a query.
 * USAGE on its schema is checked where it is found by name.
 */
void
require_select(Relation relation, Bitmapset *columns)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);

	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(relation);
	rte->relkind = RelationGetForm(relation)->relkind;
	rte->rellockmode = AccessShareLock;
	exec_check_select(rte, columns);
}

/* Add a column to a set for require_select; name NULL: add none. */
Bitmapset *
add_column(Bitmapset *columns, Relation relation, const char *name)
{
	if (name == NULL)
		return columns;
	return bms_add_member(columns, get_attnum(RelationGetRelid(relation), name) -
						  FirstLowInvalidHeapAttributeNumber);
}

/*
 * The role that owns a relation, or InvalidOid if it does not exist any more.
 */
static Oid
owner_of_relation(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

/*
 * The role that owns the functions that make text of a type, or of its
 * elements.
 */
Oid
owner_of_type(Oid type)
{
	HeapTuple	tuple;
	Oid			owner;
	Oid			element;

	type = getBaseType(type);
	element = get_element_type(type);
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(OidIsValid(element) ?
													  getBaseType(element) : type));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	owner = ((Form_pg_type) GETSTRUCT(tuple))->typowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* May a role read some columns of all rows of a relation? */
static bool
may_read_all(Relation relation, Bitmapset *columns, Oid role)
{
	Oid			relid = RelationGetRelid(relation);
	int			column = -1;

	if (pg_namespace_aclcheck(RelationGetNamespace(relation), role, ACL_USAGE) != ACLCHECK_OK ||
		check_enable_rls(relid, role, true) == RLS_ENABLED)
		return false;
	if (pg_class_aclcheck(relid, role, ACL_SELECT) == ACLCHECK_OK)
		return true;
	while ((column = bms_next_member(columns, column)) >= 0)
		if (pg_attribute_aclcheck(relid, column + FirstLowInvalidHeapAttributeNumber, role,
								  ACL_SELECT) != ACLCHECK_OK)
			return false;
	return !bms_is_empty(columns);
}

/*
 * Error if the role that claims that a model is of a relation could not read
 * those columns itself, and would have us read them.
 */
void
require_claimant_select(Relation relation, Bitmapset *columns, Oid claimant)
{
	if (role_is_trusted(claimant) || may_read_all(relation, columns, claimant))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("cannot read relation \"%s\", which the model refers to",
					RelationGetRelationName(relation)),
			 errdetail("Role \"%s\", the owner of the model, may not read all of the relation, and would find its contents in the model.",
					   GetUserNameFromId(claimant, false)),
			 errhint("Train the model with recsys_train, naming the relation yourself.")));
}

/*
 * Report that a relation cannot be read, because that would run its owner's
 * code.
 */
static void
report_untrusted(Relation relation, Oid owner, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("cannot read relation \"%s\", which the model refers to",
					RelationGetRelationName(relation)),
			 errdetail("%s Reading it would run code of role \"%s\" with your privileges.", reason,
					   GetUserNameFromId(owner, false)),
			 errhint("Train the model with recsys_train, naming the relation yourself, or ask a role that trusts the owner to do it.")));
}

/*
 * Error unless a relation can be read as its owner.  It is asked for each
 * relation that has rows of it ("member"), the relation itself among them.
 */
static void
require_readable_as_owner(Relation relation, Oid member, Oid owner)
{
	switch (get_rel_relkind(member))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_MATVIEW:
			break;
		case RELKIND_VIEW:
			report_untrusted(relation, owner, "It is a view.");
			break;
		default:
			report_untrusted(relation, owner, "It is a foreign table, or has one as a partition.");
	}
	if (member == RelationGetRelid(relation) &&
		check_enable_rls(member, InvalidOid, true) == RLS_ENABLED)
		report_untrusted(relation, owner, "It has policies of row-level security.");
}

/*
 * Note the owner of code that a query would run, unless the role that reads
 * has reason to trust it.
 */
static void
note_owner(ReadingRights *rights, Oid owner)
{
	if (OidIsValid(rights->reader) ? owner != rights->reader && !superuser_arg(owner) :
		!role_is_trusted(owner))
		rights->stranger = owner;
}

/*
 * How a relation may be read that a model names, whose owner is the claimant.
 * Errors: the caller or the claimant has no privilege to read those columns,
 * or code of the relation's owner would run with the caller's privileges.  The
 * relation must be locked; its partitions and children are locked here.
 */
ReadingRights
claimed_rights(Relation relation, Bitmapset *columns, Oid claimant)
{
	ReadingRights rights = {.relid = RelationGetRelid(relation)};
	Oid			owner = RelationGetForm(relation)->relowner;
	List	   *members = find_all_inheritors(RelationGetRelid(relation), AccessShareLock, NULL);
	ListCell   *cell;
	int			column = -1;

	require_select(relation, columns);
	require_claimant_select(relation, columns, claimant);
	if (!role_is_trusted(owner))
		rights.reader = owner;
	foreach(cell, members)
	{
		Oid			member = lfirst_oid(cell);
		Oid			member_owner = owner_of_relation(member);

		note_owner(&rights, member_owner);
		if (!role_is_trusted(member_owner))
			require_readable_as_owner(relation, member, member_owner);
	}
	while ((column = bms_next_member(columns, column)) >= 0)
	{
		AttrNumber	number = column + FirstLowInvalidHeapAttributeNumber;

		note_owner(&rights, owner_of_type(TupleDescAttr(RelationGetDescr(relation),
														number - 1)->atttypid));
	}
	return rights;
}

/*
 * Error if a query on a relation would run the code of a role that is not
 * trusted.
 */
static void
require_no_stranger(const ReadingRights *rights)
{
	if (!OidIsValid(rights->stranger))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("cannot read relation \"%s\", which the model refers to",
					get_rel_name(rights->relid)),
			 errdetail("Role \"%s\" owns a partition of it, or the type of a column. Reading it would run code of that role with the privileges of another role.",
					   GetUserNameFromId(rights->stranger, false)),
			 errhint("Train the model with recsys_train, naming the relation yourself.")));
}

/* Run a query on a relation that a model names, as the role that may read it. */
static void
claimed_query(const ReadingRights *rights, const char *query, ParamListInfo params,
			  DestReceiver *dest)
{
	int			count = params == NULL ? 0 : params->numParams;
	Oid		   *types = palloc(sizeof(Oid) * Max(count, 1));
	Actor		caller;

	require_no_stranger(rights);
	for (int i = 0; i < count; i++)
		types[i] = params->params[i].ptype;
	act_as(rights->reader, &caller);
	(void) statement_run(statement_prepare(rights->relid, query, types, count), params, false,
						 dest);
	act_end(&caller);
}

/*
 * Run a query with the caller's privileges, as one that the caller has
 * written.
 */
static void
query_as_caller(const char *query, ParamListInfo params, bool read_only, DestReceiver *dest)
{
	SPIExecuteOptions options = {
		.params = params,
		.read_only = read_only,
		.dest = dest
	};
	int			result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_extended(query, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
	SPI_finish();
}

/*
 * Run a query that reads a relation, with the rights to it.  read_only: where
 * the caller has named it, by the snapshot of the caller's statement.
 */
void
rights_query(const ReadingRights *rights, const char *query, ParamListInfo params,
			 bool read_only, DestReceiver *dest)
{
	if (OidIsValid(rights->relid))
		claimed_query(rights, query, params, dest);
	else
		query_as_caller(query, params, read_only, dest);
}
