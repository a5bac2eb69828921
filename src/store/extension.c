/*
 * extension.c
 *		Is the SQL that is installed here the one that this library belongs to? (S7)
 *
 * Between a restart with a new library and ALTER EXTENSION UPDATE the old SQL
 * calls the new C.  A C symbol never changes its meaning, so that cannot crash;
 * but the tables may lack a column, and the error for that must be clear.  The
 * answer is kept until a function changes in this database, which every
 * CREATE, ALTER and DROP EXTENSION of ours does.
 *
 * Our own scripts may call what does not touch tables: in the middle of a chain
 * of upgrade scripts the version is neither the old nor the new one.
 */
#include "store/extension.h"

#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

static bool extension_checked = false;

static void
extension_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	(void) arg;
	(void) cacheid;
	(void) hashvalue;
	extension_checked = false;
}

/* The installed version of the extension, or NULL. */
static char *
extension_version(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("fastauth"));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		d = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(rel), &isnull);

		if (!isnull)
			version = TextDatumGetCString(d);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version;
}

bool
store_extension_is_current(void)
{
	char	   *version = extension_version();

	return version != NULL && strcmp(version, FASTAUTH_VERSION) == 0;
}

void
store_extension_check(void)
{
	static bool registered = false;
	char	   *version;

	if (extension_checked)
		return;
	if (creating_extension && CurrentExtensionObject == get_extension_oid("fastauth", true))
		return;
	if (!registered)
	{
		CacheRegisterSyscacheCallback(PROCOID, extension_changed, (Datum) 0);
		registered = true;
	}
	version = extension_version();
	if (version == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension fastauth is not installed in this database"),
				 errhint("CREATE EXTENSION fastauth CASCADE;")));
	if (strcmp(version, FASTAUTH_VERSION) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("fastauth library is version %s, but its SQL in this database is version %s",
						FASTAUTH_VERSION, version),
				 errhint("ALTER EXTENSION fastauth UPDATE;")));
	pfree(version);
	extension_checked = true;
}
