/*
 * events.c
 *		Rows of fastauth.events.
 *
 * The order of (xid, id) is not that of the commits, but what is read of it is
 * final: a row shows only when every transaction up to its own has ended, so
 * whoever goes on from the last row that they got misses none.  The snapshot is
 * a fresh one, as everywhere, and never the caller's.  Rows of an earlier era
 * were restored; their transactions ended in another cluster.
 *
 * A partition is truncated only when its newest row is old, whatever
 * event_retention was when that row was written.  Whether it is, is decided
 * under the lock, which no transaction with a row that we do not see yet lets
 * us have.
 */
#include "store/events.h"

#include "store/owner.h"
#include "store/spi.h"
#include "utils/xid8.h"

#define EVENTS_COLUMNS "e.id, e.event, e.user_id, e.session_id, e.ip_address, e.data, e.created_at"

/* Where a listener is. */
typedef struct EventsPlace
{
	int32		era;
	Datum		xid;
	pg_uuid_t	id;
} EventsPlace;

void
store_events_insert(const StoreEvent *event, int ring)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.events "
									   "(id, ring, era, event, user_id, session_id, ip_address, data, created_at) "
									   "values ($1, $2::pg_catalog.int2, 0::pg_catalog.int2, $3, $4, $5, $6, $7, $8)",
									   UUIDOID, INT4OID, TEXTOID, UUIDOID, UUIDOID, INETOID, JSONBOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	StoreOwner	saved;

	store_arg_uuid(&args, &event->id);
	store_arg_int(&args, ring);
	store_arg_text(&args, event->event);
	store_arg_uuid(&args, event->has_user ? &event->user_id : NULL);
	store_arg_uuid(&args, event->has_session ? &event->session_id : NULL);
	store_arg_inet(&args, event->ip_address);
	store_arg_jsonb(&args, event->data);
	store_arg_time(&args, event->created_at);
	store_owner_enter_events(&saved);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
	store_owner_leave(&saved);
}

/* ---- reading ---- */

void
store_events_find_row(const pg_uuid_t *id, int ring, Oid *partition, ItemPointer place)
{
	static StorePlan plan = STORE_PLAN("select e.tableoid, e.ctid from fastauth.events e "
									   "where e.ring operator(pg_catalog.=) $2::pg_catalog.int2 and e.id operator(pg_catalog.=) $1",
									   UUIDOID, INT4OID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		isnull;

	store_arg_uuid(&args, id);
	store_arg_int(&args, ring);
	store_open();
	if (store_run(&args, STORE_READ, 1) != 1)
		elog(ERROR, "event is not there");
	*partition = DatumGetObjectId(store_get_datum(0, 1, &isnull));
	*place = *(ItemPointer) DatumGetPointer(store_get_datum(0, 2, &isnull));
	store_close();
}

/* The place of an event; one that is not there any more was before all that are. */
static bool
events_find(const pg_uuid_t *id, EventsPlace *place)
{
	static StorePlan plan = STORE_PLAN("select e.era::pg_catalog.int4, e.xid from fastauth.events e "
									   "where e.id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		isnull;

	store_arg_uuid(&args, id);
	if (store_run(&args, STORE_READ, 1) != 1)
		return false;
	place->era = store_get_int(0, 1);
	place->xid = FullTransactionIdGetDatum(DatumGetFullTransactionId(store_get_datum(0, 2, &isnull)));
	place->id = *id;
	return true;
}

static void
events_read_row(uint64 row, StoreEvent *event)
{
	(void) store_get_uuid(row, 1, &event->id);
	event->event = store_get_text(row, 2);
	event->has_user = store_get_uuid(row, 3, &event->user_id);
	event->has_session = store_get_uuid(row, 4, &event->session_id);
	event->ip_address = (inet *) store_get_bytes(row, 5);
	event->data = store_get_jsonb(row, 6);
	event->created_at = store_get_time(row, 7);
}

#define EVENTS_FINAL \
	"(e.era operator(pg_catalog.<) 0::pg_catalog.int2 or " \
	"e.xid operator(pg_catalog.<) pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())) "

#define EVENTS_ORDER "order by e.era, e.xid, e.id "

static uint64
events_run_list(const EventsPlace *place, int max)
{
	static StorePlan all = STORE_PLAN("select " EVENTS_COLUMNS " from fastauth.events e where " EVENTS_FINAL
									  EVENTS_ORDER "limit $1", INT4OID);
	static StorePlan after = STORE_PLAN("select " EVENTS_COLUMNS " from fastauth.events e where " EVENTS_FINAL
										"and (e.era, e.xid, e.id) operator(pg_catalog.>) ($2::pg_catalog.int2, $3, $4) "
										EVENTS_ORDER "limit $1", INT4OID, INT4OID, XID8OID, UUIDOID);
	StoreArgs	args = STORE_ARGS(place ? &after : &all);

	store_arg_int(&args, max);
	if (place)
	{
		store_arg_int(&args, place->era);
		store_arg_datum(&args, place->xid);
		store_arg_uuid(&args, &place->id);
	}
	return store_run(&args, STORE_READ, 0);
}

int
store_events_list(const pg_uuid_t *after, int max, StoreEvent **events)
{
	EventsPlace place;
	bool		placed;
	int			n;

	store_open();
	placed = after && events_find(after, &place);
	n = (int) events_run_list(placed ? &place : NULL, max);
	*events = SPI_palloc(sizeof(StoreEvent) * (n + 1));
	for (int i = 0; i < n; i++)
		events_read_row(i, &(*events)[i]);
	store_close();
	return n;
}

/* ---- forgetting ---- */

void
store_events_forget_user(const pg_uuid_t *user_id)
{
	static StorePlan plan = STORE_PLAN("update fastauth.events set user_id = null, session_id = null, ip_address = null, data = '{}' "
									   "where user_id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, user_id);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

/* The statements of each partition. */
typedef struct EventsPartition
{
	StorePlan	newest;
	StorePlan	lock;
	StorePlan	truncate;
} EventsPartition;

#define EVENTS_PARTITION(n) { \
	.newest = STORE_PLAN0("select e.created_at from fastauth.events_" n " e order by e.id desc limit 1"), \
	.lock = STORE_PLAN0("lock table fastauth.events_" n " in access exclusive mode"), \
	.truncate = STORE_PLAN0("truncate fastauth.events_" n) \
}

static EventsPartition events_partitions[STORE_EVENTS_RING] = {
	EVENTS_PARTITION("0"), EVENTS_PARTITION("1"), EVENTS_PARTITION("2"), EVENTS_PARTITION("3"),
	EVENTS_PARTITION("4"), EVENTS_PARTITION("5"), EVENTS_PARTITION("6"), EVENTS_PARTITION("7")
};

/* Is there a row, and is the newest one older?  Ids sort by time. */
static bool
events_is_old(EventsPartition *partition, TimestampTz before)
{
	StoreArgs	args = STORE_ARGS(&partition->newest);

	return store_run(&args, STORE_READ, 1) == 1 && store_get_time(0, 1) < before;
}

bool
store_events_truncate(int ring, TimestampTz before)
{
	EventsPartition *partition = &events_partitions[ring];
	StoreArgs	lock = STORE_ARGS(&partition->lock);
	StoreArgs	truncate = STORE_ARGS(&partition->truncate);
	bool		done = false;

	store_open();
	if (events_is_old(partition, before))
	{
		(void) store_run(&lock, STORE_WRITE, 0);
		done = events_is_old(partition, before);
		if (done)
			(void) store_run(&truncate, STORE_WRITE, 0);
	}
	store_close();
	return done;
}
