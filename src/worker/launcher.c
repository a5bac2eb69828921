/*
 * launcher.c
 *		The launcher: starts the worker of a database when somebody calls for one.
 *
 * It is registered when the library is loaded, runs once recovery has finished
 * (so not on a standby, and there after a promotion), is connected to no
 * database, and waits on its latch without a time limit: whoever calls for a
 * worker sets it, and so does a worker that leaves.
 *
 * Workers are registered to be never restarted by the postmaster: after a crash
 * both it and the launcher would start one.  What died is started again from
 * here, as it is still wanted; what could not even connect (its database is
 * gone, or takes no connections) not before somebody calls again.
 *
 * Background workers are few, 8 by default, and parallel queries want some.  So
 * ours take at most half of them; when one more is wanted, the one with nothing
 * to do for the longest time is asked to leave.
 */
#include "worker/worker.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shmem/database.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

/* When there is no place for a worker: look again so often, and so many times until it is given up. */
#define LAUNCHER_RETRY_MS	50
#define LAUNCHER_RETRIES	40

/* Workers that were registered and have not come up yet. */
typedef struct LauncherStart
{
	Oid			database;
	BackgroundWorkerHandle *handle;
} LauncherStart;

static LauncherStart launcher_starts[SHMEM_DATABASES];
static int	launcher_start_count = 0;

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

/* Register the worker of a database; false when there is no place for it. */
static bool
launcher_start(Oid database)
{
	BackgroundWorker worker;
	LauncherStart *start;

	if (shmem_launcher_workers() > launcher_budget() || launcher_start_count >= SHMEM_DATABASES)
		return false;
	start = &launcher_starts[launcher_start_count];
	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, WORKER_LIBRARY, sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, WORKER_RECORDER_MAIN, sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "fastauth recorder of database %u", database);
	strlcpy(worker.bgw_type, "fastauth recorder", sizeof(worker.bgw_type));
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &start->handle))
		return false;
	start->database = database;
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

		if (shmem_launcher_is_starting(start->database))
		{
			if (GetBackgroundWorkerPid(start->handle, &pid) != BGWH_STOPPED)
			{
				launcher_starts[kept++] = *start;
				continue;
			}
			shmem_launcher_start_failed(start->database, false);
		}
		pfree(start->handle);
	}
	launcher_start_count = kept;
}

/* Start what is wanted; false when something found no place. */
static bool
launcher_start_wanted(bool last_try)
{
	Oid			database;

	while (OidIsValid(database = shmem_launcher_next()))
	{
		if (launcher_start(database))
			continue;
		shmem_launcher_start_failed(database, !last_try);
		if (!last_try)
		{
			shmem_launcher_make_room();
			return false;
		}
	}
	return true;
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
	int			retries = 0;

	(void) arg;
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	wait_event = base_wait_event("FastauthLauncherMain");
	before_shmem_exit(launcher_exit, (Datum) 0);
	shmem_launcher_attach();
	for (;;)
	{
		bool		settled;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		launcher_check_starts();
		settled = launcher_start_wanted(retries >= LAUNCHER_RETRIES);
		retries = settled ? 0 : retries + 1;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (settled ? 0 : WL_TIMEOUT),
						 settled ? -1 : LAUNCHER_RETRY_MS, wait_event);
	}
}
