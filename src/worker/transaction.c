/*
 * transaction.c
 *		How a worker runs a transaction: as our owner, and never dying of an error.
 */
#include "worker/worker.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "store/extension.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/*
 * A deferred trigger that somebody hung on to our tables would fire at the commit,
 * when we are a superuser again; so it fires with its statement, as who inserts.
 */
static void
transaction_defer_nothing(void)
{
	ConstraintsSetStmt *stmt = makeNode(ConstraintsSetStmt);

	stmt->deferred = false;
	AfterTriggerSetState(stmt);
	pfree(stmt);
}

void
worker_override_settings(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"synchronous_commit", "local"},
		{"default_transaction_isolation", "read committed"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_deferrable", "off"},
		{"session_replication_role", "origin"},
		{"lock_timeout", "500ms"},
		{"statement_timeout", "0"},
		{"idle_in_transaction_session_timeout", "0"},
		{"row_security", "on"},
		{"transaction_timeout", "0"},	/* since 17 */
		{"jit", "off"}
	};

	for (size_t i = 0; i < lengthof(settings); i++)
		if (GetConfigOption(settings[i][0], true, false) != NULL)
			SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

/*
 * A foreign key of somebody's table on ours may delete rows there, and a trigger
 * of that table runs as its owner, in a session that is a superuser's.  So it
 * may leave nothing behind that would run at the commit, when we are one again.
 */
static void
transaction_restrict(void)
{
	Oid			user_id;
	int			sec_context;

	GetUserIdAndSecContext(&user_id, &sec_context);
	SetUserIdAndSecContext(user_id, sec_context | SECURITY_RESTRICTED_OPERATION);
}

void
worker_begin(StoreOwner *owner)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	store_owner_enter(owner);
	transaction_restrict();
	transaction_defer_nothing();
}

void
worker_commit(const StoreOwner *owner)
{
	store_owner_leave(owner);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* GUC_ACTION_LOCAL: until the end of the transaction. */
void
worker_commit_unflushed(const StoreOwner *owner)
{
	store_owner_leave(owner);
	(void) set_config_option("synchronous_commit", "off", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

bool
worker_extension_is_there(void)
{
	bool		there;

	StartTransactionCommand();
	there = store_extension_is_current();
	CommitTransactionCommand();
	return there;
}

bool
worker_try(WorkerWork work, void *arg)
{
	static MemoryContext context = NULL;
	const int	lock_timeout = LockTimeout;
	volatile bool good = true;

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "fastauth worker", ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(context);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(arg);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		EmitErrorReport();
		AbortCurrentTransaction();
		LWLockReleaseAll();
		FlushErrorState();
		good = false;
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	LockTimeout = lock_timeout;
	MemoryContextSwitchTo(context);
	return good;
}
