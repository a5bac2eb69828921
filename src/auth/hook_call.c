/*
 * hook_call.c
 *		Calling a function of the application, confined (S20 to S22).
 *
 * A hook is code of somebody who need not be whoever signs in, nor the
 * administrator.  It runs as the owner of its function, taken from the catalog
 * at this moment, and:
 *
 * - SECURITY_LOCAL_USERID_CHANGE keeps it from SET ROLE and SET SESSION
 *	 AUTHORIZATION;
 * - SECURITY_RESTRICTED_OPERATION keeps it from leaving something that would
 *	 run later as the caller: deferred triggers, WITH HOLD cursors, LISTEN,
 *	 prepared statements, temporary tables;
 * - every setting that it changes is taken back when it returns
 *	 (AtEOXact_GUC(false): with true they would stay for the session);
 * - what would outlive it all the same is refused (hook_confine.c);
 * - the caller's statement, the lines of CONTEXT of those who called us and the
 *	 text of the caller's cursors, which may hold a password, are not to be seen;
 * - the caller's cursors can be neither closed nor fetched from while it runs, and
 *	 what it leaves open is closed: a cursor that it opens under the name of one of the caller's would
 *	 run its query as the caller, at the next FETCH.
 *
 * And the caller gets no hold on the hook: names are looked up in pg_catalog
 * and in the function's own schema, the temporary schema last; and settings
 * that change what an expression means have their defaults.
 *
 * An error goes on as it is, with a line of CONTEXT that names the hook, and is
 * marked, so that api/call.c does not make an internal_error of it.  The marks
 * of identity and client are put back at once; user, security context and
 * settings are restored by the abort of the (sub)transaction, as with any
 * SECURITY DEFINER function.
 */
#include "auth/hook_call.h"

#include "access/htup_details.h"
#include "auth/client.h"
#include "auth/identity.h"
#include "base/errors.h"
#include "base/settings.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* A hook may call functions of ours, which call hooks. */
#define HOOK_MAX_DEPTH 4

typedef struct HookCaller
{
	Oid			user_id;
	int			sec_context;
	int			guc_level;
	AuthIdentityMark identity;
	const void *client;
} HookCaller;

/* The cursors that were open before the call; ours: pinned, hidden and stopped by us. */
typedef struct HookCursors
{
	int			n;
	char	  **names;
	bool	   *ours;
	bool	   *ready;			/* it could be fetched from */
} HookCursors;

/* What a hook sees as the statement of the session: the caller's may hold a password. */
static const char hook_query_string[] = "fastauth hook";

static int	hook_depth = 0;

/* What marks an error: ErrorData keeps it through every copy, and nothing in SQL can set it. */
#define HOOK_ERROR_DOMAIN "fastauth hook"

bool
auth_hook_raised(const ErrorData *edata)
{
	return edata->context_domain != NULL && strcmp(edata->context_domain, HOOK_ERROR_DOMAIN) == 0;
}

bool
auth_hook_is_running(void)
{
	return hook_depth > 0;
}

const char *
auth_hook_misfit(Oid function, const StoreHookDef *def)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	const char *problem = NULL;

	if (!HeapTupleIsValid(tuple))
		return "does not exist";
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->prokind != PROKIND_FUNCTION)
		problem = "is not an ordinary function";
	else if (form->prolang == INTERNALlanguageId && form->prorettype == TRIGGEROID)
		problem = "is a trigger function of PostgreSQL's own, which needs a real trigger";
	else if (form->proretset)
		problem = "returns a set";
	else if (form->pronargs != def->nargs ||
			 memcmp(form->proargtypes.values, def->args, sizeof(Oid) * def->nargs) != 0)
		problem = "has other arguments";
	else if (form->prorettype != def->result)
		problem = "returns another type";
	ReleaseSysCache(tuple);
	return problem;
}

Oid
auth_hook_function(const StoreHook *hook)
{
	const StoreHookDef *def = store_hook_def(hook->event);
	Oid			function = store_hook_resolve(hook);
	const char *problem = auth_hook_misfit(function, def);

	if (problem)
		base_raise_hint(FA_NOT_CONFIGURED, "Make the function, or call fastauth.remove_hook.",
						"hook %s of %s %s", base_setting_ascii(store_hook_text(hook)), hook->event, problem);
	return function;
}

/* Its owner, and a search_path of pg_catalog, its schema and at the very end the temporary one. */
static Oid
hook_owner(Oid function, const StoreHook *hook, char **search_path)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);

	/* REASSIGN OWNED or a restore without owners must not make a superuser's code of somebody else's. */
	if (superuser_arg(owner) && strcmp(GetUserNameFromId(owner, false), hook->owner) != 0)
		base_raise_hint(FA_NOT_CONFIGURED, "Look at the function; then fastauth.add_hook accepts it as it is.",
						"hook %s of %s now belongs to a superuser", base_setting_ascii(store_hook_text(hook)), hook->event);
	*search_path = psprintf("pg_catalog, %s, pg_temp", quote_identifier(hook->schema));
	return owner;
}

static void
hook_set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

static void
hook_enter(HookCaller *caller, Oid owner, const char *search_path)
{
	GetUserIdAndSecContext(&caller->user_id, &caller->sec_context);
	auth_identity_mark(&caller->identity);
	caller->client = auth_client_mark();
	caller->guc_level = NewGUCNestLevel();
	hook_set("search_path", search_path);
	hook_set("row_security", "on");
	hook_set("transform_null_equals", "off");
	hook_set("array_nulls", "on");
	hook_set("standard_conforming_strings", "on");
	hook_set("DateStyle", "ISO");
	hook_set("IntervalStyle", "postgres");
	hook_set("TimeZone", "UTC");
	SetUserIdAndSecContext(owner, caller->sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
}

static void
hook_leave(const HookCaller *caller)
{
	AtEOXact_GUC(false, caller->guc_level);
	SetUserIdAndSecContext(caller->user_id, caller->sec_context);
	auth_identity_return(&caller->identity);
	auth_client_return(caller->client);
}

/* ---- cursors ---- */

/* Neither closed, nor fetched from, nor seen in pg_cursors, whose text may hold a password. */
static void
hook_pin_cursors(HookCursors *cursors)
{
	int			n = store_hook_cursors(&cursors->names);

	cursors->ours = palloc0(sizeof(bool) * (n + 1));
	cursors->ready = palloc0(sizeof(bool) * (n + 1));
	cursors->n = n;
	for (int i = 0; i < n; i++)
	{
		Portal		portal = GetPortalByName(cursors->names[i]);

		if (!PortalIsValid(portal))
			continue;
		portal->visible = false;
		if (portal->portalPinned)
			continue;
		PinPortal(portal);
		cursors->ours[i] = true;
		cursors->ready[i] = portal->status == PORTAL_READY;
		if (cursors->ready[i])
			portal->status = PORTAL_DEFINED;
	}
}

static void
hook_unpin_cursors(const HookCursors *cursors)
{
	for (int i = 0; i < cursors->n; i++)
	{
		Portal		portal = GetPortalByName(cursors->names[i]);

		if (!PortalIsValid(portal))
			continue;
		portal->visible = true;
		if (cursors->ready[i] && portal->status == PORTAL_DEFINED)
			portal->status = PORTAL_READY;
		if (cursors->ours[i] && portal->portalPinned)
			UnpinPortal(portal);
	}
}

static bool
hook_cursor_was_there(const HookCursors *cursors, const char *name)
{
	for (int i = 0; i < cursors->n; i++)
		if (strcmp(cursors->names[i], name) == 0)
			return true;
	return false;
}

static void
hook_close_left_open(const HookCursors *before)
{
	char	  **names;
	int			n = store_hook_cursors(&names);

	for (int i = 0; i < n; i++)
	{
		Portal		portal = hook_cursor_was_there(before, names[i]) ? NULL : GetPortalByName(names[i]);

		if (PortalIsValid(portal) && !portal->portalPinned && portal->status != PORTAL_ACTIVE)
			PortalDrop(portal, false);
	}
}

/* ---- the call ---- */

/* STRICT, with a NULL among the arguments, means NULL without a call. */
static Datum
hook_invoke(Oid function, int nargs, const NullableDatum *args, Node *context, bool *isnull)
{
	LOCAL_FCINFO(fcinfo, 2);
	FmgrInfo	flinfo;
	Datum		result;

	*isnull = true;
	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, nargs, DEFAULT_COLLATION_OID, context, NULL);
	for (int i = 0; i < nargs; i++)
	{
		if (args[i].isnull && flinfo.fn_strict)
			return (Datum) 0;
		fcinfo->args[i] = args[i];
	}
	InvokeFunctionExecuteHook(function);

	/* A STABLE function sees with our snapshot: it has to show what this call has written. */
	PushActiveSnapshot(GetTransactionSnapshot());
	result = FunctionCallInvoke(fcinfo);
	PopActiveSnapshot();
	*isnull = fcinfo->isnull;
	return result;
}

static void
hook_error_context(void *arg)
{
	errcontext("fastauth hook %s", (const char *) arg);
}

/* Throw the error on, marked, with the caller's CONTEXT, which the hook itself did not see. */
static void
hook_rethrow(MemoryContext context)
{
	ErrorData  *edata;
	char	   *caller;

	MemoryContextSwitchTo(context);
	edata = CopyErrorData();
	FlushErrorState();
	edata->context_domain = HOOK_ERROR_DOMAIN;
	caller = GetErrorContextStack();
	if (caller != NULL && caller[0] != '\0')
		edata->context = edata->context ? psprintf("%s\n%s", edata->context, caller) : caller;
	ReThrowError(edata);
}

Datum
auth_hook_call(const StoreHook *hook, const NullableDatum *args, Node *context, bool *isnull)
{
	Oid			function = auth_hook_function(hook);
	const int	depth = hook_depth;
	MemoryContext memory = CurrentMemoryContext;
	ErrorContextCallback names_hook;
	HookCaller	caller;
	HookCursors cursors = {0};
	const char *const query_string = debug_query_string;
	char	   *search_path;
	Oid			owner = hook_owner(function, hook, &search_path);
	Datum		result;

	if (depth >= HOOK_MAX_DEPTH)
		base_raise_hint(FA_NOT_CONFIGURED, "A hook should not do what makes it be called again.",
						"hooks call each other more than %d deep", HOOK_MAX_DEPTH);
	names_hook.callback = hook_error_context;
	names_hook.arg = psprintf("%s of %s", store_hook_text(hook), hook->event);

	/* The lines of those who called us may quote a password: a hook that catches an error reads its CONTEXT. */
	names_hook.previous = NULL;
	hook_enter(&caller, owner, search_path);
	PG_TRY();
	{
		ErrorContextCallback *const callers = error_context_stack;

		hook_pin_cursors(&cursors);
		error_context_stack = &names_hook;
		debug_query_string = hook_query_string;
		hook_depth = depth + 1;
		result = hook_invoke(function, store_hook_def(hook->event)->nargs, args, context, isnull);
		hook_depth = depth;
		debug_query_string = query_string;
		error_context_stack = callers;
		hook_leave(&caller);
		hook_close_left_open(&cursors);
	}
	PG_CATCH();
	{
		hook_depth = depth;
		debug_query_string = query_string;
		hook_unpin_cursors(&cursors);
		auth_identity_return(&caller.identity);
		auth_client_return(caller.client);
		hook_rethrow(memory);
		pg_unreachable();
	}
	PG_END_TRY();
	hook_unpin_cursors(&cursors);
	return result;
}
