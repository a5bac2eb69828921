/*
 * introspect.c
 *		What is this token, and is it good? (RFC 7662)
 *
 * The answer for a token that is not good is {"active": false} and nothing
 * else (section 2.2): not even why.  A refresh token is looked at, never spent,
 * and a look at a session token is no use of it.
 */
#include "auth/introspect.h"

#include "auth/session_token.h"
#include "auth/token.h"
#include "base/jsonb.h"
#include "base/uuid.h"
#include "crypto/opaque.h"
#include "lib/stringinfo.h"
#include "store/refresh_tokens.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/timestamp.h"

/* The claims of a good access token, with active and token_type. */
static Jsonb *
introspect_access(const char *token)
{
	AuthAccess	access;
	Jsonb	   *more;

	if (auth_token_check(token, &access) != FA_OK)
		return NULL;
	more = base_jsonb_parse("{\"active\": true, \"token_type\": \"access_token\"}");
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(access.claims), JsonbPGetDatum(more)));
}

/* The claims that we tell of an opaque token. */
static Jsonb *
introspect_opaque(const char *token_type, const StoreUser *user, const pg_uuid_t *session_id, TimestampTz expires_at)
{
	StringInfoData json;
	char		sub[BASE_UUID_TEXT_LEN + 1];
	char		sid[BASE_UUID_TEXT_LEN + 1];

	base_uuid_format(&user->id, sub);
	base_uuid_format(session_id, sid);
	initStringInfo(&json);
	appendStringInfo(&json, "{\"active\": true, \"token_type\": \"%s\", \"sub\": \"%s\", \"sid\": \"%s\", "
					 "\"exp\": " INT64_FORMAT ", \"email\": ", token_type, sub, sid, auth_token_seconds(expires_at));
	escape_json(&json, user->email);
	appendStringInfoChar(&json, '}');
	return base_jsonb_parse(json.data);
}

static Jsonb *
introspect_refresh(const char *token)
{
	CrOpaque	opaque;
	StoreRefreshState state;
	bool		found;

	if (!cr_opaque_parse(CR_REFRESH_PREFIX, token, &opaque))
		return NULL;
	found = store_refresh_tokens_look(opaque.hash, GetCurrentTimestamp(), &state);
	cr_opaque_wipe(&opaque);
	if (!found || state.session_ended || state.expired || !TIMESTAMP_IS_NOBEGIN(state.used_at) ||
		!state.refresh.user.is_active ||
		(store_settings()->require_verified_email && !state.refresh.user.email_verified))
		return NULL;
	return introspect_opaque("refresh_token", &state.refresh.user, &state.refresh.session_id, state.expires_at);
}

static Jsonb *
introspect_session(const char *token)
{
	StoreSessionToken found;

	if (auth_session_token_look(token, &found) != FA_OK)
		return NULL;
	return introspect_opaque("session", &found.user, &found.session_id, found.expires_at);
}

Jsonb *
auth_introspect(const char *token)
{
	Jsonb	   *answer = NULL;

	if (token && cr_opaque_looks_like(CR_REFRESH_PREFIX, token))
		answer = introspect_refresh(token);
	else if (token && cr_opaque_looks_like(CR_SESSION_PREFIX, token))
		answer = introspect_session(token);
	else if (token)
		answer = introspect_access(token);
	return answer ? answer : base_jsonb_parse("{\"active\": false}");
}
