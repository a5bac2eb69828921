/*
 * cleanup.c
 *		Removing what is over: sessions, tokens, values, failures, mails, the private parts of keys.
 *
 * Nothing here decides anything: what is over counts as gone, whether its row is
 * still there or not.  The dispatcher does it in small transactions; and
 * cleanup_expired() all at once, for who wants it gone now, or has no dispatcher.
 *
 * The dispatcher is told when something is over at the commit, not when it is
 * made: it may look in between, and would not see it.
 */
#include "auth/cleanup.h"

#include "access/xact.h"
#include "auth/key.h"
#include "auth/outbox.h"
#include "miscadmin.h"
#include "shmem/database.h"
#include "store/cleanup.h"
#include "store/failures.h"
#include "store/one_time_tokens.h"
#include "store/refresh_tokens.h"
#include "store/session_store.h"
#include "store/sessions.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* Rows removed by one statement, and how often cleanup_expired() repeats them. */
#define CLEANUP_BATCH	1000
#define CLEANUP_ROUNDS	100

/* Sealed successors forgotten at once, in one statement. */
#define CLEANUP_FORGET_MAX	100000

/* How long what no index finds may stay. */
#define CLEANUP_LATEST	USECS_PER_DAY

/* The earliest of this transaction. */
static TimestampTz cleanup_due = DT_NOEND;

/* A prepared one counts as committed: the dispatcher finds nothing then, at worst. */
static void
cleanup_end_of_transaction(XactEvent event, void *arg)
{
	(void) arg;
	if (TIMESTAMP_IS_NOEND(cleanup_due))
		return;
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			shmem_dispatcher_due(cleanup_due);
			break;
		case XACT_EVENT_ABORT:
			break;
		default:
			return;
	}
	cleanup_due = DT_NOEND;
}

void
auth_cleanup_init(void)
{
	RegisterXactCallback(cleanup_end_of_transaction, NULL);
}

void
auth_cleanup_due(TimestampTz at)
{
	cleanup_due = Min(cleanup_due, at);
}

uint64
auth_cleanup_batch(AuthCleanupPart part)
{
	TimestampTz now = GetCurrentTimestamp();

	switch (part)
	{
		case AUTH_CLEANUP_KEYS:
			auth_key_wipe_gone(now);
			return 0;
		case AUTH_CLEANUP_SESSIONS:
			return store_sessions_cleanup(now, CLEANUP_BATCH);
		case AUTH_CLEANUP_FAILURES:
			return store_failures_cleanup(now - store_settings()->failure_retention, CLEANUP_BATCH);
		case AUTH_CLEANUP_SESSION_STORE:
			return store_session_store_cleanup(now, CLEANUP_BATCH);
		case AUTH_CLEANUP_ONE_TIME_TOKENS:
			return store_onetime_cleanup(now, CLEANUP_BATCH);
		case AUTH_CLEANUP_SUCCESSORS:
			store_refresh_tokens_forget(now - store_settings()->refresh_reuse_grace, CLEANUP_FORGET_MAX);
			return 0;
		case AUTH_CLEANUP_PARTS:
			break;
	}
	return 0;
}

/* The dispatcher does that with its deliveries. */
static void
cleanup_outbox(void)
{
	for (int i = 0; i < CLEANUP_ROUNDS && auth_outbox_cleanup(); i++)
		CHECK_FOR_INTERRUPTS();
}

uint64
auth_cleanup_all(void)
{
	uint64		total = 0;

	cleanup_outbox();
	for (AuthCleanupPart part = 0; part < AUTH_CLEANUP_PARTS; part++)
	{
		for (int i = 0; i < CLEANUP_ROUNDS; i++)
		{
			uint64		n = auth_cleanup_batch(part);

			if (n == 0)
				break;
			total += n;
			CHECK_FOR_INTERRUPTS();
		}
	}
	return total;
}

TimestampTz
auth_cleanup_next(void)
{
	return store_cleanup_next(GetCurrentTimestamp() + CLEANUP_LATEST);
}
