/*
 * onetime.c
 *		SQL: TokenAdapter, one-time tokens of the application.
 */
#include "auth/onetime.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/token.h"
#include "auth/user.h"
#include "base/errors.h"
#include "utils/builtins.h"

static char *
onetime_arg_token(FunctionCallInfo fcinfo)
{
	return api_arg_text(fcinfo, 0, "token", AUTH_TOKEN_MAX_BYTES);
}

/* Of the application: fastauth's own types are used by their flows alone. */
static char *
onetime_arg_type(FunctionCallInfo fcinfo)
{
	char	   *type = api_arg_text(fcinfo, 1, "token_type", AUTH_ONETIME_TYPE_MAX);

	auth_onetime_check_type(type);
	if (auth_onetime_is_ours(type))
		base_raise_hint(FA_INVALID_ARGUMENT, "Choose another name.", "token_type is one of fastauth's own");
	return type;
}

/* SQL function: fastauth.create_token(user_id uuid, token_type text, ttl interval, raw_data jsonb) */
FASTAUTH_FUNCTION(fastauth_create_token, API_WRITES | API_SECRET)
{
	pg_uuid_t  *user_id = api_arg_uuid(fcinfo, 0, "user_id");
	char	   *type = onetime_arg_type(fcinfo);
	int64		ttl = api_arg_ttl(fcinfo, 2, "ttl", 0);
	Jsonb	   *raw_data = api_arg_jsonb_or_null(fcinfo, 3, "raw_data", AUTH_METADATA_MAX_BYTES);
	char		token[CR_OPAQUE_TEXT_SIZE];
	Datum		answer;

	if (ttl == 0)
		base_raise(FA_INVALID_ARGUMENT, "argument ttl must not be null");
	auth_onetime_create(user_id, type, ttl, raw_data, token);
	answer = CStringGetTextDatum(token);
	explicit_bzero(token, sizeof(token));
	return answer;
}

/* SQL function: fastauth.get_token(token text, token_type text) */
FASTAUTH_FUNCTION(fastauth_get_token, API_SECRET)
{
	char	   *token = onetime_arg_token(fcinfo);
	StoreOnetimeData data;

	if (!auth_onetime_get(onetime_arg_type(fcinfo), token, &data))
		PG_RETURN_NULL();
	return api_onetime_datum(fcinfo, &data);
}

/* SQL function: fastauth.consume_token(token text, token_type text) */
FASTAUTH_FUNCTION(fastauth_consume_token, API_WRITES | API_SECRET)
{
	char	   *token = onetime_arg_token(fcinfo);
	StoreOnetimeData data;

	if (!auth_onetime_consume(onetime_arg_type(fcinfo), token, &data))
		PG_RETURN_NULL();
	return api_onetime_datum(fcinfo, &data);
}

/* SQL function: fastauth.delete_token(token text) */
FASTAUTH_FUNCTION(fastauth_delete_token, API_WRITES | API_SECRET)
{
	auth_onetime_delete(onetime_arg_token(fcinfo));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.delete_user_tokens(user_id uuid, token_type text) */
FASTAUTH_FUNCTION(fastauth_delete_user_tokens, API_WRITES)
{
	pg_uuid_t  *user_id = api_arg_uuid(fcinfo, 0, "user_id");
	char	   *type = api_arg_text_or_null(fcinfo, 1, "token_type", AUTH_ONETIME_TYPE_MAX);

	if (type)
		auth_onetime_check_type(type);
	PG_RETURN_INT64((int64) auth_onetime_end_named(user_id, type));
}
