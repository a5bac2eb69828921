/*
 * cookie.h
 *		Cookies: how secrets reach a browser, and come back, where token_delivery is cookie.
 */
#ifndef FASTAUTH_AUTH_COOKIE_H
#define FASTAUTH_AUTH_COOKIE_H

#include "postgres.h"

#include "auth/session.h"

typedef enum AuthCookie
{
	AUTH_COOKIE_ACCESS,			/* an access token, or a session token */
	AUTH_COOKIE_REFRESH,
	AUTH_COOKIE_CSRF,			/* scripts read it, to send it back in a header */
	AUTH_COOKIE_OAUTH,			/* the browser_secret of an OAuth flow */
	AUTH_COOKIE_CHALLENGE,		/* of a magic link or code */
	AUTH_COOKIES
} AuthCookie;

/* What the request brought; NULL when there is none, or the request has no cookies that count. */
extern const char *auth_cookie_get(AuthCookie which);

/* The same, of something that this browser should have begun; invalid_token when there is none. */
extern const char *auth_cookie_require(AuthCookie which);

/*
 * Do secrets go into cookies, so that the answer must not hold them?  Raises
 * not_configured where they should and cannot, as pre_request() did not run.
 */
extern bool auth_cookie_delivers(void);

/* Only where auth_cookie_delivers().  max_age is in seconds. */
extern void auth_cookie_set(AuthCookie which, const char *value, int64 max_age);

/* Remove it from the browser; nothing happens where cookies do not count. */
extern void auth_cookie_clear(AuthCookie which);

/* Remove those of a session. */
extern void auth_cookie_clear_session(void);

/* Set the cookies of a new pair, with the CSRF token of its session.  False: the answer is to hold it. */
extern bool auth_cookie_deliver_pair(const AuthTokenPair *pair);

/* The answer holds a secret: nobody on the way keeps a copy. */
extern void auth_cookie_no_store(void);

#endif							/* FASTAUTH_AUTH_COOKIE_H */
