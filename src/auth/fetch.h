/*
 * fetch.h
 *		One request over the network, waited for: what a function asks of an identity provider.
 *
 * A cancel or statement_timeout ends it at once.  No row may be locked by us
 * while it waits.  A flow of several requests shares one deadline (10 s in all).
 */
#ifndef FASTAUTH_AUTH_FETCH_H
#define FASTAUTH_AUTH_FETCH_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "net/net.h"

#define AUTH_FETCH_MAX_ANSWER	(1024 * 1024)
#define AUTH_FETCH_SECONDS		10

/* Of a flow that begins now. */
extern TimestampTz auth_fetch_deadline(void);

/*
 * Ask.  The answer is what came back, whatever its status; its body is in
 * CurrentMemoryContext.  Raises only for interrupts and for want of memory.
 */
extern void auth_fetch(const NetRequest *request, TimestampTz deadline, NetResult *answer);

#endif							/* FASTAUTH_AUTH_FETCH_H */
