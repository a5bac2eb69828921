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

/* Then somebody looks whether failures are old enough to be removed. */
#define RECORDER_CLEANUP_MS		(24 * 60 * 60 * 1000)

/* Pauses after errors, doubling. */
#define RECORDER_PAUSE_MIN_MS	100
#define RECORDER_PAUSE_MAX_MS	1000

int			worker_idle_exit;
static bool recorder_connected = false;

/* After an error: how long it pauses (0: there was none), and until when. */
static long recorder_pause = 0;
static TimestampTz recorder_retry_at = 0;

void
worker_recorder_init(void)
{
	const BaseServerSettingDef *def = base_server_setting("fastauth.worker_idle_exit");

	DefineCustomIntVariable(def->name, def->brief, NULL, &worker_idle_exit,
							60000, 100, 24 * 60 * 60 * 1000, def->context, def->flags, NULL, NULL, NULL);
}

/* Who cannot connect would fail again and again. */
static void
recorder_exit(int code, Datum arg)
{
	(void) code;
	(void) arg;
	worker_events_leave();
	if (recorder_connected)
		(void) shmem_announce_worker_leaves();
	shmem_worker_detach(recorder_connected);
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
	bool		grant;			/* in: grant what is asked for, too */
	int			taken;
	int			recorded;
} RecorderTurn;

static void
recorder_turn(void *arg)
{
	static int	slots[RECORDER_BATCH];
	RecorderTurn *turn = arg;
	int			n = shmem_recorder_take(recorder_requests, slots, RECORDER_BATCH, turn->grant);

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
	shmem_dispatcher_due(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RECORDER_CLEANUP_MS));
	turn->recorded = n;
}

/* One turn, and the events of what it recorded; after an error, *failed and everything is as it was before. */
static bool
recorder_turn_guarded(bool grant, bool *failed)
{
	RecorderTurn turn = {.grant = grant};

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

static void
recorder_prepare_turn(void)
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
 * Leave, or have one started again as soon as there may be one, when something is left to do: also what was
 * posted and found no place in the last batch, whose call is answered.
 */
static bool
recorder_leaves(void)
{
	bool		unfinished;

	if (!shmem_worker_should_leave())
		return false;
	worker_events_leave();
	unfinished = shmem_announce_worker_leaves() || shmem_recorder_is_posted();
	shmem_worker_leave(unfinished || recorder_pause > 0);
	return true;
}

/*
 * Record what was posted; after an error again when its pause is over, however
 * many call meanwhile.  False when there was nothing to do.
 */
static bool
recorder_try(void)
{
	bool		retry = recorder_pause > 0;
	bool		failed;
	bool		busy;

	if (retry && GetCurrentTimestamp() < recorder_retry_at)
		return false;
	busy = recorder_turn_guarded(!retry, &failed);
	if (!failed)
	{
		/* After a pause it comes again at once, to grant. */
		recorder_pause = 0;
		return busy || retry;
	}
	recorder_pause = Min(Max(2 * recorder_pause, RECORDER_PAUSE_MIN_MS), RECORDER_PAUSE_MAX_MS);
	recorder_retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), recorder_pause);
	return true;
}

/* How long it may wait, when there is nothing to do at once; -1 when it has left. */
static long
recorder_wait_ms(TimestampTz busy_at, long events_wait)
{
	TimestampTz now = GetCurrentTimestamp();
	long		ms;

	if (recorder_pause > 0)
		ms = TimestampDifferenceMilliseconds(now, recorder_retry_at);
	else if (events_wait >= 0)
		ms = events_wait;
	else
	{
		ms = worker_idle_exit - TimestampDifferenceMilliseconds(busy_at, now);
		if (ms <= 0 && shmem_worker_leave_if_idle())
			return -1;
	}
	if (events_wait >= 0)
		ms = Min(ms, events_wait);
	return Max(ms, 1);
}

/* Requests come first in each turn, and wake it from every wait. */
static void
recorder_loop(void)
{
	TimestampTz busy_at = GetCurrentTimestamp();

	for (;;)
	{
		long		ms;
		bool		busy;

		recorder_prepare_turn();
		if (recorder_leaves())
			return;
		(void) shmem_worker_turn();
		busy = recorder_try();
		busy |= worker_events_step(&ms);
		if (busy)
		{
			shmem_worker_was_busy();
			busy_at = GetCurrentTimestamp();
		}
		if (busy && recorder_pause == 0)
			continue;
		ms = recorder_wait_ms(busy_at, busy ? 0 : ms);
		if (ms < 0)
			return;
		recorder_wait(ms);
	}
}

void
fastauth_recorder_main(Datum arg)
{
	ShmemWorker me = {.database = DatumGetObjectId(arg), .kind = SHMEM_RECORDER};

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	before_shmem_exit(recorder_exit, (Datum) 0);
	if (!shmem_worker_attach(&me))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(me.database, InvalidOid, 0);
	recorder_connected = true;
	worker_override_settings();
	shmem_recorder_give_back();
	worker_events_start();
	recorder_loop();
	proc_exit(0);
}
