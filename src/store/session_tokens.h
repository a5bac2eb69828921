/*
 * session_tokens.h
 *		Rows of fastauth.sessions, found by their session token.
 */
#ifndef FASTAUTH_STORE_SESSION_TOKENS_H
#define FASTAUTH_STORE_SESSION_TOKENS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "store/users.h"
#include "utils/inet.h"
#include "utils/uuid.h"

/* A session by its token, and its user as far as claims tell of one. */
typedef struct StoreSessionToken
{
	pg_uuid_t	session_id;
	bool		revoked;
	TimestampTz created_at;
	TimestampTz last_used_at;
	TimestampTz authenticated_at;
	TimestampTz expires_at;
	TimestampTz max_expires_at;
	StoreUser	user;			/* id, e-mail, name, flags and dbrole; nothing else */
} StoreSessionToken;

/* What a use of a session token writes. */
typedef struct StoreSessionUse
{
	pg_uuid_t	session_id;
	TimestampTz now;
	TimestampTz used_before;	/* a session that was used later is left as it is */
	TimestampTz expires_at;		/* cut to the session's max_expires_at */
	const inet *ip_address;		/* NULL keeps what the session has */
	const char *user_agent;
} StoreSessionUse;

/* False when there is no such token. */
extern bool store_session_tokens_look(const void *token_hash, StoreSessionToken *found);

/* The same by the session's id; false when it has no session token. */
extern bool store_session_tokens_get(const pg_uuid_t *session_id, StoreSessionToken *found);

/*
 * Write that a session was used.  Nothing is written or waited for when somebody
 * else is about to do so or has just done it, or when the session is over.
 */
extern void store_session_tokens_extend(const StoreSessionUse *use);

#endif							/* FASTAUTH_STORE_SESSION_TOKENS_H */
