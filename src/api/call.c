/*
 * call.c
 *		The front door of every SQL function: what happens before and after it.
 *
 * Before: a writing function is refused in a READ ONLY transaction (S51), a
 * secret one hides its statement (S30, S31), lock waits are bounded (S18).
 * After an error that is not of our table: the original goes to the server log
 * with an id, the caller gets internal_error and the id (S33), because a unique
 * violation's DETAIL names an address and SPI's CONTEXT shows our SQL.
 */
#include "api/call.h"

#include "access/xact.h"
#include "base/errors.h"
#include "base/hide.h"
#include "store/extension.h"
#include "tcop/utility.h"
#include "utils/inval.h"

/* How long one of our functions waits for a lock before it says server_busy (S18). */
#define API_LOCK_TIMEOUT_MS 2000

/* Errors that tell the caller to retry, or that it was cancelled, keep their SQLSTATE (S33). */
static bool
api_sqlstate_passes(int sqlstate)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	return base_sqlstate_is_ours(sqlstate) ||
		category == ERRCODE_INVALID_TRANSACTION_STATE ||
		category == ERRCODE_TRANSACTION_ROLLBACK ||
		category == ERRCODE_INSUFFICIENT_RESOURCES ||
		category == ERRCODE_OPERATOR_INTERVENTION;
}

/* Log what really happened, under an id, and raise internal_error with that id. */
static void
api_raise_internal(MemoryContext context)
{
	ErrorData  *edata;
	uint32		id;

	MemoryContextSwitchTo(context);
	edata = CopyErrorData();
	FlushErrorState();
	if (edata->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
		base_raise(FA_SERVER_BUSY, NULL);

	/*
	 * A RAISE of a row that this transaction's snapshot cannot see: in
	 * REPEATABLE READ and SERIALIZABLE the caller has to start again.
	 */
	if (IsolationUsesXactSnapshot() &&
		(edata->sqlerrcode == ERRCODE_FOREIGN_KEY_VIOLATION ||
		 edata->sqlerrcode == ERRCODE_UNIQUE_VIOLATION))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));

	if (!pg_strong_random(&id, sizeof(id)))
		id = 0;
	ereport(LOG_SERVER_ONLY,
			(errcode(edata->sqlerrcode),
			 errmsg("fastauth internal error %08x: %s", id, edata->message ? edata->message : ""),
			 edata->detail ? errdetail_log("%s", edata->detail) : 0,
			 edata->filename ? errcontext("%s:%d, %s", edata->filename, edata->lineno,
										  edata->funcname ? edata->funcname : "?") : 0));
	base_raise(FA_INTERNAL_ERROR, "internal error %08x", id);
}

Datum
api_call(FunctionCallInfo fcinfo, ApiBody body, const char *name, int flags)
{
	ErrorContextCallback hide;
	MemoryContext context = CurrentMemoryContext;
	Datum		result;
	volatile int nest = -1;

	if (flags & API_SECRET)
		base_hide_statement();
	hide.callback = base_hide_context;
	hide.arg = NULL;
	hide.previous = error_context_stack;
	error_context_stack = &hide;

	if (flags & API_WRITES)
	{
		PreventCommandIfReadOnly(name);
		PreventCommandIfParallelMode(name);
	}
	AcceptInvalidationMessages();
	store_extension_check();

	if ((flags & API_WRITES) && (LockTimeout == 0 || LockTimeout > API_LOCK_TIMEOUT_MS))
	{
		nest = NewGUCNestLevel();
		(void) set_config_option("lock_timeout", CppAsString2(API_LOCK_TIMEOUT_MS),
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	}

	PG_TRY();
	{
		result = body(fcinfo);
	}
	PG_CATCH();
	{
		error_context_stack = &hide;
		if (api_sqlstate_passes(geterrcode()) && geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE)
			PG_RE_THROW();
		api_raise_internal(context);
		pg_unreachable();
	}
	PG_END_TRY();

	if (nest >= 0)
		AtEOXact_GUC(true, nest);
	error_context_stack = hide.previous;
	return result;
}
