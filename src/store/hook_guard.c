/*
 * hook_guard.c
 *		Refusing to drop or rename a function that is a hook.
 *
 * A sign-in whose hook is gone fails, so nobody takes one away by accident: not
 * by DROP FUNCTION, by CASCADE from a schema, a type, a language or an
 * extension, by DROP OWNED, nor by giving it or its schema another name.  Who
 * wants to do that calls remove_hook first.  CREATE OR REPLACE and ALTER
 * FUNCTION change what a hook does, and pass; hooks_overview tells.
 *
 * Rows are compared by what they mean, the function, and not by a text that
 * settings of the caller have a say in.  The table is scanned directly, for the
 * reasons that guard.c gives; where it is gone (the extension is being dropped)
 * there is nothing to guard.
 */
#include "store/hook_guard.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "store/hooks.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Is it this row that is meant? */
typedef bool (*HookGuardTest) (const StoreHook *hook, Oid object);

static bool
hook_guard_is_function(const StoreHook *hook, Oid function)
{
	return store_hook_resolve(hook) == function;
}

static bool
hook_guard_is_in_schema(const StoreHook *hook, Oid schema)
{
	return get_namespace_oid(hook->schema, true) == schema && OidIsValid(store_hook_resolve(hook));
}

static char *
hook_guard_column(TupleTableSlot *slot, const char *name)
{
	AttrNumber	column = get_attnum(slot->tts_tableOid, name);
	bool		isnull = true;
	Datum		value = (Datum) 0;

	if (column > 0)
		value = slot_getattr(slot, column, &isnull);
	return isnull ? NULL : TextDatumGetCString(value);
}

/* So that of several the same one is told, wherever the rows lie. */
static bool
hook_guard_is_before(const StoreHook *a, const StoreHook *b)
{
	int			order = strcmp(a->event, b->event);

	return order < 0 || (order == 0 && strcmp(store_hook_text(a), store_hook_text(b)) < 0);
}

/* The first hook that is meant, or NULL.  Rows that this transaction would see now count. */
static StoreHook *
hook_guard_find(Oid object, HookGuardTest test)
{
	Oid			schema = get_namespace_oid("fastauth", true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid("hooks", schema) : InvalidOid;
	StoreHook  *found = NULL;
	StoreHook	hook = {0};
	Relation	rel;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;

	if (!OidIsValid(relid))
		return NULL;
	rel = table_open(relid, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	slot = table_slot_create(rel, NULL);
	scan = table_beginscan(rel, snapshot, 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		slot->tts_tableOid = relid;
		hook.event = hook_guard_column(slot, "event");
		hook.schema = hook_guard_column(slot, "function_schema");
		hook.name = hook_guard_column(slot, "function_name");
		if (hook.event && hook.schema && hook.name && test(&hook, object) &&
			(found == NULL || hook_guard_is_before(&hook, found)))
			found = memcpy(palloc(sizeof(hook)), &hook, sizeof(hook));
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

static void
hook_guard_refuse(const StoreHook *hook, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot %s because function %s is a hook of fastauth", what, store_hook_text(hook)),
			 errdetail("It is called at %s.", hook->event),
			 errhint("Call fastauth.remove_hook first.")));
}

void
store_hook_guard_drop(Oid function)
{
	StoreHook  *hook = hook_guard_find(function, hook_guard_is_function);

	if (hook)
		hook_guard_refuse(hook, "drop it");
}

/*
 * The name that a row of a catalog has now, and its schema: the caches still
 * show what it was before the command.
 */
static bool
hook_guard_name_now(Oid catalog, Oid index, AttrNumber oid_column, Oid object, NameData *name, Oid *schema)
{
	Relation	rel = table_open(catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	ScanKeyInit(&key, oid_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(rel, index, true, SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found && catalog == ProcedureRelationId)
	{
		*name = ((Form_pg_proc) GETSTRUCT(tuple))->proname;
		*schema = ((Form_pg_proc) GETSTRUCT(tuple))->pronamespace;
	}
	else if (found)
		*name = ((Form_pg_namespace) GETSTRUCT(tuple))->nspname;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

void
store_hook_guard_function_altered(Oid function)
{
	StoreHook  *hook = hook_guard_find(function, hook_guard_is_function);
	NameData	name;
	Oid			schema;

	if (hook &&
		hook_guard_name_now(ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid, function, &name, &schema) &&
		(strcmp(NameStr(name), hook->name) != 0 || schema != get_namespace_oid(hook->schema, true)))
		hook_guard_refuse(hook, "rename or move it");
}

void
store_hook_guard_schema_altered(Oid schema)
{
	StoreHook  *hook = hook_guard_find(schema, hook_guard_is_in_schema);
	NameData	name;

	if (hook &&
		hook_guard_name_now(NamespaceRelationId, NamespaceOidIndexId, Anum_pg_namespace_oid, schema, &name, NULL) &&
		strcmp(NameStr(name), hook->schema) != 0)
		hook_guard_refuse(hook, "rename the schema");
}
