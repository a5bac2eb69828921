/*
 * recorder.c
 *		The recorder of a database: commits what other transactions cannot, because they fail.
 *
 * Each turn grants what backends ask for and takes what they have posted, all
 * of it in one transaction: what comes in while that commits goes into the
 * next.  The backends are answered as soon as the rows are committed; the
 * events of the same refusals follow in a transaction of their own, so that
 * nothing that somebody hangs on to the events delays an answer.
 *
 * The transaction only inserts, into tables without foreign key, unique key or
 * trigger, so it never waits for a lock that a waiting backend holds.  Whatever
 * ALTER DATABASE or ALTER ROLE set is overridden: a database that is read-only
 * by default, another isolation or search_path, or a synchronous standby that
 * is not there change nothing.
 *
 * After an error (somebody locked the table, the disk is full) everything that
 * was taken is posted again and tried again, with pauses, and until that has
 * worked nothing is granted: who cannot be recorded is not tried.  What was
 * posted is done some time.  Only where the extension is gone, it never can be.
 */
#include "worker/worker.h"

#include "access/xact.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shmem/database.h"
#include "shmem/recorder.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "store/extension.h"
#include "store/failures.h"
#include "store/owner.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Requests in one transaction: a bound on how long the first of them waits for the last. */
#define RECORDER_BATCH 128

/* Pauses after errors, doubling. */
#define RECORDER_PAUSE_MIN_MS	100
#define RECORDER_PAUSE_MAX_MS	10000

static int	worker_idle_exit;
static bool recorder_connected = false;

void
worker_recorder_init(void)
{
	const BaseServerSettingDef *def = base_server_setting("fastauth.worker_idle_exit");

	DefineCustomIntVariable(def->name, def->brief, NULL, &worker_idle_exit,
							60000, 100, 24 * 60 * 60 * 1000, def->context, def->flags, NULL, NULL, NULL);
}

/* Settings of the database or the role that must not change what is recorded. */
static void
recorder_override_settings(void)
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

/* Who cannot connect would fail again and again. */
static void
recorder_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	shmem_worker_detach(recorder_connected);
}

/* ---- a turn ---- */

static void
recorder_begin(StoreOwner *owner)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	store_owner_enter(owner);
}

static void
recorder_commit(const StoreOwner *owner)
{
	store_owner_leave(owner);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

static bool
recorder_extension_is_there(void)
{
	bool		there;

	StartTransactionCommand();
	there = store_extension_is_current();
	CommitTransactionCommand();
	return there;
}

static void
recorder_record(const ShmemRequest *requests, int n)
{
	StoreOwner	owner;

	recorder_begin(&owner);
	for (int i = 0; i < n; i++)
		store_failures_record(&requests[i]);
	recorder_commit(&owner);
}

/* One turn; true when there was something to record. */
static bool
recorder_turn(bool grant)
{
	static ShmemRequest requests[RECORDER_BATCH];
	static int	slots[RECORDER_BATCH];
	int			n = shmem_recorder_take(requests, slots, RECORDER_BATCH, grant);

	if (n == 0)
		return false;
	pgstat_report_activity(STATE_RUNNING, "recording refusals");
	if (!recorder_extension_is_there())
	{
		shmem_recorder_done(slots, n, false);
		return true;
	}
	recorder_record(requests, n);
	shmem_recorder_done(slots, n, true);
	shmem_count(SHMEM_COUNT_RECORDER_REQUESTS, n);
	shmem_count(SHMEM_COUNT_RECORDER_COMMITS, 1);
	return true;
}

/* The same; after an error, *failed and everything is as it was before. */
static bool
recorder_turn_guarded(MemoryContext context, bool grant, bool *failed)
{
	volatile bool busy = true;

	MemoryContextSwitchTo(context);
	MemoryContextReset(context);
	*failed = false;
	PG_TRY();
	{
		busy = recorder_turn(grant);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		EmitErrorReport();
		AbortCurrentTransaction();
		LWLockReleaseAll();
		FlushErrorState();
		shmem_recorder_give_back();
		*failed = true;
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	return busy;
}

/* ---- the loop ---- */

static void
recorder_wait(long ms)
{
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = base_wait_event("FastauthRecorderMain");
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, wait_event);
}

static void
recorder_loop(void)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "fastauth recorder", ALLOCSET_DEFAULT_SIZES);
	TimestampTz busy_at = GetCurrentTimestamp();
	long		pause = 0;

	for (;;)
	{
		bool		failed;
		long		idle;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (shmem_worker_should_leave())
		{
			shmem_worker_leave(pause > 0);
			return;
		}
		shmem_worker_turn();
		if (recorder_turn_guarded(context, pause == 0, &failed))
		{
			shmem_worker_was_busy();
			busy_at = GetCurrentTimestamp();
			pause = failed ? Min(Max(2 * pause, RECORDER_PAUSE_MIN_MS), RECORDER_PAUSE_MAX_MS) : 0;
			if (failed)
				recorder_wait(pause);
			continue;
		}
		if (pause > 0)
		{
			/* What could not be recorded is gone: grant again. */
			pause = 0;
			continue;
		}
		idle = TimestampDifferenceMilliseconds(busy_at, GetCurrentTimestamp());
		if (idle >= worker_idle_exit && shmem_worker_leave_if_idle())
			return;
		recorder_wait(Max(worker_idle_exit - idle, 1));
	}
}

void
fastauth_recorder_main(Datum arg)
{
	Oid			database = DatumGetObjectId(arg);

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(recorder_exit, (Datum) 0);
	if (!shmem_worker_attach(database))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	recorder_connected = true;
	recorder_override_settings();
	shmem_recorder_give_back();
	recorder_loop();
	proc_exit(0);
}
