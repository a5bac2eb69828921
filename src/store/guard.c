/*
 * guard.c
 *		Refusing to drop the extension while it holds users, and functions that are hooks.
 *
 * An object access hook sees every drop, whatever statement leads to it: DROP
 * EXTENSION, CASCADE from pgcrypto (whose owner need not be a superuser), DROP
 * OWNED.  What it watches is the table of users and not the extension, because
 * dependent objects go first: when the extension's turn comes, the table is
 * gone.  Only when somebody has taken the table out of the extension before, and
 * then drops it with all that depends on it, the schema goes first: so that is
 * watched too.  DROP DATABASE drops no table and is free.
 *
 * The table is scanned directly: whoever drops may not be allowed to read it,
 * and SQL inside a deletion would have to become another role.
 */
#include "store/guard.h"

#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "base/settings.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "store/hook_guard.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

static bool allow_drop = false;
static object_access_hook_type previous_hook = NULL;

/* Is there a row that this transaction would see now? */
static bool
guard_has_rows(Oid relid)
{
	Relation	rel = table_open(relid, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	bool		found = table_scan_getnextslot(scan, ForwardScanDirection, slot);

	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

static bool
guard_is_schema(Oid nspid)
{
	char	   *name = get_namespace_name(nspid);
	bool		is_schema = name && strcmp(name, "fastauth") == 0;

	if (name)
		pfree(name);
	return is_schema;
}

static bool
guard_is_users(Oid relid)
{
	char	   *name = get_rel_name(relid);
	bool		is_users = name && strcmp(name, "users") == 0 &&
		get_rel_relkind(relid) == RELKIND_RELATION && guard_is_schema(get_rel_namespace(relid));

	if (name)
		pfree(name);
	return is_users;
}

static void
guard_check_drop(Oid relid)
{
	if (!OidIsValid(relid) || !guard_is_users(relid))
		return;
	if (allow_drop && superuser_arg(GetSessionUserId()))
		return;
	if (!guard_has_rows(relid))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot drop extension fastauth because it holds users"),
			 errdetail("All users, sessions and keys would be lost."),
			 errhint("As a superuser, SET fastauth.allow_drop = on first.")));
}

static void
guard_object_access(ObjectAccessType access, Oid classid, Oid objectid, int subid, void *arg)
{
	if (previous_hook)
		previous_hook(access, classid, objectid, subid, arg);
	if (access == OAT_DROP && classid == NamespaceRelationId && guard_is_schema(objectid))
		guard_check_drop(get_relname_relid("users", objectid));
	if (access == OAT_DROP && classid == RelationRelationId && subid == 0)
		guard_check_drop(objectid);
	else if (classid == ProcedureRelationId && access == OAT_DROP)
		store_hook_guard_drop(objectid);
	else if (classid == ProcedureRelationId && access == OAT_POST_ALTER)
		store_hook_guard_function_altered(objectid);
	else if (classid == NamespaceRelationId && access == OAT_POST_ALTER)
		store_hook_guard_schema_altered(objectid);
}

void
store_guard_init(void)
{
	const BaseServerSettingDef *def = base_server_setting("fastauth.allow_drop");

	DefineCustomBoolVariable(def->name, def->brief, NULL, &allow_drop, false,
							 def->context, def->flags, NULL, NULL, NULL);
	previous_hook = object_access_hook;
	object_access_hook = guard_object_access;
}
