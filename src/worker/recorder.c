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
 * was taken is posted again and tried again, with pauses; what was posted is
 * done some time.  Only where the extension is gone, it never can be.
 */
#include "worker/worker.h"

#include "base/settings.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shmem/announce.h"
#include "shmem/database.h"
#include "shmem/recorder.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "store/failures.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

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
		{"log_statement", "none"}
	};

	for (size_t i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
}

static void
recorder_exit(int code, Datum database)
{
	(void) code;
	worker_events_leave();
	shmem_worker_detach();
	if (!recorder_connected)
		shmem_launcher_start_failed(DatumGetObjectId(database), false);
}

/* ---- a turn ---- */

static void
recorder_record(const ShmemRequest *requests, int n)
{
	StoreOwner	owner;

	worker_begin(&owner);
	for (int i = 0; i < n; i++)
		store_failures_record(&requests[i]);
	worker_commit(&owner);
}

static ShmemRequest recorder_requests[RECORDER_BATCH];

/* What a turn has done. */
typedef struct RecorderTurn
{
	int			taken;
	int			recorded;
} RecorderTurn;

static void
recorder_turn(void *arg)
{
	static int	slots[RECORDER_BATCH];
	RecorderTurn *turn = arg;
	int			n = shmem_recorder_take(recorder_requests, slots, RECORDER_BATCH);

	turn->taken = n;
	if (n == 0)
		return;
	pgstat_report_activity(STATE_RUNNING, "recording refusals");
	if (!worker_extension_is_there())
	{
		shmem_recorder_done(slots, n, false);
		return;
	}
	shmem_announce_set_complete(false);
	recorder_record(recorder_requests, n);
	shmem_recorder_done(slots, n, true);
	shmem_count(SHMEM_COUNT_RECORDER_REQUESTS, n);
	shmem_count(SHMEM_COUNT_RECORDER_COMMITS, 1);
	turn->recorded = n;
}

/* One turn, and the events of what it recorded; after an error, *failed and everything is as it was before. */
static bool
recorder_turn_guarded(bool *failed)
{
	RecorderTurn turn = {0};

	*failed = !worker_try(recorder_turn, &turn);
	if (*failed)
		shmem_recorder_give_back();
	else if (turn.recorded > 0)
		worker_events_of_refusals(recorder_requests, turn.recorded);
	return *failed || turn.taken > 0;
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

/* Leave, or have one started again as soon as there may be one, when something is left to do. */
static bool
recorder_leaves(bool failing)
{
	if (!shmem_worker_should_leave())
		return false;
	worker_events_leave();
	shmem_worker_leave(failing || shmem_announce_waiting());
	return true;
}

/*
 * Requests come first in each turn, and wake it from every wait.  A turn that
 * has failed is tried again after a pause, or when somebody calls.
 */
static void
recorder_loop(void)
{
	TimestampTz busy_at = GetCurrentTimestamp();
	long		pause = 0;

	for (;;)
	{
		bool		failed;
		bool		busy;
		long		events_wait;
		long		idle;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (recorder_leaves(pause > 0))
			return;
		shmem_worker_turn();
		busy = recorder_turn_guarded(&failed);
		pause = failed ? Min(Max(2 * pause, RECORDER_PAUSE_MIN_MS), RECORDER_PAUSE_MAX_MS) : 0;
		busy |= worker_events_step(&events_wait);
		if (busy)
		{
			shmem_worker_was_busy();
			busy_at = GetCurrentTimestamp();
		}
		if (failed)
			recorder_wait(events_wait > 0 ? Min(pause, events_wait) : pause);
		else if (busy)
			continue;
		else if (events_wait >= 0)
			recorder_wait(Max(events_wait, 1));
		else
		{
			idle = TimestampDifferenceMilliseconds(busy_at, GetCurrentTimestamp());
			if (idle >= worker_idle_exit && shmem_worker_leave_if_idle())
				return;
			recorder_wait(Max(worker_idle_exit - idle, 1));
		}
	}
}

void
fastauth_recorder_main(Datum arg)
{
	Oid			database = DatumGetObjectId(arg);

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(recorder_exit, arg);
	if (!shmem_worker_attach(database))
	{
		/* There is one already, or none may be there now: this start did not fail. */
		recorder_connected = true;
		proc_exit(0);
	}
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	recorder_connected = true;
	recorder_override_settings();
	shmem_recorder_give_back();
	worker_events_start();
	recorder_loop();
	proc_exit(0);
}
