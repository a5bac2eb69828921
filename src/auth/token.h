/*
 * token.h
 *		Access tokens: the JWTs that say who calls.
 */
#ifndef FASTAUTH_AUTH_TOKEN_H
#define FASTAUTH_AUTH_TOKEN_H

#include "postgres.h"

#include "base/errors.h"
#include "datatype/timestamp.h"
#include "store/session_tokens.h"
#include "store/users.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

/* A token of any kind is refused beyond this, before it is looked at. */
#define AUTH_TOKEN_MAX_BYTES	(16 * 1024)
/* Claims that a server adds to a token; the whole token after a hook. */
#define AUTH_CLAIMS_MAX_BYTES	(8 * 1024)

/*
 * What a good access token says, or a session token, which has no jsonb of its
 * claims.  The pointers live until the next check in this backend.
 */
typedef struct AuthAccess
{
	bool		ours;			/* false: of an issuer that we only trust; no user, no session */
	bool		verify_only;	/* signed by a key that we cannot sign with */
	const char *kid;			/* of its key; "" for a session token */
	pg_uuid_t	user_id;
	bool		has_session;
	pg_uuid_t	session_id;
	const char *dbrole;			/* that its user has by now (set_user_dbrole), or NULL */
	int64		issued_at;		/* seconds since 1970 */
	int64		not_before;		/* 0: none */
	int64		expires_at;
	const Jsonb *claims;
	const char *payload;		/* the claims as they were signed */
} AuthAccess;

/*
 * Check a token: signature, times, issuer, audience, type, session and user.
 * Never raises for anything that is in the token.
 */
extern FaError auth_token_check(const char *token, AuthAccess *access);

/*
 * Check a token again that was good before, by its key and its payload: all of
 * the above but the signature.
 */
extern FaError auth_token_check_again(const char *kid, const char *payload, AuthAccess *access);

/*
 * The same for claims of ours whose signature somebody else has checked, so
 * that only that is left out.
 */
extern FaError auth_token_check_claims_alone(const char *payload, AuthAccess *access);

/* What to put into a new token. */
typedef struct AuthTokenRequest
{
	const StoreUser *user;
	const pg_uuid_t *session_id;	/* NULL: none (issue_jwt) */
	TimestampTz authenticated_at;	/* used with a session */
	TimestampTz not_after;		/* with a session: its end, DT_NOEND without */
	int64		ttl;			/* microseconds */
	Jsonb	   *claims;			/* more claims, or NULL */
} AuthTokenRequest;

/* Sign a new access token; expires_in is in seconds. */
extern char *auth_token_issue(const AuthTokenRequest *request, int *expires_in);

/* Claims that decide who a token is for and how long it lives (DESIGN 8): neither a server nor a hook sets them.  NULL ends the list. */
extern const char *const auth_token_protected_claims[];

/*
 * The claims of a session that has no access token: what one would say, but
 * with the session's own times, of type session, and without a jti.  Raises
 * not_configured, as a sign-in does, when its role is not allowed.
 */
extern char *auth_token_session_claims(const StoreSessionToken *session);

/* The role in a user's tokens, NULL for none; raises when it is not allowed. */
extern const char *auth_token_role(const StoreUser *user);

/* The same of the user of a token that was checked: what a new one would say. */
extern const char *auth_token_current_role(const AuthAccess *access);

/* Would it not raise? */
extern bool auth_token_role_is_allowed(const StoreUser *user);

/* Raise invalid_argument when claims holds a member that callers may not set. */
extern void auth_token_check_claims(const Jsonb *claims);

extern bool auth_token_has_claim(const Jsonb *claims, const char *name);

/* The issuer in our tokens, palloc'd; NULL when there is no instance yet. */
extern char *auth_token_issuer(void);

/* A time, and now, as JWTs count it: seconds since 1970. */
extern int64 auth_token_seconds(TimestampTz time);
extern int64 auth_token_now(void);

#endif							/* FASTAUTH_AUTH_TOKEN_H */
