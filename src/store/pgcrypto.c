/*
 * pgcrypto.c
 *		crypt() of the extension pgcrypto, and of nobody else (S13).
 *
 * A function of that name in anybody's schema would be handed passwords, so it
 * is never looked up by name: it is the member of the extension pgcrypto, in
 * whatever schema, that is a C function of two texts whose code is pg_crypt in
 * $libdir/pgcrypto.  pgcrypto is a trusted extension: its owner need not be a
 * superuser and may make functions of his own members of it, but not in C.
 *
 * It is looked for every time: that takes microseconds, bcrypt milliseconds, and
 * there is nothing to invalidate (leaving an extension changes pg_depend only,
 * for which there are no messages).
 */
#include "store/pgcrypto.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/syscache.h"

static bool
pgcrypto_column_is(HeapTuple tuple, AttrNumber column, const char *expected)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(PROCOID, tuple, column, &isnull);
	char	   *copy;
	bool		same;

	if (isnull)
		return false;
	copy = TextDatumGetCString(value);
	same = strcmp(copy, expected) == 0;
	pfree(copy);
	return same;
}

/* Is this function pgcrypto's own crypt(text, text) returns text? */
static bool
pgcrypto_is_crypt(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	result = proc->prolang == ClanguageId && proc->prokind == PROKIND_FUNCTION &&
		!proc->proretset && proc->prorettype == TEXTOID && proc->pronargs == 2 &&
		proc->proargtypes.values[0] == TEXTOID && proc->proargtypes.values[1] == TEXTOID &&
		pgcrypto_column_is(tuple, Anum_pg_proc_prosrc, "pg_crypt") &&
		pgcrypto_column_is(tuple, Anum_pg_proc_probin, "$libdir/pgcrypto");
	ReleaseSysCache(tuple);
	return result;
}

/* Look through the members of the extension. */
static Oid
pgcrypto_search(Oid extension)
{
	Relation	rel = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			found = InvalidOid;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	scan = systable_beginscan(rel, DependReferenceIndexId, true, NULL, lengthof(keys), keys);
	while (found == InvalidOid && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend member = (Form_pg_depend) GETSTRUCT(tuple);

		if (member->deptype == DEPENDENCY_EXTENSION &&
			member->classid == ProcedureRelationId &&
			pgcrypto_is_crypt(member->objid))
			found = member->objid;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/* Since PostgreSQL 18 an administrator can turn crypt() off: it then only raises errors. */
static bool
pgcrypto_is_off(void)
{
	const char *value = GetConfigOption("pgcrypto.builtin_crypto_enabled", true, false);

	return value != NULL && pg_strcasecmp(value, "off") == 0;
}

static Oid
pgcrypto_crypt_oid(void)
{
	Oid			extension = get_extension_oid("pgcrypto", true);

	return OidIsValid(extension) && !pgcrypto_is_off() ? pgcrypto_search(extension) : InvalidOid;
}

bool
store_pgcrypto_exists(void)
{
	return OidIsValid(pgcrypto_crypt_oid());
}

char *
store_pgcrypto_crypt(const char *password, const char *setting)
{
	Oid			function = pgcrypto_crypt_oid();
	text	   *password_text;
	char	   *result;

	if (!OidIsValid(function))
		return NULL;
	password_text = cstring_to_text(password);
	result = TextDatumGetCString(OidFunctionCall2(function, PointerGetDatum(password_text),
												  CStringGetTextDatum(setting)));
	explicit_bzero(VARDATA(password_text), VARSIZE(password_text) - VARHDRSZ);
	pfree(password_text);
	return result;
}
