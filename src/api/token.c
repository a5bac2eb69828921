/*
 * token.c
 *		SQL: access tokens.
 */
#include "auth/token.h"

#include "access/detoast.h"
#include "api/args.h"
#include "api/call.h"
#include "auth/introspect.h"
#include "auth/user.h"
#include "base/errors.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* SQL function: fastauth.verify_token(token text) */
FASTAUTH_FUNCTION(fastauth_verify_token, API_SECRET)
{
	AuthAccess	access;
	FaError		error = auth_token_check(api_arg_token(fcinfo, 0, "token"), &access);

	if (error != FA_OK)
		base_raise(error, NULL);
	return PointerGetDatum(memcpy(palloc(VARSIZE(access.claims)), access.claims, VARSIZE(access.claims)));
}

/* SQL function: fastauth.issue_jwt(user_id uuid, claims jsonb, ttl interval) */
FASTAUTH_FUNCTION(fastauth_issue_jwt, API_WRITES | API_SECRET)
{
	StoreUser	user;
	AuthTokenRequest request = {.user = &user, .not_after = DT_NOEND};
	int			expires_in;

	request.claims = api_arg_jsonb(fcinfo, 1, "claims", AUTH_CLAIMS_MAX_BYTES);
	request.ttl = api_arg_ttl(fcinfo, 2, "ttl", store_settings()->access_token_ttl);
	auth_token_check_claims(request.claims);
	auth_user_need(api_arg_uuid(fcinfo, 0, "user_id"), &user);
	if (!user.is_active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	return CStringGetTextDatum(auth_token_issue(&request, &expires_in));
}

/* SQL function: fastauth.introspect(token text) */
FASTAUTH_FUNCTION(fastauth_introspect, API_SECRET)
{
	char	   *token = NULL;

	/* RFC 7662 section 2.2: what is no token is not active, and that is no error. */
	if (!PG_ARGISNULL(0) && toast_raw_datum_size(PG_GETARG_DATUM(0)) - VARHDRSZ <= AUTH_TOKEN_MAX_BYTES)
		token = api_arg_token(fcinfo, 0, "token");
	return JsonbPGetDatum(auth_introspect(token));
}
