/*
 * hook_confine.c
 *		What a hook may not do because it would outlive the hook.
 *
 * A security-restricted operation (hook_call.c) lets two things pass that stay
 * when the hook has returned, in a session that is not its own:
 *
 * - SET CONSTRAINTS decides until the end of the transaction when the caller's
 *	 deferred triggers run, and with IMMEDIATE runs those that wait, there and
 *	 then, as the owner of the hook;
 * - a session-level advisory lock outlives even a rollback, and whoever may take
 *	 one may release those that the caller holds.
 *
 * Both are refused while a hook runs, whoever is asked to do them: a function
 * that the hook calls, or a trigger of what it writes.  Locks that end with the
 * transaction are fine.  A function is seen when an expression that calls it is
 * made ready to run.
 */
#include "auth/hook_confine.h"

#include "auth/hook_call.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "tcop/utility.h"
#include "utils/fmgroids.h"

static ProcessUtility_hook_type confine_previous_utility = NULL;
static object_access_hook_type confine_previous_access = NULL;

static void
confine_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree, ProcessUtilityContext context,
				ParamListInfo params, QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *qc)
{
	if (IsA(pstmt->utilityStmt, ConstraintsSetStmt) && auth_hook_is_running())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot execute %s within a hook of fastauth", "SET CONSTRAINTS")));
	if (confine_previous_utility)
		confine_previous_utility(pstmt, query, read_only_tree, context, params, environment, dest, qc);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params, environment, dest, qc);
}

static bool
confine_is_session_lock(Oid function)
{
	switch (function)
	{
		case F_PG_ADVISORY_LOCK_INT8:
		case F_PG_ADVISORY_LOCK_INT4_INT4:
		case F_PG_ADVISORY_LOCK_SHARED_INT8:
		case F_PG_ADVISORY_LOCK_SHARED_INT4_INT4:
		case F_PG_TRY_ADVISORY_LOCK_INT8:
		case F_PG_TRY_ADVISORY_LOCK_INT4_INT4:
		case F_PG_TRY_ADVISORY_LOCK_SHARED_INT8:
		case F_PG_TRY_ADVISORY_LOCK_SHARED_INT4_INT4:
		case F_PG_ADVISORY_UNLOCK_INT8:
		case F_PG_ADVISORY_UNLOCK_INT4_INT4:
		case F_PG_ADVISORY_UNLOCK_SHARED_INT8:
		case F_PG_ADVISORY_UNLOCK_SHARED_INT4_INT4:
		case F_PG_ADVISORY_UNLOCK_ALL:
			return true;
		default:
			return false;
	}
}

static void
confine_access(ObjectAccessType access, Oid classid, Oid objectid, int subid, void *arg)
{
	if (confine_previous_access)
		confine_previous_access(access, classid, objectid, subid, arg);
	if (access == OAT_FUNCTION_EXECUTE && auth_hook_is_running() && confine_is_session_lock(objectid))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot use session-level advisory locks within a hook of fastauth"),
				 errhint("Use pg_advisory_xact_lock(), which ends with the transaction.")));
}

void
auth_hook_confine_init(void)
{
	confine_previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = confine_utility;
	confine_previous_access = object_access_hook;
	object_access_hook = confine_access;
}
