/*
 * key.c
 *		SQL: signing keys.
 */
#include "auth/key.h"

#include "api/args.h"
#include "api/call.h"
#include "utils/builtins.h"

/* A PEM file or a JWK of the largest RSA key is far smaller. */
#define KEY_ARG_MAX		(32 * 1024)
#define KEY_KID_MAX		256
#define KEY_ISSUER_MAX	1024

/* SQL function: fastauth.rotate_signing_key(algorithm text) */
FASTAUTH_FUNCTION(fastauth_rotate_signing_key, API_WRITES)
{
	return CStringGetTextDatum(auth_key_rotate(api_arg_text_or_null(fcinfo, 0, "algorithm", NAMEDATALEN)));
}

/* SQL function: fastauth.import_signing_key(key text, issuer text) */
FASTAUTH_FUNCTION(fastauth_import_signing_key, API_WRITES | API_SECRET)
{
	char	   *key = api_arg_text(fcinfo, 0, "key", KEY_ARG_MAX);
	char	   *issuer = api_arg_text_or_null(fcinfo, 1, "issuer", KEY_ISSUER_MAX);

	return CStringGetTextDatum(auth_key_import(key, issuer));
}

/* SQL function: fastauth.retire_signing_key(kid text) */
FASTAUTH_FUNCTION(fastauth_retire_signing_key, API_WRITES)
{
	auth_key_retire(api_arg_text(fcinfo, 0, "kid", KEY_KID_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.compromised_signing_key(kid text) */
FASTAUTH_FUNCTION(fastauth_compromised_signing_key, API_WRITES)
{
	auth_key_compromised(api_arg_text(fcinfo, 0, "kid", KEY_KID_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.jwks() */
FASTAUTH_FUNCTION(fastauth_jwks, 0)
{
	(void) fcinfo;
	return JsonbPGetDatum(auth_key_set());
}
