/*
 * oauth_guard.h
 *		A sign-in by a provider that fails leaves its trace, though its transaction is rolled back.
 */
#ifndef FASTAUTH_AUTH_OAUTH_GUARD_H
#define FASTAUTH_AUTH_OAUTH_GUARD_H

#include "postgres.h"

#include "shmem/recorder.h"

/*
 * Call work(arg), and have it recorded, durably, if that fails in any way.  The
 * account is what the row of failures stands under; nobody's.
 */
extern void auth_oauth_guard(ShmemRequestKind kind, const pg_uuid_t *account, void (*work) (void *arg), void *arg);

#endif							/* FASTAUTH_AUTH_OAUTH_GUARD_H */
