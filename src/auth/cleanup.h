/*
 * cleanup.h
 *		Removing what is over: sessions, tokens, values, failures, mails, the private parts of keys.
 */
#ifndef FASTAUTH_AUTH_CLEANUP_H
#define FASTAUTH_AUTH_CLEANUP_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* In the order in which they are removed. */
typedef enum AuthCleanupPart
{
	AUTH_CLEANUP_KEYS,
	AUTH_CLEANUP_SESSIONS,		/* with revocations and refresh tokens */
	AUTH_CLEANUP_FAILURES,
	AUTH_CLEANUP_SESSION_STORE,
	AUTH_CLEANUP_ONE_TIME_TOKENS,
	AUTH_CLEANUP_SUCCESSORS,	/* last, as a refresh may have to wait for these rows */
	AUTH_CLEANUP_PARTS
} AuthCleanupPart;

/* Called once by _PG_init. */
extern void auth_cleanup_init(void);

/* Something that is made in this transaction is over then; when it has committed, the dispatcher is told. */
extern void auth_cleanup_due(TimestampTz at);

/* Remove a batch; how many rows went.  Zero: nothing is left of this part. */
extern uint64 auth_cleanup_batch(AuthCleanupPart part);

/* Remove everything, for cleanup_expired(); how many rows went. */
extern uint64 auth_cleanup_all(void);

/* When there is something to remove next; DT_NOEND: never. */
extern TimestampTz auth_cleanup_next(void);

#endif							/* FASTAUTH_AUTH_CLEANUP_H */
