/*
 * call.c
 *		The front door of every SQL function: what happens before and after it.
 *
 * Before: a secret function hides its statement (S30, S31), a writing one is
 * refused in a READ ONLY transaction (S51), the installed SQL must be that of
 * this library (S7), and lock waits are bounded (S18).
 *
 * After an error that is not of our table: the original goes to the server log
 * with an id, the caller gets internal_error and the id (S33), because a unique
 * violation's DETAIL names an address and SPI's CONTEXT shows our SQL.  What
 * tells the caller to retry or to stop passes, without that CONTEXT.  What a
 * hook raises is the application's own, and passes as it is.  A FATAL never
 * comes here.
 *
 * Nothing has to be undone after a longjmp but the lock timeout: the taint of
 * hide.c is a time, and the error context stack is PG_TRY's.
 */
#include "api/call.h"

#include "access/xact.h"
#include "auth/hook_call.h"
#include "base/errors.h"
#include "base/hide.h"
#include "store/extension.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/inval.h"

/* How long one of our functions waits for a lock before it says server_busy (S18). */
#define API_LOCK_TIMEOUT_MS 2000

/* "fastauth_signin" is what the linker knows; people know "fastauth.signin()". */
static char *
api_display_name(const char *symbol)
{
	return psprintf("fastauth.%s()", symbol + strlen("fastauth_"));
}

/* Ours, and those that tell the caller to retry or that it was cancelled, keep their SQLSTATE (S33). */
static bool
api_sqlstate_passes(int sqlstate)
{
	if (base_sqlstate_is_ours(sqlstate))
		return true;
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_INVALID_TRANSACTION_STATE:
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
			return true;
		default:
			return false;
	}
}

/* Throw an error on with the caller's CONTEXT, but not with ours, which shows our SQL. */
static void
api_rethrow(ErrorData *edata)
{
	edata->context = GetErrorContextStack();
	edata->internalquery = NULL;
	edata->internalpos = 0;
	ReThrowError(edata);
}

/*
 * A row that somebody committed and that this transaction's snapshot does not
 * show: in REPEATABLE READ and SERIALIZABLE the caller has to start again, as
 * with any other update of such a row.
 */
static bool
api_is_snapshot_conflict(int sqlstate)
{
	return IsolationUsesXactSnapshot() &&
		ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION;
}

/*
 * Log what really happened, under an id, and raise internal_error with that id.
 * DETAIL is never logged: "Failing row contains" would show a password's hash.
 * Neither is a message of class 22, which may quote a value ("invalid input
 * syntax").
 */
static void
api_raise_internal(const ErrorData *edata, const char *symbol)
{
	bool		quotes_value = ERRCODE_TO_CATEGORY(edata->sqlerrcode) == ERRCODE_DATA_EXCEPTION;
	uint32		id;

	if (!pg_strong_random(&id, sizeof(id)))
		id = 0;
	ereport(LOG_SERVER_ONLY,
			(errmsg_internal("fastauth internal error %08x in %s: %s (SQLSTATE %s, %s, %s:%d)",
							 id, api_display_name(symbol),
							 quotes_value || edata->message == NULL ? "message hidden" : edata->message,
							 unpack_sql_state(edata->sqlerrcode),
							 edata->funcname ? edata->funcname : "?",
							 edata->filename ? edata->filename : "?", edata->lineno)));
	base_raise(FA_INTERNAL_ERROR, "internal error %08x", id);
}

/* What the caller gets instead of an error that left a body; context is where it was called. */
static void
api_translate_error(MemoryContext context, const char *symbol, int flags)
{
	ErrorData  *edata;

	MemoryContextSwitchTo(context);
	edata = CopyErrorData();
	FlushErrorState();
	if (auth_hook_raised(edata))
		ReThrowError(edata);
	if (api_sqlstate_passes(edata->sqlerrcode) ||
		((flags & API_AS_CALLER) && edata->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE))
		api_rethrow(edata);
	if (edata->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
		base_raise(FA_SERVER_BUSY, NULL);
	if (api_is_snapshot_conflict(edata->sqlerrcode))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	api_raise_internal(edata, symbol);
}

/* What is checked before the arguments are looked at. */
static void
api_enter(const char *symbol, int flags)
{
	if (flags & API_SECRET)
		base_hide_statement();
	if ((flags & API_WRITES) && (XactReadOnly || IsInParallelMode()))
	{
		char	   *name = api_display_name(symbol);

		PreventCommandIfReadOnly(name);
		PreventCommandIfParallelMode(name);
	}
	AcceptInvalidationMessages();
	store_extension_check();
}

/*
 * The copies of arguments to be wiped.  A call begins where the one around it
 * stands, and wipes down to there; more than there is room for are not wiped,
 * but no function takes so many.
 */
#define API_WIPE_MAX 32

static char *api_wipe[API_WIPE_MAX];
static int	api_wipe_count = 0;
static bool api_wipe_wanted = false;

void
api_wipe_later(char *copy)
{
	if (api_wipe_wanted && api_wipe_count < API_WIPE_MAX)
		api_wipe[api_wipe_count++] = copy;
}

static void
api_wipe_down_to(int count)
{
	while (api_wipe_count > count)
	{
		char	   *copy = api_wipe[--api_wipe_count];

		explicit_bzero(copy, strlen(copy));
	}
}

/*
 * Run a body.  The lock timeout is lowered by assigning PostgreSQL's variable,
 * at a hundredth of the price of a GUC nest level on every call; it is put back
 * on both ways out, before an abort could look at it.
 */
Datum
api_call(FunctionCallInfo fcinfo, ApiBody body, const char *symbol, int flags)
{
	ErrorContextCallback hide;
	MemoryContext context = CurrentMemoryContext;
	const int	caller_lock_timeout = LockTimeout;
	const int	caller_wipes = api_wipe_count;
	const bool	caller_wipe_wanted = api_wipe_wanted;
	Datum		result;

	hide.callback = base_hide_context;
	hide.arg = NULL;
	hide.previous = error_context_stack;
	error_context_stack = &hide;
	api_enter(symbol, flags);
	api_wipe_wanted = (flags & API_SECRET) != 0;

	PG_TRY();
	{
		if (LockTimeout == 0 || LockTimeout > API_LOCK_TIMEOUT_MS)
			LockTimeout = API_LOCK_TIMEOUT_MS;
		result = body(fcinfo);
		LockTimeout = caller_lock_timeout;
	}
	PG_CATCH();
	{
		LockTimeout = caller_lock_timeout;
		api_wipe_down_to(caller_wipes);
		api_wipe_wanted = caller_wipe_wanted;
		api_translate_error(context, symbol, flags);
		pg_unreachable();
	}
	PG_END_TRY();

	api_wipe_down_to(caller_wipes);
	api_wipe_wanted = caller_wipe_wanted;
	error_context_stack = hide.previous;
	return result;
}
