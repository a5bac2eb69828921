/*
 * refresh_tokens.h
 *		Rows of fastauth.refresh_tokens: the rotation of a chain.
 */
#ifndef FASTAUTH_STORE_REFRESH_TOKENS_H
#define FASTAUTH_STORE_REFRESH_TOKENS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "store/users.h"
#include "utils/inet.h"
#include "utils/uuid.h"

#define STORE_TOKEN_HASH_LEN 32

/* The session that a refresh goes on with, and its user. */
typedef struct StoreRefresh
{
	pg_uuid_t	session_id;
	TimestampTz session_expires_at;
	TimestampTz authenticated_at;
	char	   *provider;		/* how the session began */
	StoreUser	user;
} StoreRefresh;

/* Why a token was not rotated. */
typedef struct StoreRefreshState
{
	bool		session_ended;
	bool		expired;
	TimestampTz expires_at;
	TimestampTz used_at;		/* DT_NOBEGIN: not used */
	bytea	   *sealed_successor;	/* or NULL */
	StoreRefresh refresh;
} StoreRefreshState;

/* What the caller brings to a rotation. */
typedef struct StoreRotation
{
	const void *token_hash;
	const void *successor_hash;
	const bytea *sealed_successor;
	TimestampTz now;
	TimestampTz successor_expires_at;	/* cut to the session's end */
	bool		require_verified_email;
	const inet *ip_address;		/* NULL keeps what the session has */
	const char *user_agent;
} StoreRotation;

/* Spend the token and insert its successor, in one statement; false when it cannot be spent. */
extern bool store_refresh_tokens_rotate(const StoreRotation *rotation, StoreRefresh *refresh);

/* Look at a token; false when there is none. */
extern bool store_refresh_tokens_look(const void *token_hash, TimestampTz now, StoreRefreshState *state);

/* Forget the sealed successors of at most max tokens that were used before that time. */
extern void store_refresh_tokens_forget(TimestampTz used_before, int max);

#endif							/* FASTAUTH_STORE_REFRESH_TOKENS_H */
