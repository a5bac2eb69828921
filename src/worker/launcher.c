/*
 * launcher.c
 *		The launcher: starts the workers of a database when somebody calls for one, or a due time has come.
 *
 * It is registered when the library is loaded, runs once recovery has finished
 * (so not on a standby, and there after a promotion), is connected to no
 * database, and waits on its latch: whoever calls for a worker sets it, and so
 * does a worker that leaves.  There is a time limit only when some dispatcher
 * is to be started at a certain time.
 *
 * At its start it knows of no due times: shared memory is new.  So it has a
 * dispatcher look into each database that takes connections, one after another;
 * one that finds the extension and something due stays, the others leave at
 * once.  That is how a mail is sent whose transaction was the last before the
 * server stopped.
 *
 * Workers are registered to be never restarted by the postmaster: after a crash
 * both it and the launcher would start one.  What died is started again from
 * here, as it is still wanted; what could not even connect (its database is
 * gone, or takes no connections) not before somebody calls again.
 *
 * Background workers are few, 8 by default, and parallel queries want some.  So
 * ours take at most half of them; when one more is wanted, another one is asked
 * to leave (shmem/database_worker.c).  Recorders go first: callers wait for them.
 */
#include "worker/worker.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shmem/database.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* When there is no place for a worker: look again so often, and so many times until it is given up. */
#define LAUNCHER_RETRY_MS	50
#define LAUNCHER_RETRIES	40

/* How a kind of worker is called, and where it begins. */
typedef struct LauncherKind
{
	const char *name;
	const char *function;
} LauncherKind;

static const LauncherKind launcher_kinds[SHMEM_WORKER_KINDS] = {
	[SHMEM_RECORDER] = {"recorder", WORKER_RECORDER_MAIN},
	[SHMEM_DISPATCHER] = {"dispatcher", WORKER_DISPATCHER_MAIN}
};

/* Workers that were registered and have not come up yet. */
typedef struct LauncherStart
{
	ShmemWorker worker;
	BackgroundWorkerHandle *handle;
} LauncherStart;

#define LAUNCHER_STARTS	(SHMEM_DATABASES * SHMEM_WORKER_KINDS)

static LauncherStart launcher_starts[LAUNCHER_STARTS];
static int	launcher_start_count = 0;

/* Databases that are still to be looked into, and the one that is now. */
static List *launcher_unknown = NIL;
static Oid	launcher_probed = InvalidOid;

void
worker_init(void)
{
	BackgroundWorker worker;

	worker_recorder_init();
	worker_utility_init();

	/* pg_upgrade's servers are nobody's to sign in to. */
	if (IsBinaryUpgrade)
		return;
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 1;
	strlcpy(worker.bgw_library_name, WORKER_LIBRARY, sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, WORKER_LAUNCHER_MAIN, sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "fastauth launcher", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "fastauth launcher", sizeof(worker.bgw_type));
	RegisterBackgroundWorker(&worker);
}

static int
launcher_budget(void)
{
	return Max(max_worker_processes / 2, 1);
}

/* Register a worker; false when there is no place for it. */
static bool
launcher_start(const ShmemWorker *wanted)
{
	const LauncherKind *kind = &launcher_kinds[wanted->kind];
	BackgroundWorker worker;
	LauncherStart *start;

	if (shmem_launcher_workers() > launcher_budget() || launcher_start_count >= LAUNCHER_STARTS)
		return false;
	start = &launcher_starts[launcher_start_count];
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, WORKER_LIBRARY, sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, kind->function, sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "fastauth %s of database %u", kind->name, wanted->database);
	snprintf(worker.bgw_type, sizeof(worker.bgw_type), "fastauth %s", kind->name);
	worker.bgw_main_arg = ObjectIdGetDatum(wanted->database);
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &start->handle))
		return false;
	start->worker = *wanted;
	launcher_start_count++;
	return true;
}

/* Forget the starts that are over; those that ended before they came up have failed. */
static void
launcher_check_starts(void)
{
	int			kept = 0;

	for (int i = 0; i < launcher_start_count; i++)
	{
		LauncherStart *start = &launcher_starts[i];
		pid_t		pid;

		if (shmem_launcher_is_starting(&start->worker))
		{
			if (GetBackgroundWorkerPid(start->handle, &pid) != BGWH_STOPPED)
			{
				launcher_starts[kept++] = *start;
				continue;
			}
			shmem_launcher_start_failed(&start->worker, SHMEM_START_NEVER);
		}
		pfree(start->handle);
	}
	launcher_start_count = kept;
}

/* Start what is wanted; false when something found no place, after that many tries. */
static bool
launcher_start_wanted(int tries)
{
	bool		last_try = tries >= LAUNCHER_RETRIES;
	ShmemWorker worker;

	while (shmem_launcher_next(&worker))
	{
		if (launcher_start(&worker))
			continue;
		shmem_launcher_start_failed(&worker, last_try ? SHMEM_START_LATER : SHMEM_START_AGAIN);
		if (!last_try)
		{
			shmem_launcher_make_room(worker.kind, tries >= LAUNCHER_RETRIES / 2);
			return false;
		}
	}
	return true;
}

/* ---- looking into each database ---- */

/* As the launcher of autovacuum reads them.  A database without connections is left alone. */
static void
launcher_list_databases(void)
{
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext old;

		if (!database->datallowconn || database->datconnlimit == BASE_DATCONNLIMIT_INVALID)
			continue;
		old = MemoryContextSwitchTo(TopMemoryContext);
		launcher_unknown = lappend_oid(launcher_unknown, database->oid);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
}

/* One at a time, so that a server with many databases has places left. */
static void
launcher_probe(void)
{
	while (launcher_unknown != NIL)
	{
		if (OidIsValid(launcher_probed) && shmem_launcher_is_probing(launcher_probed))
			return;
		launcher_probed = linitial_oid(launcher_unknown);
		launcher_unknown = list_delete_first(launcher_unknown);
		(void) shmem_launcher_probe(launcher_probed);
	}
}

/* ---- the loop ---- */

/* Until somebody calls (-1), a dispatcher is due, or a place may be free. */
static long
launcher_wait_ms(bool settled)
{
	TimestampTz due = shmem_launcher_due();

	if (!settled)
		return LAUNCHER_RETRY_MS;
	if (TIMESTAMP_IS_NOEND(due))
		return -1;
	/* Rounded down, it would come too early and find nothing. */
	return TimestampDifferenceMilliseconds(GetCurrentTimestamp(), due) + 1;
}

/* One turn; how long to wait until the next. */
static long
launcher_turn(void)
{
	static int	tries = 0;
	bool		settled;

	launcher_check_starts();
	launcher_probe();
	settled = launcher_start_wanted(tries);
	tries = settled ? 0 : tries + 1;
	return launcher_wait_ms(settled);
}

static void
launcher_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	shmem_launcher_detach();
}

void
fastauth_launcher_main(Datum arg)
{
	uint32		wait_event;

	(void) arg;
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	wait_event = base_wait_event("FastauthLauncherMain");
	before_shmem_exit(launcher_exit, (Datum) 0);
	shmem_launcher_attach();
	launcher_list_databases();
	for (;;)
	{
		long		ms;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		ms = launcher_turn();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (ms < 0 ? 0 : WL_TIMEOUT), ms, wait_event);
	}
}
