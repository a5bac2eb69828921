/*
 * hook_event.c
 *		Trigger functions of the application that are called with an event.
 *
 * A trigger on fastauth.events would be lost by pg_dump, as every trigger on a
 * table of an extension is, and would run as who inserts.  So the function is
 * called from here, as its own owner and confined, with what an AFTER INSERT
 * FOR EACH ROW trigger gets.
 *
 * Events of refusals are recorded by a worker, on which refusals wait.  There a
 * hook runs in a subtransaction and its error is logged.  All of them together
 * have a quarter of a second in ten; then they rest, so that neither a slow hook
 * nor many refusals keep others from being recorded.  Who goes on when it is
 * cancelled ends the worker.  However a worker ends in a hook, or the whole
 * server with it, the one that follows lets hooks rest longer, and records.
 *
 * The dispatcher, on which nobody waits, calls hooks of what it delivered in the
 * same way, with more time.  It does so in a transaction after the one that says
 * that it was delivered, so what dies in a hook is not delivered again, and no
 * rest is needed.
 */
#include "auth/hook_event.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "auth/hook_call.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "shmem/database.h"
#include "storage/latch.h"
#include "store/hooks.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

/* In a worker: a backend waits a second for it, so hooks may take a quarter of that in each span. */
#define HOOK_WORKER_TIME_MS		250
#define HOOK_WORKER_SPAN_MS		10000

/* For one that does not end when it is cancelled. */
#define HOOK_WORKER_DEATH_MS	500
#define HOOK_WORKER_DEATH_REST_MS	(SHMEM_HOOKS_REST_S * 1000)

/* In the dispatcher. */
#define HOOK_DISPATCHER_TIME_MS		5000
#define HOOK_DISPATCHER_DEATH_MS	10000

static TimestampTz hook_worker_span_end = 0;
static TimeoutId hook_event_death;
static int64 hook_worker_spent = 0; /* microseconds, in this span */

/*
 * The trigger that this would be.  Procedural languages keep a compiled copy
 * for each trigger's oid, since the row type may be another one: ours is always
 * that of the partition, so the oid of a trigger that stands on it will do.
 */
static void
hook_event_trigger(Oid partition, Trigger *trigger)
{
	memset(trigger, 0, sizeof(*trigger));
	trigger->tgoid = get_trigger_oid(partition, "events_stamp", false);
	trigger->tgname = pstrdup("fastauth_hook");
	trigger->tgtype = TRIGGER_TYPE_ROW | TRIGGER_TYPE_AFTER | TRIGGER_TYPE_INSERT;
	trigger->tgenabled = TRIGGER_FIRES_ON_ORIGIN;
}

/*
 * As PostgreSQL calls row triggers of a partitioned table: with the partition,
 * which has a storage that functions of C may look into, and with the stored
 * row and its ctid.
 */
static void
hook_event_call(const StoreHook *hook, const StoreEvent *event, int ring)
{
	Trigger		trigger;
	TriggerData data = {.type = T_TriggerData};
	Oid			partition;
	ItemPointerData place;
	bool		copied;
	bool		isnull;

	store_events_find_row(&event->id, ring, &partition, &place);
	hook_event_trigger(partition, &trigger);
	trigger.tgfoid = auth_hook_function(hook);
	data.tg_event = TRIGGER_EVENT_INSERT | TRIGGER_EVENT_ROW | TRIGGER_EVENT_AFTER;
	data.tg_relation = table_open(partition, AccessShareLock);
	data.tg_trigger = &trigger;
	data.tg_trigslot = table_slot_create(data.tg_relation, NULL);
	if (!table_tuple_fetch_row_version(data.tg_relation, &place, SnapshotAny, data.tg_trigslot))
		elog(ERROR, "event is not there");
	data.tg_trigtuple = ExecFetchSlotHeapTuple(data.tg_trigslot, true, &copied);
	(void) auth_hook_call(hook, NULL, (Node *) &data, &isnull);
	if (copied)
		heap_freetuple(data.tg_trigtuple);
	ExecDropSingleTupleTableSlot(data.tg_trigslot);
	table_close(data.tg_relation, AccessShareLock);
}

/* ---- in a worker ---- */

static void
hook_event_log(MemoryContext context)
{
	ErrorData  *edata;

	MemoryContextSwitchTo(context);
	edata = CopyErrorData();
	FlushErrorState();
	ereport(LOG,
			(errcode(edata->sqlerrcode),
			 errmsg("hook of a fastauth event failed: %s", edata->message),
			 edata->context ? errcontext("%s", edata->context) : 0));
	FreeErrorData(edata);
}

/* In a signal handler. */
static void
hook_event_die(void)
{
	ProcDiePending = true;
	InterruptPending = true;
	SetLatch(MyLatch);
}

/* What is left of this span, in milliseconds; 0: hooks rest.  Not inlined: gcc would see its variables beside a longjmp. */
static pg_noinline int
hook_event_time_left(TimestampTz now, AuthHookPlace place)
{
	const int	time = place == AUTH_HOOK_IN_WORKER ? HOOK_WORKER_TIME_MS : HOOK_DISPATCHER_TIME_MS;

	if (place == AUTH_HOOK_IN_WORKER && now < shmem_worker_hooks_rest())
		return 0;
	if (now >= hook_worker_span_end)
	{
		hook_worker_span_end = TimestampTzPlusMilliseconds(now, HOOK_WORKER_SPAN_MS);
		hook_worker_spent = 0;
	}
	return (int) Max(time - hook_worker_spent / 1000, 0);
}

static void
hook_event_start_timers(TimestampTz now, int left, AuthHookPlace place)
{
	static bool registered = false;
	static TimeoutId death;

	if (!registered)
	{
		death = RegisterTimeout(USER_TIMEOUT, hook_event_die);
		registered = true;
	}
	hook_event_death = death;
	if (place == AUTH_HOOK_IN_WORKER)
		shmem_worker_set_hooks_rest(TimestampTzPlusMilliseconds(now, HOOK_WORKER_DEATH_REST_MS));
	enable_timeout_after(STATEMENT_TIMEOUT, left);
	enable_timeout_after(death, place == AUTH_HOOK_IN_WORKER ? HOOK_WORKER_DEATH_MS : HOOK_DISPATCHER_DEATH_MS);
}

/*
 * A stop that came too late is for nobody.  A worker that is to die, perhaps
 * because the hook sent it the signal, does so after the call: hooks still rest.
 */
static void
hook_event_stop_timers(TimestampTz start, AuthHookPlace place)
{
	disable_timeout(STATEMENT_TIMEOUT, false);
	disable_timeout(hook_event_death, false);
	QueryCancelPending = false;
	hook_worker_spent += Max(GetCurrentTimestamp() - start, 0);
	if (place == AUTH_HOOK_IN_WORKER && !ProcDiePending)
		shmem_worker_set_hooks_rest(0);
}

/* A request to leave goes on, any other error ends here. */
void
auth_hook_guarded(AuthHookWork work, void *arg, AuthHookPlace place)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;
	const TimestampTz start = GetCurrentTimestamp();
	const int	left = hook_event_time_left(start, place);

	if (left == 0)
		return;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		hook_event_start_timers(start, left, place);
		work(arg);
		hook_event_stop_timers(start, place);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		hook_event_stop_timers(start, place);
		MemoryContextSwitchTo(context);
		RollbackAndReleaseCurrentSubTransaction();
		hook_event_log(context);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resources;
}

/* ---- what events call ---- */

typedef struct HookEventCall
{
	const StoreHook *hook;
	const StoreEvent *event;
	int			ring;
} HookEventCall;

static void
hook_event_work(void *arg)
{
	const HookEventCall *call = arg;

	hook_event_call(call->hook, call->event, call->ring);
}

static void
hook_event_call_all(const char *name, const StoreEvent *event, int ring, AuthHookPlace place)
{
	StoreHook  *hooks;
	int			n = store_hooks_of(name, &hooks);

	for (int i = 0; i < n; i++)
	{
		HookEventCall call = {.hook = &hooks[i], .event = event, .ring = ring};

		if (place == AUTH_HOOK_IN_FLOW)
			hook_event_work(&call);
		else
			auth_hook_guarded(hook_event_work, &call, place);
	}
}

void
auth_hook_event(const StoreEvent *event, int ring, AuthHookPlace place)
{
	hook_event_call_all(event->event, event, ring, place);
	hook_event_call_all(AUTH_HOOK_ANY_EVENT, event, ring, place);
}
