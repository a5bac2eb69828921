/*
 * fetch.h
 *		What a function asks of an identity provider, over the network, waited for.
 *
 * A cancel or statement_timeout ends it at once.  No row may be locked by us
 * while it waits.  The requests of one flow share a deadline, and connections.
 */
#ifndef FASTAUTH_AUTH_FETCH_H
#define FASTAUTH_AUTH_FETCH_H

#include "postgres.h"

#include "net/net.h"

#define AUTH_FETCH_MAX_ANSWER	(1024 * 1024)
#define AUTH_FETCH_SECONDS		10

typedef struct AuthFetch AuthFetch;

/* Of a flow that begins now; in CurrentMemoryContext, whose reset closes everything. */
extern AuthFetch *auth_fetch_begin(void);
extern void auth_fetch_end(AuthFetch *fetch);

/*
 * Wipe what a flow sends or is sent when CurrentMemoryContext is reset, which is
 * soon after the call, whatever way it ends.  It was palloc'd there, and is not
 * to be freed or moved.
 */
extern void auth_wipe_later(void *data, size_t len);

/*
 * Ask.  The answer is what came back, whatever its status; its body is in
 * CurrentMemoryContext.  Raises only for interrupts and for want of memory.
 */
extern void auth_fetch(AuthFetch *fetch, const NetRequest *request, NetResult *answer);

#endif							/* FASTAUTH_AUTH_FETCH_H */
