/*
 * oauth.c
 *		SQL: sign-in and linking by identity providers.
 */
#include "auth/oauth.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/cookie.h"
#include "auth/identity.h"
#include "auth/oauth_account.h"
#include "auth/provider_config.h"
#include "auth/token.h"
#include "base/compat.h"
#include "base/url.h"
#include "funcapi.h"
#include "utils/builtins.h"

/* What a provider sends back in a URL. */
#define OAUTH_CODE_MAX	4096
#define OAUTH_STATE_MAX 256

#define OAUTH_BEGIN_COLUMNS		3

/* (url, state, browser_secret); the texts are secret, and the last may go into a cookie instead. */
static Datum
oauth_begin_datum(FunctionCallInfo fcinfo, AuthOauthBegin *begin)
{
	TupleDesc	desc;
	Datum		values[OAUTH_BEGIN_COLUMNS];
	bool		nulls[OAUTH_BEGIN_COLUMNS] = {false};
	bool		by_cookie = auth_cookie_delivers();
	Datum		answer;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != OAUTH_BEGIN_COLUMNS)
		elog(ERROR, "function returns another row type than its library expects");
	values[0] = CStringGetTextDatum(begin->url);
	values[1] = CStringGetTextDatum(begin->texts.state);
	values[2] = by_cookie ? (Datum) 0 : CStringGetTextDatum(begin->texts.browser_secret);
	nulls[2] = by_cookie;
	auth_cookie_no_store();
	if (by_cookie)
		auth_cookie_set(AUTH_COOKIE_OAUTH, begin->texts.browser_secret, AUTH_OAUTH_STATE_MINUTES * SECS_PER_MINUTE);
	answer = HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
	explicit_bzero(begin->texts.state, sizeof(begin->texts.state));
	explicit_bzero(begin->texts.browser_secret, sizeof(begin->texts.browser_secret));
	return answer;
}

static void
oauth_begin(FunctionCallInfo fcinfo, AuthOauthFlow flow, AuthOauthBegin *begin)
{
	auth_oauth_begin(api_arg_text(fcinfo, 0, "provider", AUTH_PROVIDER_NAME_MAX),
					 api_arg_text(fcinfo, 1, "redirect_uri", BASE_URL_MAX), flow, begin);
}

/* SQL function: fastauth.oauth_authorize_url(provider text, redirect_uri text) */
FASTAUTH_FUNCTION(fastauth_oauth_authorize_url, API_WRITES | API_SECRET)
{
	AuthOauthBegin begin;

	oauth_begin(fcinfo, AUTH_OAUTH_SIGNIN, &begin);
	return oauth_begin_datum(fcinfo, &begin);
}

/* SQL function: fastauth.oauth_link_url(provider text, redirect_uri text) */
FASTAUTH_FUNCTION(fastauth_oauth_link_url, API_WRITES | API_SECRET)
{
	AuthOauthBegin begin;

	oauth_begin(fcinfo, AUTH_OAUTH_LINK, &begin);
	return oauth_begin_datum(fcinfo, &begin);
}

static AuthOauthAnswer
oauth_arg_answer(FunctionCallInfo fcinfo)
{
	AuthOauthAnswer answer = {
		.provider = api_arg_text(fcinfo, 0, "provider", AUTH_PROVIDER_NAME_MAX),
		.code = api_arg_text(fcinfo, 1, "code", OAUTH_CODE_MAX),
		.state = api_arg_text(fcinfo, 2, "state", OAUTH_STATE_MAX),
		.browser_secret = api_arg_is_cookie(fcinfo, 3) ? auth_cookie_require(AUTH_COOKIE_OAUTH)
		: api_arg_text(fcinfo, 3, "browser_secret", OAUTH_STATE_MAX),
		.iss = api_arg_text_or_null(fcinfo, 4, "iss", BASE_URL_MAX)
	};

	return answer;
}

/* The flow is over. */
static void
oauth_forget_cookie(FunctionCallInfo fcinfo)
{
	if (api_arg_is_cookie(fcinfo, 3))
		auth_cookie_clear(AUTH_COOKIE_OAUTH);
}

/* SQL function: fastauth.oauth_callback(provider text, code text, state text, browser_secret text, iss text) */
FASTAUTH_FUNCTION(fastauth_oauth_callback, API_WRITES | API_SECRET)
{
	AuthOauthAnswer answer = oauth_arg_answer(fcinfo);
	AuthTokenPair pair;

	auth_oauth_callback(&answer, &pair);
	oauth_forget_cookie(fcinfo);
	return api_pair_datum(fcinfo, &pair);
}

/* SQL function: fastauth.link_oauth_account(provider text, code text, state text, browser_secret text, iss text) */
FASTAUTH_FUNCTION(fastauth_link_oauth_account, API_WRITES | API_SECRET)
{
	AuthOauthAnswer answer = oauth_arg_answer(fcinfo);

	auth_oauth_link_callback(&answer);
	oauth_forget_cookie(fcinfo);
	PG_RETURN_VOID();
}

/* SQL function: fastauth.oauth_error(provider text, state text, error text) */
FASTAUTH_FUNCTION(fastauth_oauth_error, API_WRITES | API_SECRET)
{
	(void) api_arg_text(fcinfo, 2, "error", OAUTH_CODE_MAX);
	auth_oauth_error(api_arg_text(fcinfo, 0, "provider", AUTH_PROVIDER_NAME_MAX),
					 api_arg_text(fcinfo, 1, "state", OAUTH_STATE_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.signin_with_id_token(provider text, id_token text, nonce text) */
FASTAUTH_FUNCTION(fastauth_signin_with_id_token, API_WRITES | API_SECRET)
{
	AuthTokenPair pair;

	auth_oauth_id_token(api_arg_text(fcinfo, 0, "provider", AUTH_PROVIDER_NAME_MAX),
						api_arg_token(fcinfo, 1, "id_token"),
						api_arg_text(fcinfo, 2, "nonce", OAUTH_STATE_MAX), &pair);
	return api_pair_datum(fcinfo, &pair);
}

/* SQL function: fastauth.unlink_oauth_account(provider text) */
FASTAUTH_FUNCTION(fastauth_unlink_oauth_account, API_WRITES)
{
	pg_uuid_t	user_id = auth_identity_require_recent()->user_id;

	auth_oauth_unlink(&user_id, api_arg_text(fcinfo, 0, "provider", AUTH_PROVIDER_NAME_MAX));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.provider_access_token(provider text) */
FASTAUTH_FUNCTION(fastauth_provider_access_token, API_WRITES | API_SECRET)
{
	char	   *token = auth_oauth_provider_token(api_arg_text(fcinfo, 0, "provider", AUTH_PROVIDER_NAME_MAX));
	text	   *answer = cstring_to_text(token);

	explicit_bzero(token, strlen(token));
	return PointerGetDatum(answer);
}

/* SQL function: fastauth.configure_oauth_provider(name text, client_id text, client_secret text, preset text, issuer text, ...) */
FASTAUTH_FUNCTION(fastauth_configure_oauth_provider, API_WRITES | API_SECRET)
{
	StoreOauthProvider wanted = {
		.name = api_arg_text(fcinfo, 0, "name", AUTH_PROVIDER_NAME_MAX),
		.client_id = api_arg_text(fcinfo, 1, "client_id", AUTH_PROVIDER_TEXT_MAX),
		.preset = api_arg_text_or_null(fcinfo, 3, "preset", AUTH_PROVIDER_NAME_MAX),
		.issuer = api_arg_text_or_null(fcinfo, 4, "issuer", AUTH_PROVIDER_TEXT_MAX),
		.scopes = api_arg_texts_or_null(fcinfo, 5, "scopes", AUTH_PROVIDER_LIST_MAX, BASE_URL_MAX),
		.client_auth = api_arg_text_or_null(fcinfo, 6, "client_auth", AUTH_PROVIDER_NAME_MAX),
		.authorization_endpoint = api_arg_text_or_null(fcinfo, 7, "authorization_endpoint", AUTH_PROVIDER_TEXT_MAX),
		.token_endpoint = api_arg_text_or_null(fcinfo, 8, "token_endpoint", AUTH_PROVIDER_TEXT_MAX),
		.userinfo_endpoint = api_arg_text_or_null(fcinfo, 9, "userinfo_endpoint", AUTH_PROVIDER_TEXT_MAX),
		.jwks_uri = api_arg_text_or_null(fcinfo, 10, "jwks_uri", AUTH_PROVIDER_TEXT_MAX),
		.trust_email = api_arg_bool(fcinfo, 11, "trust_email"),
		.trust_domains = api_arg_texts_or_null(fcinfo, 12, "trust_domains", AUTH_PROVIDER_LIST_MAX, 255),
		.id_token_audiences = api_arg_texts_or_null(fcinfo, 13, "id_token_audiences", AUTH_PROVIDER_LIST_MAX, 255),
		.tenants = api_arg_texts_or_null(fcinfo, 14, "tenants", AUTH_PROVIDER_LIST_MAX, 255),
		.options = api_arg_jsonb(fcinfo, 15, "options", AUTH_PROVIDER_OPTIONS_MAX),
		.enabled = api_arg_bool(fcinfo, 16, "enabled")
	};

	auth_provider_configure(&wanted, api_arg_text_or_null(fcinfo, 2, "client_secret", AUTH_TOKEN_MAX_BYTES));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.remove_oauth_provider(name text) */
FASTAUTH_FUNCTION(fastauth_remove_oauth_provider, API_WRITES)
{
	PG_RETURN_BOOL(auth_provider_remove(api_arg_text(fcinfo, 0, "name", AUTH_PROVIDER_NAME_MAX)));
}
