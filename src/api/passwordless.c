/*
 * passwordless.c
 *		SQL: sign-in by a link or a code that was sent to the mailbox.
 */
#include "auth/passwordless.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/cookie.h"
#include "base/text.h"
#include "store/settings.h"
#include "utils/builtins.h"

/* A code with what people type around it. */
#define PASSWORDLESS_CODE_ARG_MAX 64

/* A challenge, which is secret, as what the function answers: NULL when it goes into a cookie. */
static Datum
passwordless_challenge_datum(FunctionCallInfo fcinfo, char *challenge, int64 ttl)
{
	bool		by_cookie = auth_cookie_delivers();
	text	   *answer = by_cookie ? NULL : cstring_to_text(challenge);

	auth_cookie_no_store();
	if (by_cookie)
		auth_cookie_set(AUTH_COOKIE_CHALLENGE, challenge, ttl / USECS_PER_SEC);
	explicit_bzero(challenge, CR_OPAQUE_TEXT_SIZE);
	fcinfo->isnull = by_cookie;
	return PointerGetDatum(answer);
}

/* The pair that the challenge was good for; its cookie is of no use any more. */
static Datum
passwordless_pair_datum(FunctionCallInfo fcinfo, bool by_cookie, const AuthTokenPair *pair)
{
	if (by_cookie)
		auth_cookie_clear(AUTH_COOKIE_CHALLENGE);
	return api_pair_datum(fcinfo, pair);
}

/* SQL function: fastauth.send_magic_link(email text) */
FASTAUTH_FUNCTION(fastauth_send_magic_link, API_WRITES | API_SECRET)
{
	char		challenge[CR_OPAQUE_TEXT_SIZE];

	auth_magic_link_send(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX), challenge);
	return passwordless_challenge_datum(fcinfo, challenge, store_settings()->magic_link_ttl);
}

/* SQL function: fastauth.signin_with_magic_link(token text, challenge text) */
FASTAUTH_FUNCTION(fastauth_signin_with_magic_link, API_WRITES | API_SECRET)
{
	const char *cookie = PG_ARGISNULL(1) ? auth_cookie_get(AUTH_COOKIE_CHALLENGE) : NULL;
	AuthTokenPair pair;

	auth_magic_link_signin(api_arg_token(fcinfo, 0, "token"),
						   PG_ARGISNULL(1) ? cookie : api_arg_token(fcinfo, 1, "challenge"), &pair);
	return passwordless_pair_datum(fcinfo, cookie != NULL, &pair);
}

/* SQL function: fastauth.send_otp(email text) */
FASTAUTH_FUNCTION(fastauth_send_otp, API_WRITES | API_SECRET)
{
	char		challenge[CR_OPAQUE_TEXT_SIZE];

	auth_otp_send(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX), challenge);
	return passwordless_challenge_datum(fcinfo, challenge, store_settings()->otp_ttl);
}

/* SQL function: fastauth.signin_with_otp(email text, code text, challenge text) */
FASTAUTH_FUNCTION(fastauth_signin_with_otp, API_WRITES | API_SECRET)
{
	bool		by_cookie = api_arg_is_cookie(fcinfo, 2);
	AuthTokenPair pair;

	auth_otp_signin(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX),
					api_arg_text(fcinfo, 1, "code", PASSWORDLESS_CODE_ARG_MAX),
					by_cookie ? auth_cookie_require(AUTH_COOKIE_CHALLENGE) : api_arg_token(fcinfo, 2, "challenge"), &pair);
	return passwordless_pair_datum(fcinfo, by_cookie, &pair);
}
