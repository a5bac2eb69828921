/*
 * sessions.h
 *		Rows of fastauth.sessions and fastauth.session_revocations.
 */
#ifndef FASTAUTH_STORE_SESSIONS_H
#define FASTAUTH_STORE_SESSIONS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/inet.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/* More sessions than this end the user's oldest (DESIGN 7, limits). */
#define STORE_SESSIONS_PER_USER 50

typedef struct StoreSession
{
	pg_uuid_t	id;
	pg_uuid_t	user_id;
	TimestampTz created_at;
	TimestampTz last_used_at;
	TimestampTz authenticated_at;
	TimestampTz expires_at;
	char	   *provider;		/* or NULL */
	inet	   *ip_address;		/* or NULL */
	char	   *user_agent;		/* or NULL */
	Jsonb	   *data;

	/* Of the database strategy, and for the insert only. */
	const void *token_hash;		/* of its session token, or NULL */
	TimestampTz max_expires_at; /* with a token: its end however much it is used */
} StoreSession;

/* Why a session was ended whose refresh token came again. */
#define STORE_SESSIONS_REPLAYED "refresh token reused"

/* What every check of a session asks, in one statement. */
typedef struct StoreSessionCheck
{
	pg_uuid_t	user_id;
	bool		ended;			/* revoked or expired */
	bool		user_is_active;
	char	   *dbrole;			/* of the user, or NULL */
	TimestampTz authenticated_at;
} StoreSessionCheck;

/* A live session (not expired, not revoked), or false. */
extern bool store_sessions_get(const pg_uuid_t *id, TimestampTz now, StoreSession *session);

/* The live sessions of a user, oldest first. */
extern int	store_sessions_list(const pg_uuid_t *user_id, TimestampTz now, StoreSession **sessions);

/* False when there is no such row. */
extern bool store_sessions_check(const pg_uuid_t *id, TimestampTz now, StoreSessionCheck *check);

/*
 * Insert a session, if its user exists and is active, and hold the user's row
 * until the end of the transaction.  expected_hash, when not NULL, must still be the
 * user's password hash; token_hash, when not NULL, is the session's first refresh token.
 */
extern bool store_sessions_insert(const StoreSession *session, const char *expected_hash,
								  const void *token_hash, TimestampTz token_expires_at);

/* Delete the oldest sessions over the limit.  After the insert: the user's row is locked before any session's. */
extern void store_sessions_cut(const pg_uuid_t *user_id, TimestampTz now);

extern void store_sessions_set_authenticated(const pg_uuid_t *id, TimestampTz now);

/* End one session, if it has not ended; whose it was.  auth_session_end() is the way to call it. */
extern bool store_sessions_revoke(const pg_uuid_t *id, const char *reason, pg_uuid_t *user_id);

/* End every session of a user but one (or none); which, and how many. */
extern int	store_sessions_revoke_all(const pg_uuid_t *user_id, const pg_uuid_t *except, const char *reason,
									  pg_uuid_t **ended);

/* The same of those that began with this provider. */
extern int	store_sessions_revoke_of_provider(const pg_uuid_t *user_id, const char *provider, const char *reason,
											  pg_uuid_t **ended);

/* Delete what has ended or expired, at most max rows of each kind; the number of rows. */
extern uint64 store_sessions_cleanup(TimestampTz now, int max);

#endif							/* FASTAUTH_STORE_SESSIONS_H */
