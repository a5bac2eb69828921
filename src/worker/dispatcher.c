/*
 * dispatcher.c
 *		The dispatcher of a database: does what becomes due.
 *
 * It is there while there is something to do, and a while longer; the launcher
 * starts it when a commit has something for it, or at the time that it named
 * when it left.  It knows nothing that is not in a table, so one that dies is
 * replaced by another that looks there.
 *
 * Each step is a transaction of its own; an error is logged, and the step is
 * tried again later.  Everything waits on the latch, so what is called for, and
 * whoever wants it to leave, is heard at once.
 *
 * When a server starts, one looks into each database, a probe: it leaves again
 * as soon as it has said when something is due.
 */
#include "worker/worker.h"

#include "auth/cleanup.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "shmem/database.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

static bool dispatcher_connected = false;

/* The extension is not, or not any more, in this database. */
static bool dispatcher_gone = false;

/* It was asked to do something, or had something to do: then it stays a while. */
static bool dispatcher_stays = false;

/* The part that is cleaned up now; AUTH_CLEANUP_PARTS: none. */
static AuthCleanupPart dispatcher_part = AUTH_CLEANUP_PARTS;

static void
dispatcher_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	shmem_worker_detach(dispatcher_connected);
}

/* Begin a transaction as our owner; false when the extension is gone. */
bool
worker_dispatcher_begin(StoreOwner *owner)
{
	if (!worker_extension_is_there())
	{
		dispatcher_gone = true;
		return false;
	}
	worker_begin(owner);
	return true;
}

/* ---- what is over ---- */

/* A batch of the part; *(bool *) arg: there may be more of it. */
static void
dispatcher_clean(void *arg)
{
	StoreOwner	owner;

	*(bool *) arg = false;
	if (!worker_dispatcher_begin(&owner))
		return;
	pgstat_report_activity(STATE_RUNNING, "removing what is over");
	*(bool *) arg = auth_cleanup_batch(dispatcher_part) > 0;
	worker_commit_unflushed(&owner);
}

static void
dispatcher_find_due(void *arg)
{
	StoreOwner	owner;

	(void) arg;
	if (!worker_dispatcher_begin(&owner))
		return;
	auth_cleanup_due(auth_cleanup_next());
	worker_commit_unflushed(&owner);
}

/* When is something over?  What cannot be found out now is asked after the shortest time that there may be between two cleanups. */
static void
dispatcher_tell_due(void)
{
	if (!worker_try(dispatcher_find_due, NULL))
		shmem_dispatcher_due(GetCurrentTimestamp() + SHMEM_CLEANUP_GAP_MS * INT64CONST(1000));
}

/* One batch, when it is time; so other things get their turn in between.  A part that fails is left for the next time. */
static bool
dispatcher_cleanup_step(void)
{
	bool		more = false;

	if (dispatcher_part == AUTH_CLEANUP_PARTS)
	{
		if (GetCurrentTimestamp() < shmem_dispatcher_cleanup_due())
			return false;
		shmem_dispatcher_cleanup_begin();
		dispatcher_part = 0;
	}
	if (!worker_try(dispatcher_clean, &more) || !more)
		dispatcher_part++;
	if (dispatcher_part == AUTH_CLEANUP_PARTS)
		dispatcher_tell_due();
	return true;
}

/* ---- the loop ---- */

static void
dispatcher_wait(long ms)
{
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = base_wait_event("FastauthDispatcherMain");
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, wait_event);
}

static void
dispatcher_prepare_turn(void)
{
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* It is held, or its place is needed: another one goes on where it was. */
static bool
dispatcher_leaves(void)
{
	if (dispatcher_gone)
	{
		shmem_dispatcher_leave_for_good();
		return true;
	}
	if (!shmem_worker_should_leave())
		return false;
	if (dispatcher_part != AUTH_CLEANUP_PARTS)
		shmem_dispatcher_due(GetCurrentTimestamp());
	shmem_worker_leave(false);
	return true;
}

/* How long it may wait when there is nothing to do at once; -1 when it has left. */
static long
dispatcher_wait_ms(TimestampTz busy_at)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz due = shmem_dispatcher_cleanup_due();
	TimestampTz leave_at = dispatcher_stays ? TimestampTzPlusMilliseconds(busy_at, worker_idle_exit) : now;

	if (leave_at <= now && shmem_worker_leave_if_idle())
		return -1;
	return Max(TimestampDifferenceMilliseconds(now, Min(due, leave_at)), 1);
}

static bool
dispatcher_turn(void)
{
	bool		called = shmem_worker_turn();
	bool		busy = dispatcher_cleanup_step();

	if (busy)
		shmem_worker_was_busy();
	dispatcher_stays |= busy || called;
	return busy;
}

static void
dispatcher_loop(void)
{
	TimestampTz busy_at = GetCurrentTimestamp();

	for (;;)
	{
		long		ms;

		dispatcher_prepare_turn();
		if (dispatcher_leaves())
			return;
		if (dispatcher_turn())
		{
			busy_at = GetCurrentTimestamp();
			continue;
		}
		ms = dispatcher_wait_ms(busy_at);
		if (ms < 0)
			return;
		dispatcher_wait(ms);
	}
}

void
fastauth_dispatcher_main(Datum arg)
{
	ShmemWorker me = {.database = DatumGetObjectId(arg), .kind = SHMEM_DISPATCHER};

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(dispatcher_exit, (Datum) 0);
	if (!shmem_worker_attach(&me))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(me.database, InvalidOid, 0);
	dispatcher_connected = true;
	worker_override_settings();
	dispatcher_tell_due();
	dispatcher_stays = !shmem_dispatcher_was_probe();
	dispatcher_loop();
	proc_exit(0);
}
