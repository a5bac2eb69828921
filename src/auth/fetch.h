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

/* Wipe this text when the flow ends, whatever way; it is in the context that the fetch was begun in, or one that lives longer. */
extern void auth_fetch_wipe_later(AuthFetch *fetch, char *secret);

/*
 * Ask.  The answer is what came back, whatever its status; its body is in
 * CurrentMemoryContext.  Raises only for interrupts and for want of memory.
 */
extern void auth_fetch(AuthFetch *fetch, const NetRequest *request, NetResult *answer);

#endif							/* FASTAUTH_AUTH_FETCH_H */
