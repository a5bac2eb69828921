/*
 * session_token.h
 *		Session tokens: the opaque tokens of the database strategy.
 */
#ifndef FASTAUTH_AUTH_SESSION_TOKEN_H
#define FASTAUTH_AUTH_SESSION_TOKEN_H

#include "postgres.h"

#include "auth/token.h"
#include "base/errors.h"
#include "store/session_tokens.h"

/* Is it one of a live session, whose user is active?  Writes nothing, and never raises for what the token is. */
extern FaError auth_session_token_look(const char *token, StoreSessionToken *found);

/* The same for a use of the token: its session lives on from now, and access gets the claims. */
extern FaError auth_session_token_check(const char *token, AuthAccess *access);

/* The same for its next use, when the token itself is not at hand: a session whose token was good before. */
extern FaError auth_session_token_check_again(const pg_uuid_t *session_id, const pg_uuid_t *user_id);

/* Called once by _PG_init: uses of sessions are written at commit. */
extern void auth_session_token_init(void);

#endif							/* FASTAUTH_AUTH_SESSION_TOKEN_H */
