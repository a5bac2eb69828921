/*
 * session_end.h
 *		Ending sessions before their time.
 */
#ifndef FASTAUTH_AUTH_SESSION_END_H
#define FASTAUTH_AUTH_SESSION_END_H

#include "postgres.h"

#include "utils/uuid.h"

/* End one session; every session of a user but one (or none), and how many that were.  reason goes into the event of each.  All: a pending change of address ends too. */
extern void auth_session_end(const pg_uuid_t *id, const char *reason);
extern int	auth_session_end_all(const pg_uuid_t *user_id, const pg_uuid_t *except, const char *reason);

/* Every session that began with a provider, the current one too, but with one of these (NULL-terminated).  A pending change of address ends too. */
extern void auth_session_end_but_of(const pg_uuid_t *user_id, char *const *providers, const char *reason);

#endif							/* FASTAUTH_AUTH_SESSION_END_H */
