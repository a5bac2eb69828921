/*
 * cleanup.c
 *		When something of ours is over next.
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
