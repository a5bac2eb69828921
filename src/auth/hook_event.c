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
 * hook runs in a subtransaction, its error is logged, and it is stopped after a
 * short time; after that no hook is called there for a while.
 */
#include "auth/hook_event.h"

#include "access/table.h"
#include "access/xact.h"
#include "auth/hook_call.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "store/hooks.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

/* In a worker: a backend waits a second for it, so a hook may take a quarter of that, and not often. */
#define HOOK_WORKER_TIME_MS		250
#define HOOK_WORKER_REST_MS		10000

static TimestampTz hook_worker_rests_until = 0;

/*
 * The trigger that this would be.  Procedural languages keep a compiled copy
 * for each trigger's oid, since the row type may be another one: ours is always
 * that of the table, so the oid of a trigger that stands on it will do.
 */
static void
hook_event_trigger(Oid relid, Trigger *trigger)
{
	memset(trigger, 0, sizeof(*trigger));
	trigger->tgoid = get_trigger_oid(relid, "events_stamp", false);
	trigger->tgname = pstrdup("fastauth_hook");
	trigger->tgtype = TRIGGER_TYPE_ROW | TRIGGER_TYPE_AFTER | TRIGGER_TYPE_INSERT;
	trigger->tgenabled = TRIGGER_FIRES_ON_ORIGIN;
}

static void
hook_event_call(const StoreHook *hook, HeapTuple tuple, Oid relid)
{
	Relation	rel = table_open(relid, AccessShareLock);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsHeapTuple);
	Trigger		trigger;
	TriggerData data = {.type = T_TriggerData};
	bool		isnull;

	hook_event_trigger(relid, &trigger);
	trigger.tgfoid = auth_hook_function(hook);
	ExecStoreHeapTuple(tuple, slot, false);
	data.tg_event = TRIGGER_EVENT_INSERT | TRIGGER_EVENT_ROW | TRIGGER_EVENT_AFTER;
	data.tg_relation = rel;
	data.tg_trigtuple = tuple;
	data.tg_trigger = &trigger;
	data.tg_trigslot = slot;
	(void) auth_hook_call(hook, NULL, (Node *) &data, &isnull);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, AccessShareLock);
}

/* ---- in a worker ---- */

static void
hook_event_log(MemoryContext context)
{
	ErrorData  *edata;

	MemoryContextSwitchTo(context);
	edata = CopyErrorData();
	FlushErrorState();
	if (edata->sqlerrcode == ERRCODE_QUERY_CANCELED)
		hook_worker_rests_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), HOOK_WORKER_REST_MS);
	ereport(LOG,
			(errcode(edata->sqlerrcode),
			 errmsg("hook of a fastauth event failed: %s", edata->message),
			 edata->context ? errcontext("%s", edata->context) : 0));
	FreeErrorData(edata);
}

/* A stop that came too late is for nobody. */
static void
hook_event_stop_timer(void)
{
	disable_timeout(STATEMENT_TIMEOUT, false);
	QueryCancelPending = false;
}

/* The call in a subtransaction; a request to leave goes on, any other error ends here. */
static void
hook_event_call_guarded(const StoreHook *hook, HeapTuple tuple, Oid relid)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		enable_timeout_after(STATEMENT_TIMEOUT, HOOK_WORKER_TIME_MS);
		hook_event_call(hook, tuple, relid);
		hook_event_stop_timer();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		hook_event_stop_timer();
		MemoryContextSwitchTo(context);
		RollbackAndReleaseCurrentSubTransaction();
		hook_event_log(context);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resources;
}

/* ---- what events call ---- */

static void
hook_event_call_all(const char *name, const StoreEvent *event, int ring, AuthHookPlace place)
{
	StoreHook  *hooks;
	int			n = store_hooks_of(name, &hooks);

	for (int i = 0; i < n; i++)
	{
		Oid			relid;
		HeapTuple	tuple = store_events_tuple(&event->id, ring, &relid);

		if (place == AUTH_HOOK_IN_FLOW)
			hook_event_call(&hooks[i], tuple, relid);
		else if (GetCurrentTimestamp() >= hook_worker_rests_until)
			hook_event_call_guarded(&hooks[i], tuple, relid);
	}
}

void
auth_hook_event(const StoreEvent *event, int ring, AuthHookPlace place)
{
	hook_event_call_all(event->event, event, ring, place);
	hook_event_call_all(AUTH_HOOK_ANY_EVENT, event, ring, place);
}
