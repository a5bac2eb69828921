/*
 * dispatcher.c
 *		The dispatcher of a database: delivers mails and webhooks (delivery.c), and removes what is over.
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
#include "worker/delivery.h"

/*
 * Who has to leave gives what is under way so long to land: within what a caller
 * waits for a recorder, and a DROP DATABASE for us.
 */
#define DISPATCHER_LEAVE_MS	300

static bool dispatcher_connected = false;

/* The extension is not, or not any more, in this database. */
static bool dispatcher_gone = false;

/* It was asked to do something, or had something to do: then it stays a while. */
static bool dispatcher_stays = false;

/* It was asked to leave, and does then; 0: it was not. */
static TimestampTz dispatcher_leave_at = 0;

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
	worker_delivery_wait(ms, wait_event);
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

/*
 * It is held, or its place is needed.  What is not over is left to the next one:
 * what is under way stays leased, and is released by it.
 */
static bool
dispatcher_leaves(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (dispatcher_gone)
	{
		shmem_dispatcher_leave_for_good();
		return true;
	}
	if (!shmem_worker_should_leave())
	{
		dispatcher_leave_at = 0;
		worker_delivery_stop(false);
		return false;
	}
	if (dispatcher_leave_at == 0)
		dispatcher_leave_at = TimestampTzPlusMilliseconds(now, DISPATCHER_LEAVE_MS);
	worker_delivery_stop(true);
	if (worker_delivery_is_busy() && now < dispatcher_leave_at)
		return false;
	worker_delivery_stop(false);
	shmem_dispatcher_set_retry(worker_delivery_next());
	if (dispatcher_part != AUTH_CLEANUP_PARTS)
		shmem_dispatcher_due(now);
	shmem_worker_leave(worker_delivery_is_busy() || worker_delivery_is_looking());
	return true;
}

/* How long it may wait when there is nothing to do at once; -1 when it has left. */
static long
dispatcher_wait_ms(TimestampTz busy_at)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next = Min(worker_delivery_next(), shmem_dispatcher_cleanup_due());

	if (dispatcher_leave_at != 0)
		next = Min(next, dispatcher_leave_at);
	else if (!worker_delivery_is_busy() && !worker_delivery_is_paused())
	{
		TimestampTz idle_end = dispatcher_stays ? TimestampTzPlusMilliseconds(busy_at, worker_idle_exit) : now;

		shmem_dispatcher_set_retry(worker_delivery_next());
		if (idle_end <= now && next > now && shmem_worker_leave_if_idle())
			return -1;
		next = Min(next, idle_end);
	}
	return Max(TimestampDifferenceMilliseconds(now, next), 1);
}

static bool
dispatcher_turn(void)
{
	bool		called = shmem_worker_turn();
	bool		cleaning = dispatcher_cleanup_step();
	bool		busy = worker_delivery_step(called || cleaning) || cleaning;

	if (busy && !worker_delivery_is_busy())
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
	worker_delivery_begin();
	dispatcher_tell_due();
	dispatcher_stays = !shmem_dispatcher_was_probe();
	dispatcher_loop();
	proc_exit(0);
}
