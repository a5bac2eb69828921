/*
 * passwordless.c
 *		SQL: sign-in by a link or a code that was sent to the mailbox.
 */
#include "auth/passwordless.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "base/text.h"
#include "utils/builtins.h"

/* A code with what people type around it. */
#define PASSWORDLESS_CODE_ARG_MAX 64

/* A challenge, which is secret, as what the function answers. */
static Datum
passwordless_challenge_datum(char *challenge)
{
	text	   *answer = cstring_to_text(challenge);

	explicit_bzero(challenge, CR_OPAQUE_TEXT_SIZE);
	return PointerGetDatum(answer);
}

/* SQL function: fastauth.send_magic_link(email text) */
FASTAUTH_FUNCTION(fastauth_send_magic_link, API_WRITES | API_SECRET)
{
	char		challenge[CR_OPAQUE_TEXT_SIZE];

	auth_magic_link_send(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX), challenge);
	return passwordless_challenge_datum(challenge);
}

/* SQL function: fastauth.signin_with_magic_link(token text, challenge text) */
FASTAUTH_FUNCTION(fastauth_signin_with_magic_link, API_WRITES | API_SECRET)
{
	AuthTokenPair pair;

	auth_magic_link_signin(api_arg_token(fcinfo, 0, "token"),
						   PG_ARGISNULL(1) ? NULL : api_arg_token(fcinfo, 1, "challenge"), &pair);
	return api_pair_datum(fcinfo, &pair);
}

/* SQL function: fastauth.send_otp(email text) */
FASTAUTH_FUNCTION(fastauth_send_otp, API_WRITES | API_SECRET)
{
	char		challenge[CR_OPAQUE_TEXT_SIZE];

	auth_otp_send(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX), challenge);
	return passwordless_challenge_datum(challenge);
}

/* SQL function: fastauth.signin_with_otp(email text, code text, challenge text) */
FASTAUTH_FUNCTION(fastauth_signin_with_otp, API_WRITES | API_SECRET)
{
	AuthTokenPair pair;

	auth_otp_signin(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX),
					api_arg_text(fcinfo, 1, "code", PASSWORDLESS_CODE_ARG_MAX),
					api_arg_token(fcinfo, 2, "challenge"), &pair);
	return api_pair_datum(fcinfo, &pair);
}
