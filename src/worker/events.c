/*
 * events.c
 *		What the worker of a database does with events: it records those of refusals,
 *		announces all, and truncates what is old.
 *
 * Each is a transaction of its own, after the backends that wait were answered;
 * an error is logged and tried again later, and never keeps a refusal from being
 * recorded.
 *
 * Announcing is a NOTIFY of all ids that wait, whose commit is not flushed: an
 * announcement is lost with the server anyway, as every listener is.  After it
 * the worker naps, so that busy clients are not interrupted for each of their
 * commits; a backend that waits to be recorded wakes it from that nap.
 *
 * An event shows in list_events() when no older transaction runs any more, which
 * may be after it was announced.  Then a listener that was woken has found
 * nothing, so it is woken once more when the event shows; by overflow, if there
 * are some whose ids are not known.  The worker does not stay for a transaction
 * that never ends: after fastauth.worker_idle_exit it tells overflow and leaves
 * listeners to themselves.
 *
 * The events of refusals are collected during the nap, and follow in one
 * transaction.  When the worker or the server ends in between, they are missing:
 * then shared memory does not say that they are complete, and the refusals of
 * the last day are looked through, an hour at a time.  So are those since the
 * first whose user's row somebody held, until its event could be recorded.
 */
#include "worker/worker.h"

#include "auth/event.h"
#include "base/uuid.h"
#include "commands/async.h"
#include "pgstat.h"
#include "shmem/announce.h"
#include "shmem/database.h"
#include "storage/proc.h"
#include "store/events.h"
#include "store/failures.h"
#include "store/settings.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Announcements in one transaction, and the time between two. */
#define EVENTS_BATCH	512
#define EVENTS_NAP_MS	8

/* Pauses after errors, doubling. */
#define EVENTS_PAUSE_MIN_MS	100
#define EVENTS_PAUSE_MAX_MS	10000

/* How often it looks whether what was announced shows, doubling; only while it does not. */
#define EVENTS_OPEN_MIN_MS	10
#define EVENTS_OPEN_MAX_MS	60000

/* The same for a user's row that somebody holds. */
#define EVENTS_HELD_MIN_MS	10
#define EVENTS_HELD_MAX_MS	2000

/* How far back events of refusals may be missing, and how much is looked through at once. */
#define EVENTS_MISSING_SPAN	USECS_PER_DAY
#define EVENTS_MISSING_PART	USECS_PER_HOUR
#define EVENTS_MISSING_MAX	128

/* A partition is truncated when nobody holds it for this long; what is old is looked for so often. */
#define EVENTS_LOCK_TIMEOUT_MS	50
#define EVENTS_TRUNCATE_EVERY_MS	(60 * 60 * 1000)

/* Refusals whose events are collected: some batches of the recorder. */
#define EVENTS_REFUSALS	1024

typedef struct EventsRefusals
{
	int			n;
	ShmemRequest requests[EVENTS_REFUSALS];
} EventsRefusals;

static EventsRefusals events_refusals;
static TimestampTz events_next = 0; /* nothing is done before */
static long events_pause = 0;	/* after the last error; 0: there was none */
static TimestampTz events_missing_from = DT_NOBEGIN;	/* what is still to be looked through; DT_NOBEGIN: nothing */
static bool events_missing_more = false;	/* what was collected last is not all of its part */
static TimestampTz events_truncate_next = 0;

/* Since when there are refusals whose user's row somebody held (DT_NOEND: none), and when to look again. */
static TimestampTz events_held_from = DT_NOEND;
static TimestampTz events_held_next = 0;
static long events_held_wait = EVENTS_HELD_MIN_MS;

/* The latest that was announced before it shows, if there is one; its id counts only when no overflow is among them. */
static bool events_open = false;
static bool events_open_overflow = false;
static ShmemAnnouncement events_open_last;
static long events_open_wait = 0;
static TimestampTz events_open_next = 0;
static TimestampTz events_open_end = 0; /* then it gives up */

/* False when the extension is gone: then there is nothing to do any more. */
static bool
events_begin(StoreOwner *owner)
{
	if (!worker_extension_is_there())
		return false;
	worker_begin(owner);
	return true;
}

/* ---- of refusals ---- */

static void
events_look_through(void)
{
	events_missing_from = GetCurrentTimestamp() - EVENTS_MISSING_SPAN;
	events_missing_more = false;
}

static void
events_next_part(void)
{
	events_missing_from += EVENTS_MISSING_PART;
	if (events_missing_from > GetCurrentTimestamp())
		events_missing_from = DT_NOBEGIN;
}

void
worker_events_start(void)
{
	if (!shmem_announce_is_complete())
		events_look_through();
}

/* Somebody holds the user's row: look for it again, later each time. */
static void
events_put_aside(const ShmemRequest *request)
{
	if (TIMESTAMP_IS_NOEND(events_held_from))
	{
		events_held_next = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), events_held_wait);
		events_held_wait = Min(2 * events_held_wait, EVENTS_HELD_MAX_MS);
	}
	events_held_from = Min(events_held_from, request->at);
}

/* Look again for what was put aside, when it is time. */
static void
events_take_up(void)
{
	if (TIMESTAMP_IS_NOEND(events_held_from) || !TIMESTAMP_IS_NOBEGIN(events_missing_from) ||
		GetCurrentTimestamp() < events_held_next)
		return;
	events_missing_from = events_held_from;
	events_held_from = DT_NOEND;
}

/*
 * Of what was collected; it is empty then, also after an error, when it is looked for again.
 * *(int *) arg: how many were recorded.
 */
static void
events_record(void *arg)
{
	StoreOwner	owner;
	int		   *recorded = arg;

	*recorded = 0;
	if (!events_begin(&owner))
		return;
	for (int i = 0; i < events_refusals.n; i++)
	{
		if (auth_event_of_refusal(&events_refusals.requests[i]))
			(*recorded)++;
		else
			events_put_aside(&events_refusals.requests[i]);
	}
	worker_commit(&owner);
}

/* A part of which as many were found as are collected is not finished; but it is left, when nothing in it can be done now. */
static void
events_end_part(int recorded)
{
	if (events_missing_more && recorded == 0)
		events_next_part();
	events_missing_more = false;
}

static bool
events_record_collected(void)
{
	int			recorded = 0;
	bool		good = events_refusals.n == 0 || worker_try(events_record, &recorded);

	events_refusals.n = 0;
	if (!good)
		events_look_through();
	else
		events_end_part(recorded);
	if (good && TIMESTAMP_IS_NOBEGIN(events_missing_from) && TIMESTAMP_IS_NOEND(events_held_from))
	{
		events_held_wait = EVENTS_HELD_MIN_MS;
		shmem_announce_set_complete(true);
	}
	return good;
}

/* More than there is room for are looked for later. */
void
worker_events_of_refusals(const ShmemRequest *requests, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (!requests[i].row)
			continue;
		if (events_refusals.n == EVENTS_REFUSALS)
			events_look_through();
		else
			events_refusals.requests[events_refusals.n++] = requests[i];
	}
}

/* Collect the next part of what is to be looked through. */
static void
events_collect_missing(void *arg)
{
	StoreOwner	owner;

	(void) arg;
	if (!events_begin(&owner))
	{
		events_missing_from = DT_NOBEGIN;
		return;
	}
	events_refusals.n = store_failures_without_event(events_missing_from, events_missing_from + EVENTS_MISSING_PART,
													 events_refusals.requests, EVENTS_MISSING_MAX);
	worker_commit(&owner);
	events_missing_more = events_refusals.n == EVENTS_MISSING_MAX;
	if (!events_missing_more)
		events_next_part();
}

/* ---- announcing ---- */

static void
events_notify_one(const ShmemAnnouncement *announcement)
{
	char		id[BASE_UUID_TEXT_LEN + 1];

	base_uuid_format(&announcement->id, id);
	Async_Notify(store_settings()->notify_channel,
				 psprintf("{\"id\": \"%s\", \"event\": \"%s\"}", id, auth_event_name(announcement->kind)));
}

/* Does everything up to that transaction show, to who looks from now on?  Ours has no number of its own yet. */
static bool
events_show(FullTransactionId xid)
{
	return TransactionIdPrecedes(XidFromFullTransactionId(xid), GetActiveSnapshot()->xmin);
}

static void
events_notify_overflow(void)
{
	Async_Notify(store_settings()->notify_channel, "{\"event\": \"overflow\"}");
}

/* The latest transaction that may have committed before our snapshot. */
static FullTransactionId
events_latest_xid(void)
{
	FullTransactionId xid = ReadNextFullTransactionId();
	uint32		since = XidFromFullTransactionId(xid) - GetActiveSnapshot()->xmax;

	xid = FullTransactionIdFromU64(U64FromFullTransactionId(xid) - since);
	FullTransactionIdRetreat(&xid);
	return xid;
}

static void
events_open_until(const ShmemAnnouncement *announcement)
{
	if (!events_open || FullTransactionIdPrecedes(events_open_last.xid, announcement->xid))
		events_open_last = *announcement;
	events_open = true;
}

/* What was announced shows only later, or does it?  Of what is told as overflow only that it is committed is known. */
static void
events_keep_open(const ShmemAnnouncement *announcements, const ShmemAnnounceLook *look)
{
	for (int i = 0; i < look->n; i++)
		events_open_until(&announcements[i]);
	if (look->overflow && !look->only_left)
	{
		ShmemAnnouncement all = {.xid = events_latest_xid()};

		events_open_until(&all);
		events_open_overflow = true;
	}
	events_open = events_open && !events_show(events_open_last.xid);
	events_open_overflow = events_open_overflow && events_open;
	events_open_wait = EVENTS_OPEN_MIN_MS;
	events_open_next = 0;
	events_open_end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), worker_idle_exit);
}

static void
events_announce_batch(const ShmemAnnouncement *announcements, const ShmemAnnounceLook *look)
{
	StoreOwner	owner;

	if (!events_begin(&owner))
		return;
	events_keep_open(announcements, look);
	for (int i = 0; i < look->n; i++)
		events_notify_one(&announcements[i]);
	if (look->overflow)
		events_notify_overflow();
	worker_commit_unflushed(&owner);
	shmem_count(SHMEM_COUNT_EVENTS_ANNOUNCED, look->n);
	shmem_count(SHMEM_COUNT_EVENT_OVERFLOWS, look->overflow);
}

/* *(bool *) arg: there was something. */
static void
events_announce(void *arg)
{
	static ShmemAnnouncement announcements[EVENTS_BATCH];
	ShmemAnnounceLook look;

	shmem_announce_look(announcements, EVENTS_BATCH, &look);
	*(bool *) arg = look.n > 0 || look.overflow;
	if (look.n == 0 && !look.overflow)
		return;
	pgstat_report_activity(STATE_RUNNING, "announcing events");
	events_announce_batch(announcements, &look);
	shmem_announce_done(&look);
}

static void
events_forget_open(void)
{
	events_open = events_open_overflow = false;
}

/* Wake listeners once more if what was announced shows by now, or if it takes too long. */
static void
events_close(void *arg)
{
	StoreOwner	owner;
	bool		show;

	(void) arg;
	if (!events_begin(&owner))
	{
		events_forget_open();
		return;
	}
	show = events_show(events_open_last.xid);
	if (show || GetCurrentTimestamp() >= events_open_end)
	{
		if (events_open_overflow || !show)
			events_notify_overflow();
		else
			events_notify_one(&events_open_last);
		events_forget_open();
	}
	worker_commit_unflushed(&owner);
}

void
worker_events_leave(void)
{
	/* One that has to make room does not come back to wait: two that wait would take turns for ever. */
	if (events_open)
		shmem_announce_leave_open();
	if (events_refusals.n > 0 || !TIMESTAMP_IS_NOBEGIN(events_missing_from) || !TIMESTAMP_IS_NOEND(events_held_from))
		shmem_announce_add(NULL, 0, true);
	events_forget_open();
	events_refusals.n = 0;
	events_missing_from = DT_NOBEGIN;
	events_held_from = DT_NOEND;
}

/* ---- what is old ---- */

static void
events_truncate(void *arg)
{
	TimestampTz now = GetCurrentTimestamp();
	StoreOwner	owner;

	if (!events_begin(&owner))
		return;
	LockTimeout = EVENTS_LOCK_TIMEOUT_MS;
	if (*(int *) arg != auth_event_ring(now))
		(void) store_events_truncate(*(int *) arg, now - store_settings()->event_retention);
	worker_commit(&owner);
}

/* Each partition in a transaction of its own; one that is in use is tried again the next time. */
static void
events_truncate_all(void)
{
	events_truncate_next = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), EVENTS_TRUNCATE_EVERY_MS);
	pgstat_report_activity(STATE_RUNNING, "truncating old events");
	for (int ring = 0; ring < STORE_EVENTS_RING; ring++)
		(void) worker_try(events_truncate, &ring);
}

/* ---- a step ---- */

static void
events_plan_next(bool good, long ms)
{
	if (good)
		events_pause = 0;
	else
		ms = events_pause = Min(Max(2 * events_pause, EVENTS_PAUSE_MIN_MS), EVENTS_PAUSE_MAX_MS);
	events_next = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
}

/* Look whether what was announced shows, when it is time. */
static void
events_look_at_open(TimestampTz now)
{
	bool		good;

	if (!events_open || now < events_open_next)
		return;
	good = worker_try(events_close, NULL);
	events_plan_next(good, 0);
	now = GetCurrentTimestamp();
	events_open_next = TimestampTzPlusMilliseconds(now, good ? events_open_wait : events_pause);
	if (good && events_open_end > now)
		events_open_next = Min(events_open_next, events_open_end);
	events_open_wait = Min(2 * events_open_wait, EVENTS_OPEN_MAX_MS);
}

/* How long to wait until that, or what was put aside, is to be looked at; -1: there is nothing. */
static long
events_wait(void)
{
	TimestampTz next = DT_NOEND;

	if (events_open)
		next = events_open_next;
	if (!TIMESTAMP_IS_NOEND(events_held_from))
		next = Min(next, events_held_next);
	if (TIMESTAMP_IS_NOEND(next))
		return -1;
	return Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next), 1);
}

bool
worker_events_step(long *wait_ms)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		busy = true;
	bool		good;

	*wait_ms = TimestampDifferenceMilliseconds(now, events_next);
	if (*wait_ms > 0)
		return false;
	good = events_record_collected();
	events_take_up();
	if (good && !TIMESTAMP_IS_NOBEGIN(events_missing_from))
	{
		/* What was collected is recorded at once; only that ends a pause. */
		if (!worker_try(events_collect_missing, NULL))
			events_plan_next(false, 0);
		return true;
	}
	good = worker_try(events_announce, &busy) && good;
	if (busy || !good)
	{
		events_plan_next(good, EVENTS_NAP_MS);
		if (good && now >= events_truncate_next)
			events_truncate_all();
		return true;
	}
	events_look_at_open(now);
	*wait_ms = events_wait();
	return false;
}
