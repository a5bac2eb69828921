/*
 * signin.c
 *		SQL: sign-up, sign-in, refresh.
 */
#include "auth/signin.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/password.h"
#include "auth/user.h"
#include "base/text.h"

/* SQL function: fastauth.signup(email text, password text, name text, image text, metadata jsonb) */
FASTAUTH_FUNCTION(fastauth_signup, API_WRITES | API_SECRET)
{
	AuthTokenPair pair;
	AuthSignup	signup = {
		.email = api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX),
		.password = api_arg_text(fcinfo, 1, "password", AUTH_PASSWORD_ARG_MAX),
		.name = api_arg_text_or_null(fcinfo, 2, "name", BASE_NAME_MAX),
		.image = api_arg_text_or_null(fcinfo, 3, "image", BASE_IMAGE_MAX),
		.metadata = api_arg_jsonb_or_null(fcinfo, 4, "metadata", AUTH_METADATA_MAX_BYTES)
	};

	auth_signup(&signup, &pair);
	return api_pair_datum(fcinfo, &pair);
}

/* SQL function: fastauth.signin(email text, password text, remember boolean) */
FASTAUTH_FUNCTION(fastauth_signin, API_WRITES | API_SECRET)
{
	AuthTokenPair pair;

	auth_signin(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX),
				api_arg_text(fcinfo, 1, "password", AUTH_PASSWORD_ARG_MAX),
				api_arg_bool(fcinfo, 2, "remember"), &pair);
	return api_pair_datum(fcinfo, &pair);
}

/* SQL function: fastauth.refresh(refresh_token text) */
FASTAUTH_FUNCTION(fastauth_refresh, API_WRITES | API_SECRET)
{
	AuthTokenPair pair;

	auth_session_refresh(api_arg_is_cookie(fcinfo, 0) ? NULL : api_arg_token(fcinfo, 0, "refresh_token"), &pair);
	return api_pair_datum(fcinfo, &pair);
}
