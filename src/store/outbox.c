/*
 * outbox.c
 *		Rows of fastauth.outbox.
 *
 * Who claims a row moves its due_at behind the lease, so one index tells what is
 * due, and a claim of somebody who died is due again by itself.  SKIP LOCKED
 * keeps two claimers apart, and whoever waited for nothing sees the new due_at
 * when the row is looked at again.
 *
 * One webhook has only so many under way, all of them together too: one that
 * hangs, for whom there is no end of users, would take all that there is.
 *
 * A webhook waits for the older ones of the same user to the same place: they
 * are pending until they are sent or given up, claimed or not.
 */
#include "store/outbox.h"

#include "store/spi.h"

#define OUTBOX_COLUMNS \
	"o.id, o.kind, o.name, o.user_id, o.webhook_id, o.decoy, o.payload, o.status, o.attempts, o.last_error, o.created_at, o.due_at, o.expires_at"

#define OUTBOX_PENDING "o.status operator(pg_catalog.=) 'pending' "

/* Of the rows that are pending. */
#define OUTBOX_IS_FIRST \
	"(o.user_id is null or o.webhook_id is null or not exists (select from fastauth.outbox e " \
	"where e.webhook_id operator(pg_catalog.=) o.webhook_id and e.user_id operator(pg_catalog.=) o.user_id " \
	"and e.status operator(pg_catalog.=) 'pending' and e.id operator(pg_catalog.<) o.id)) "

void
store_outbox_insert(const StoreOutbox *row)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.outbox (id, kind, name, user_id, webhook_id, decoy, payload, status, attempts, "
									   "created_at, due_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8, $9, $10)",
									   UUIDOID, TEXTOID, TEXTOID, UUIDOID, UUIDOID, BOOLOID, BYTEAOID,
									   TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, &row->id);
	store_arg_text(&args, row->kind);
	store_arg_text(&args, row->name);
	store_arg_uuid(&args, row->has_user ? &row->user_id : NULL);
	store_arg_uuid(&args, row->has_webhook ? &row->webhook_id : NULL);
	store_arg_bool(&args, row->decoy);
	store_arg_datum(&args, PointerGetDatum(row->payload));
	store_arg_time(&args, row->created_at);
	store_arg_time(&args, row->due_at);
	if (row->expires_at)
		store_arg_time(&args, row->expires_at);
	else
		store_arg_null(&args);
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

/* ---- reading ---- */

static void
outbox_read_row(uint64 i, StoreOutbox *row)
{
	memset(row, 0, sizeof(*row));
	(void) store_get_uuid(i, 1, &row->id);
	row->kind = store_get_text(i, 2);
	row->name = store_get_text(i, 3);
	row->has_user = store_get_uuid(i, 4, &row->user_id);
	row->has_webhook = store_get_uuid(i, 5, &row->webhook_id);
	row->decoy = store_get_bool(i, 6);
	row->payload = store_get_bytes(i, 7);
	row->status = store_get_text(i, 8);
	row->attempts = store_get_int(i, 9);
	row->last_error = store_get_text(i, 10);
	row->created_at = store_get_time(i, 11);
	row->due_at = store_get_time(i, 12);
	row->expires_at = store_is_null(i, 13) ? 0 : store_get_time(i, 13);
}

static int
outbox_read_rows(uint64 n, StoreOutbox **rows)
{
	*rows = SPI_palloc(sizeof(StoreOutbox) * (n + 1));
	for (uint64 i = 0; i < n; i++)
		outbox_read_row(i, &(*rows)[i]);
	return (int) n;
}

bool
store_outbox_get(const pg_uuid_t *id, StoreOutbox *row)
{
	static StorePlan plan = STORE_PLAN("select " OUTBOX_COLUMNS " from fastauth.outbox o where o.id operator(pg_catalog.=) $1", UUIDOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_uuid(&args, id);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
		outbox_read_row(0, row);
	store_close();
	return found;
}

/* ---- claiming ---- */

/*
 * What is under way, of each webhook.  Of the parameters, $1 is now, $2 how many
 * a webhook may have, $3 how many all of them, $4 whether mails are delivered.
 */
#define OUTBOX_BUSY \
	"busy as materialized (select l.webhook_id, pg_catalog.count(*) as n from fastauth.outbox l " \
	"where l.leased_until operator(pg_catalog.>) $1 and l.webhook_id is not null group by l.webhook_id)"

#define OUTBOX_BUSY_ALL	"coalesce((select pg_catalog.sum(b.n) from busy b)::pg_catalog.int8, 0) "

#define OUTBOX_HAS_ROOM \
	"(o.webhook_id is null and $4 or o.webhook_id is not null and " OUTBOX_BUSY_ALL "operator(pg_catalog.<) $3 " \
	"and coalesce((select b.n from busy b where b.webhook_id operator(pg_catalog.=) o.webhook_id), 0) operator(pg_catalog.<) $2) "

static void
outbox_arg_room(StoreArgs *args, const StoreOutboxRoom *room)
{
	store_arg_long(args, room->of_webhook);
	store_arg_long(args, room->of_webhooks);
	store_arg_bool(args, room->mails);
}

/*
 * Of what is locked, what has no room is left, and free again at the commit; the
 * first always has room, so whoever claims until nothing comes gets all that
 * has.
 */
int
store_outbox_claim(const StoreOutboxRoom *room, TimestampTz now, TimestampTz until, int max, StoreOutbox **rows)
{
	static StorePlan plan = STORE_PLAN("with " OUTBOX_BUSY ", "
									   "due as materialized (select o.id, o.webhook_id, o.due_at from fastauth.outbox o where " OUTBOX_PENDING
									   "and o.due_at operator(pg_catalog.<=) $1 and not o.decoy and " OUTBOX_HAS_ROOM "and " OUTBOX_IS_FIRST
									   "order by o.due_at, o.id limit $6 for update of o skip locked), "
									   "placed as (select d.id, d.webhook_id, "
									   "pg_catalog.row_number() over (partition by d.webhook_id order by d.due_at, d.id) operator(pg_catalog.+) "
									   "coalesce((select b.n from busy b where b.webhook_id operator(pg_catalog.=) d.webhook_id), 0) as own, "
									   "pg_catalog.count(d.webhook_id) over (order by d.due_at, d.id) operator(pg_catalog.+) " OUTBOX_BUSY_ALL "as among "
									   "from due d) "
									   "update fastauth.outbox o set attempts = o.attempts operator(pg_catalog.+) 1, leased_until = $5, due_at = $5 "
									   "from placed p left join fastauth.webhooks w on w.id operator(pg_catalog.=) p.webhook_id "
									   "where o.id operator(pg_catalog.=) p.id and (p.webhook_id is null or "
									   "p.own operator(pg_catalog.<=) $2 and p.among operator(pg_catalog.<=) $3) "
									   "returning " OUTBOX_COLUMNS ", w.url, w.secret",
									   TIMESTAMPTZOID, INT8OID, INT8OID, BOOLOID, TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_arg_time(&args, now);
	outbox_arg_room(&args, room);
	store_arg_time(&args, until);
	store_arg_long(&args, max);
	store_open();
	n = outbox_read_rows(store_run(&args, STORE_WRITE, 0), rows);
	for (int i = 0; i < n; i++)
	{
		(*rows)[i].url = store_get_text(i, 14);
		(*rows)[i].secret = store_get_bytes(i, 15);
	}
	store_close();
	return n;
}

/* ---- what becomes of it ---- */

/* The number of rows that a change found. */
static uint64
outbox_change(StoreArgs *args)
{
	uint64		n;

	store_open();
	n = store_run(args, STORE_WRITE, 0);
	store_close();
	return n;
}

bool
store_outbox_sent(const pg_uuid_t *id, TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("update fastauth.outbox o set status = 'sent', payload = null, last_error = null, leased_until = null, "
									   "finished_at = $2 where o.id operator(pg_catalog.=) $1 and o.status operator(pg_catalog.<>) 'sent'",
									   UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_time(&args, now);
	return outbox_change(&args) == 1;
}

bool
store_outbox_later(const pg_uuid_t *id, int attempts, const char *problem, TimestampTz due_at)
{
	static StorePlan plan = STORE_PLAN("update fastauth.outbox o set due_at = $4, leased_until = null, last_error = $3 "
									   "where o.id operator(pg_catalog.=) $1 and o.attempts operator(pg_catalog.=) $2 and " OUTBOX_PENDING,
									   UUIDOID, INT4OID, TEXTOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_int(&args, attempts);
	store_arg_text(&args, problem);
	store_arg_time(&args, due_at);
	return outbox_change(&args) == 1;
}

bool
store_outbox_give_up(const pg_uuid_t *id, int attempts, const char *problem, TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("update fastauth.outbox o set status = 'failed', leased_until = null, last_error = $3, finished_at = $4 "
									   "where o.id operator(pg_catalog.=) $1 and o.attempts operator(pg_catalog.=) $2 and "
									   OUTBOX_PENDING, UUIDOID, INT4OID, TEXTOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_int(&args, attempts);
	store_arg_text(&args, problem);
	store_arg_time(&args, now);
	return outbox_change(&args) == 1;
}

void
store_outbox_release(TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("update fastauth.outbox o set due_at = $1, leased_until = null where " OUTBOX_PENDING
									   "and o.leased_until is not null", TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_time(&args, now);
	(void) outbox_change(&args);
}

bool
store_outbox_retry(const pg_uuid_t *id, TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("update fastauth.outbox o set status = 'pending', attempts = 0, due_at = $2, finished_at = null "
									   "where o.id operator(pg_catalog.=) $1 and o.status operator(pg_catalog.<>) 'sent' and not o.decoy "
									   "and o.leased_until is null and o.payload is not null "
									   "and (o.expires_at is null or o.expires_at operator(pg_catalog.>) $2)",
									   UUIDOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_uuid(&args, id);
	store_arg_time(&args, now);
	return outbox_change(&args) == 1;
}

/* ---- when there is something to do ---- */

/* The time that a statement answers. */
static TimestampTz
outbox_time(StoreArgs *args)
{
	TimestampTz time = DT_NOEND;

	store_open();
	if (store_run(args, STORE_READ, 1) == 1 && !store_is_null(0, 1))
		time = store_get_time(0, 1);
	store_close();
	return time;
}

TimestampTz
store_outbox_next_due(const StoreOutboxRoom *room, TimestampTz now)
{
	static StorePlan plan = STORE_PLAN("with " OUTBOX_BUSY " select o.due_at from fastauth.outbox o where " OUTBOX_PENDING
									   "and not o.decoy and " OUTBOX_HAS_ROOM "and " OUTBOX_IS_FIRST "order by o.due_at limit 1",
									   TIMESTAMPTZOID, INT8OID, INT8OID, BOOLOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_time(&args, now);
	outbox_arg_room(&args, room);
	return outbox_time(&args);
}

TimestampTz
store_outbox_next_decoy(void)
{
	static StorePlan plan = STORE_PLAN0("select o.due_at from fastauth.outbox o where o.decoy order by o.due_at limit 1");
	StoreArgs	args = STORE_ARGS(&plan);

	return outbox_time(&args);
}

TimestampTz
store_outbox_oldest_finished(void)
{
	static StorePlan plan = STORE_PLAN0("select o.finished_at from fastauth.outbox o where o.finished_at is not null "
										"order by o.finished_at limit 1");
	StoreArgs	args = STORE_ARGS(&plan);

	return outbox_time(&args);
}

/* Ids sort by time. */
TimestampTz
store_outbox_oldest_mail(void)
{
	static StorePlan plan = STORE_PLAN0("select o.created_at from fastauth.outbox o where " OUTBOX_PENDING
										"and o.webhook_id is null and not o.decoy order by o.due_at limit 1");
	StoreArgs	args = STORE_ARGS(&plan);

	return outbox_time(&args);
}

/* ---- forgetting ---- */

#define OUTBOX_DROP(WHICH) \
	"delete from fastauth.outbox d where d.id operator(pg_catalog.=) any (array(select o.id from fastauth.outbox o where " WHICH \
	" limit $2 for update skip locked))"

/* The id is in an array that is made once, so the limit holds. */
static int
outbox_drop(StorePlan *plan, TimestampTz before, int max)
{
	StoreArgs	args = STORE_ARGS(plan);

	store_arg_time(&args, before);
	store_arg_long(&args, max);
	return (int) outbox_change(&args);
}

int
store_outbox_drop_decoys(TimestampTz now, int max)
{
	static StorePlan plan = STORE_PLAN(OUTBOX_DROP("o.decoy and o.due_at operator(pg_catalog.<=) $1"), TIMESTAMPTZOID, INT8OID);

	return outbox_drop(&plan, now, max);
}

int
store_outbox_drop_finished(TimestampTz before, int max)
{
	static StorePlan plan = STORE_PLAN(OUTBOX_DROP("o.finished_at operator(pg_catalog.<=) $1"), TIMESTAMPTZOID, INT8OID);

	return outbox_drop(&plan, before, max);
}

int
store_outbox_drop_mails(TimestampTz before, int max)
{
	static StorePlan plan = STORE_PLAN(OUTBOX_DROP(OUTBOX_PENDING "and o.webhook_id is null and o.due_at operator(pg_catalog.<=) $1 "
												   "and o.created_at operator(pg_catalog.<=) $1"), TIMESTAMPTZOID, INT8OID);

	return outbox_drop(&plan, before, max);
}
