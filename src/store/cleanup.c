/*
 * cleanup.c
 *		When something of ours is over next, and the removal of one-time tokens that are.
 *
 * The earliest time of a table with a btree index on it is one look.  Refresh
 * tokens and failures have a block range index only, which is all that their
 * removal needs and costs the hot path nothing; revocations have other reasons
 * to go.  So as long as there are any, somebody has to look now and then.  The
 * outbox knows its own times (auth/delivery.c).
 */
#include "store/cleanup.h"

#include "store/spi.h"

/* The earliest time in an indexed column. */
#define CLEANUP_EARLIEST(COLUMN, TABLE, WHERE) \
	"(select t." COLUMN " from fastauth." TABLE " t where " WHERE " order by t." COLUMN " limit 1)"
#define CLEANUP_ANY(TABLE) \
	"exists (select from fastauth." TABLE ")"

uint64
store_cleanup_one_time_tokens(TimestampTz now, int max)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.one_time_tokens where id operator(pg_catalog.=) any (array("
									   "select t.id from fastauth.one_time_tokens t where t.expires_at operator(pg_catalog.<=) $1 "
									   "order by t.expires_at limit $2 for update skip locked))", TIMESTAMPTZOID, INT8OID);
	StoreArgs	args = STORE_ARGS(&plan);
	uint64		n;

	store_arg_time(&args, now);
	store_arg_long(&args, max);
	store_open();
	n = store_run(&args, STORE_WRITE, 0);
	store_close();
	return n;
}

TimestampTz
store_cleanup_next(TimestampTz latest)
{
	static StorePlan plan = STORE_PLAN("select least("
									   CLEANUP_EARLIEST("expires_at", "sessions", "true") ", "
									   CLEANUP_EARLIEST("expires_at", "session_store", "true") ", "
									   CLEANUP_EARLIEST("expires_at", "one_time_tokens", "true") ", "
									   CLEANUP_EARLIEST("verifies_until", "signing_keys", "t.private_key is not null") ", "
									   "case when " CLEANUP_ANY("refresh_tokens") " or " CLEANUP_ANY("failures") " or "
									   CLEANUP_ANY("session_revocations") " then $1 end)",
									   TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);
	TimestampTz next;

	store_arg_time(&args, latest);
	store_open();
	(void) store_run(&args, STORE_READ, 1);
	next = store_is_null(0, 1) ? DT_NOEND : store_get_time(0, 1);
	store_close();
	return next;
}
