/*
 * rate.h
 *		Rate limits: how often a function may be called (S42, S53).
 */
#ifndef FASTAUTH_AUTH_RATE_H
#define FASTAUTH_AUTH_RATE_H

#include "postgres.h"

#include "shmem/rate.h"
#include "utils/uuid.h"

/*
 * Count a call of this kind: for the address of the client, for the account of
 * this e-mail as the caller wrote it (NULL: not known yet), and, but for
 * sign-ups, for all together; or raise rate_limited.  The first thing that a function does, so
 * that a refused call costs nothing and tells nothing.
 */
extern void auth_rate_check(ShmemRateKind kind, const char *email);

/* The same for all together alone: of a sign-up that has passed what costs nothing to check. */
extern void auth_rate_check_total(ShmemRateKind kind);

/* The same for the account alone, where only the work tells whose it is. */
extern void auth_rate_check_user(ShmemRateKind kind, const pg_uuid_t *user_id);

/*
 * May a mail of this kind go to this mailbox (of base_email_normalize()), for
 * who asks?  Counts it, and never raises rate_limited: over the limit the
 * answer to the caller is the same, and nothing is sent (S42).
 */
extern bool auth_rate_mail(ShmemRateKind kind, const char *mailbox);

#endif							/* FASTAUTH_AUTH_RATE_H */
