/*
 * owner.c
 *		Acting as one of our roles where SECURITY DEFINER does not do it.
 *
 * The functions that stand in policies run once per row and are SECURITY
 * INVOKER: a definer function with a SET clause costs 0.6 us a call on
 * PostgreSQL 15.  They switch only when they have to look something up.
 *
 * Workers switch because they would be superusers, and whoever inserts an event
 * because a trigger there must not run as the owner (S3).
 */
#include "store/owner.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/syscache.h"

/* The owner of the schema fastauth, which the install script made. */
static Oid
owner_id(void)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACENAME, CStringGetDatum("fastauth"));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "schema fastauth does not exist");
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
owner_become(Oid role, StoreOwner *saved)
{
	GetUserIdAndSecContext(&saved->user_id, &saved->sec_context);
	SetUserIdAndSecContext(role, saved->sec_context | SECURITY_LOCAL_USERID_CHANGE);
	saved->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
store_owner_enter(StoreOwner *saved)
{
	owner_become(owner_id(), saved);
}

void
store_owner_enter_events(StoreOwner *saved)
{
	owner_become(get_role_oid("fastauth_events", false), saved);
	/* It inserts by a policy; a caller's row_security = off would refuse it. */
	(void) set_config_option("row_security", "on", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void
store_owner_leave(const StoreOwner *saved)
{
	AtEOXact_GUC(true, saved->guc_level);
	SetUserIdAndSecContext(saved->user_id, saved->sec_context);
}
