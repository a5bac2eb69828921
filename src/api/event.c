/*
 * event.c
 *		SQL: events, for listeners, and the trigger that gives each event its place.
 */
#include "auth/event.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "base/errors.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "store/events.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#define EVENT_COLUMNS 7
#define EVENT_LIST_MAX 1000

static void
event_fill(const StoreEvent *event, Datum *values, bool *nulls)
{
	values[0] = UUIDPGetDatum(&event->id);
	values[1] = api_text_datum(event->event, &nulls[1]);
	nulls[2] = !event->has_user;
	values[2] = UUIDPGetDatum(&event->user_id);
	nulls[3] = !event->has_session;
	values[3] = UUIDPGetDatum(&event->session_id);
	nulls[4] = event->ip_address == NULL;
	values[4] = InetPGetDatum(event->ip_address);
	values[5] = JsonbPGetDatum(event->data);
	values[6] = TimestampTzGetDatum(event->created_at);
}

/* SQL function: fastauth.list_events(after uuid, max integer) */
FASTAUTH_FUNCTION(fastauth_list_events, 0)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	pg_uuid_t  *after = api_arg_uuid_or_null(fcinfo, 0, "after");
	int			max = api_arg_int(fcinfo, 1, "max", 1, EVENT_LIST_MAX);
	StoreEvent *events;
	int			n = store_events_list(after, max, &events);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum		values[EVENT_COLUMNS];
		bool		nulls[EVENT_COLUMNS] = {false};

		event_fill(&events[i], values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* What the trigger writes: this transaction into an event of ours, another era into one that brings its own. */
static void
event_stamp(HeapTuple row, TupleDesc desc, int era, int xid, Datum *values)
{
	bool		isnull;
	Datum		old_xid = heap_getattr(row, xid, desc, &isnull);
	int16		old_era = 0;

	if (isnull)
	{
		values[0] = Int16GetDatum(0);
		values[1] = FullTransactionIdGetDatum(GetTopFullTransactionId());
		return;
	}
	values[1] = old_xid;
	values[0] = heap_getattr(row, era, desc, &isnull);
	if (!isnull)
		old_era = DatumGetInt16(values[0]);
	values[0] = Int16GetDatum(old_era > PG_INT16_MIN ? old_era - 1 : old_era);
}

/* SQL function: fastauth.events_stamp() */
FASTAUTH_FUNCTION(fastauth_events_stamp, 0)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Oid			relid;
	int			columns[2];
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		elog(ERROR, "events_stamp is a trigger before the insert of a row");
	relid = RelationGetRelid(trigger->tg_relation);
	columns[0] = get_attnum(relid, "era");
	columns[1] = get_attnum(relid, "xid");
	if (columns[0] <= 0 || columns[1] <= 0)
		elog(ERROR, "events_stamp is a trigger of fastauth.events");
	event_stamp(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation), columns[0], columns[1], values);
	return PointerGetDatum(heap_modify_tuple_by_cols(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation),
													 2, columns, values, nulls));
}
