/*
 * session.h
 *		Sessions: how they begin, go on and end.
 */
#ifndef FASTAUTH_AUTH_SESSION_H
#define FASTAUTH_AUTH_SESSION_H

#include "postgres.h"

#include "crypto/opaque.h"
#include "store/sessions.h"
#include "store/users.h"

/* What a sign-in answers; access_token NULL: nothing (a sign-up that waits for the e-mail to be verified). */
typedef struct AuthTokenPair
{
	const char *token_type;		/* bearer, or session: access_token is a session token */
	char	   *access_token;
	char		refresh_token[CR_OPAQUE_TEXT_SIZE]; /* "": none */
	int			expires_in;		/* seconds, of the access token */
	int64		lifetime;		/* seconds, until no token of the pair can be good any more */
	pg_uuid_t	session_id;
} AuthTokenPair;

typedef struct AuthSessionRequest
{
	const StoreUser *user;
	const char *provider;
	bool		remember;
	const char *expected_hash;	/* the password hash that was verified, or NULL */
	bool		first_proof;	/* the address was not verified before: nobody is to be told of a new device */
} AuthSessionRequest;

/*
 * Begin a session and issue its tokens.  False when the user was deactivated,
 * or the password changed, since it was looked at.
 */
extern bool auth_session_begin(const AuthSessionRequest *request, AuthTokenPair *pair);

/*
 * Spend a refresh token, NULL for the one in the request's cookie; raises what
 * is wrong with it.
 */
extern void auth_session_refresh(const char *refresh_token, AuthTokenPair *pair);

/*
 * The live session of the request's refresh cookie, and whether the token in it was
 * used before or has expired; false when there is none.
 * Before it is changed, auth_csrf_check_request() has to be asked.
 */
extern bool auth_session_of_cookie(pg_uuid_t *session_id, pg_uuid_t *user_id, bool *is_spent);

/* A session without tokens, for a server that keeps its own (SessionAdapter).  ttl in microseconds. */
extern void auth_session_create(StoreSession *session, int64 ttl);

#endif							/* FASTAUTH_AUTH_SESSION_H */
