/*
 * hook_payload.c
 *		What hooks are told, and what they may change of it.
 *
 * A user never has its password hash here.  Times are written in UTC, whatever
 * the caller's TimeZone is.
 *
 * The claims of a token that say who it is for, where it is good and how long,
 * are ours: a hook that could change the role or add one would hand out its
 * powers, and one that prolonged a token would undo revocation.
 */
#include "auth/hook_payload.h"

#include "auth/token.h"
#include "auth/user.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/jsonb.h"
#include "base/settings.h"
#include "base/text.h"
#include "base/uuid.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* ---- writing ---- */

static void
payload_push(JsonbParseState **state, const char *name, JsonbValue *value)
{
	JsonbValue	key = {.type = jbvString};

	key.val.string.val = unconstify(char *, name);
	key.val.string.len = (int) strlen(name);
	(void) pushJsonbValue(state, WJB_KEY, &key);
	(void) pushJsonbValue(state, WJB_VALUE, value);
}

static void
payload_text(JsonbParseState **state, const char *name, const char *text)
{
	JsonbValue	value = {.type = jbvNull};

	if (text)
	{
		value.type = jbvString;
		value.val.string.val = unconstify(char *, text);
		value.val.string.len = (int) strlen(text);
	}
	payload_push(state, name, &value);
}

static void
payload_uuid(JsonbParseState **state, const char *name, const pg_uuid_t *id)
{
	char	   *text = palloc(BASE_UUID_TEXT_LEN + 1);

	base_uuid_format(id, text);
	payload_text(state, name, text);
}

static void
payload_bool(JsonbParseState **state, const char *name, bool boolean)
{
	JsonbValue	value = {.type = jbvBool};

	value.val.boolean = boolean;
	payload_push(state, name, &value);
}

static void
payload_time(JsonbParseState **state, const char *name, TimestampTz time)
{
	char	   *text = palloc(MAXDATELEN + 1);
	int			utc = 0;

	(void) JsonEncodeDateTime(text, TimestampTzGetDatum(time), TIMESTAMPTZOID, &utc);
	payload_text(state, name, text);
}

static void
payload_object(JsonbParseState **state, const char *name, Jsonb *object)
{
	JsonbValue	value;

	JsonbToJsonbValue(object, &value);
	payload_push(state, name, &value);
}

Jsonb *
auth_hook_user(const StoreUser *user)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	payload_uuid(&state, "id", &user->id);
	payload_text(&state, "email", user->email);
	payload_text(&state, "name", user->name);
	payload_text(&state, "image", user->image);
	payload_bool(&state, "email_verified", user->email_verified);
	payload_bool(&state, "is_active", user->is_active);
	payload_object(&state, "metadata", user->metadata);
	payload_object(&state, "app_metadata", user->app_metadata);
	payload_time(&state, "created_at", user->created_at);
	payload_time(&state, "updated_at", user->updated_at);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static const char *
payload_inet_text(const inet *address)
{
	return address ? DatumGetCString(DirectFunctionCall1(inet_out, InetPGetDatum(address))) : NULL;
}

Jsonb *
auth_hook_session(const StoreSession *session)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	payload_uuid(&state, "id", &session->id);
	payload_uuid(&state, "user_id", &session->user_id);
	payload_time(&state, "created_at", session->created_at);
	payload_time(&state, "last_used_at", session->last_used_at);
	payload_time(&state, "expires_at", session->expires_at);
	payload_text(&state, "ip_address", payload_inet_text(session->ip_address));
	payload_text(&state, "user_agent", session->user_agent);
	payload_text(&state, "provider", session->provider);
	payload_object(&state, "data", session->data);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* ---- comparing ---- */

static JsonbValue *
payload_find(const Jsonb *object, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer((JsonbContainer *) &object->root, name, (int) strlen(name), value);
}

/* The value as JSON, so that 1 and 1.0 are two; NULL for none. */
static char *
payload_value_text(const Jsonb *object, const char *name)
{
	JsonbValue	value;
	Jsonb	   *alone;

	if (payload_find(object, name, &value) == NULL)
		return NULL;
	alone = JsonbValueToJsonb(&value);
	return JsonbToCString(NULL, &alone->root, VARSIZE(alone));
}

static bool
payload_same(const Jsonb *before, const Jsonb *after, const char *name)
{
	char	   *a = payload_value_text(before, name);
	char	   *b = payload_value_text(after, name);

	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
payload_refuse(const StoreHook *hook, const char *what, const char *name)
{
	base_raise(FA_NOT_CONFIGURED, "hook %s of %s %s%s", base_setting_ascii(store_hook_text(hook)), hook->event, what, name);
}

/* ---- tokens ---- */

Jsonb *
auth_hook_claims(const char *json)
{
	return base_jsonb_parse(json);
}

void
auth_hook_check_claims(const StoreHook *hook, const Jsonb *before, const Jsonb *after)
{
	for (const char *const *name = auth_token_protected_claims; *name; name++)
		if (!payload_same(before, after, *name))
			payload_refuse(hook, "may not change the claim ", *name);
}

/*
 * The binary form is looked at first, because it bounds the work of the text:
 * a member of one letter and one digit is 6 bytes of text, and at most 32 here.
 */
const char *
auth_hook_claims_text(const StoreHook *hook, Jsonb *claims)
{
	char	   *text;
	size_t		len;

	if (VARSIZE(claims) > 6 * AUTH_CLAIMS_MAX_BYTES)
		payload_refuse(hook, psprintf("made a token of more than %d bytes", AUTH_CLAIMS_MAX_BYTES), "");
	text = JsonbToCString(NULL, &claims->root, VARSIZE(claims));
	len = strlen(text);
	if (len > AUTH_CLAIMS_MAX_BYTES)
		payload_refuse(hook, psprintf("made a token of more than %d bytes", AUTH_CLAIMS_MAX_BYTES), "");
	if (!base_json_check(text, len))
		payload_refuse(hook, "made a token that is nested too deep, has too many keys or too long a number", "");
	return text;
}

/* ---- sessions ---- */

/* A text that a hook may change; NULL for JSON's null, or when it is not there any more. */
static char *
session_text(const StoreHook *hook, const Jsonb *object, const char *name)
{
	JsonbValue	value;

	if (payload_find(object, name, &value) == NULL || value.type == jbvNull)
		return NULL;
	if (value.type != jbvString)
		payload_refuse(hook, "has to leave a string or null in ", name);
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* An address is kept when it is as it was, and may be forgotten. */
static void
session_take_address(const StoreHook *hook, const Jsonb *before, const Jsonb *after, StoreSession *session)
{
	char	   *address;

	if (payload_same(before, after, "ip_address"))
		return;
	address = session_text(hook, after, "ip_address");
	if (address)
		payload_refuse(hook, "may not change, only remove ", "ip_address");
	session->ip_address = NULL;
}

static void
session_take_user_agent(const StoreHook *hook, const Jsonb *after, StoreSession *session)
{
	session->user_agent = session_text(hook, after, "user_agent");
	if (session->user_agent &&
		(strlen(session->user_agent) > BASE_USER_AGENT_MAX || base_line_problem(session->user_agent)))
		payload_refuse(hook, "left a text that is no user agent in ", "user_agent");
}

static void
session_take_data(const StoreHook *hook, const Jsonb *after, StoreSession *session)
{
	JsonbValue	value;
	char	   *text;

	if (payload_find(after, "data", &value) == NULL || value.type != jbvBinary ||
		!JsonContainerIsObject(value.val.binary.data))
		payload_refuse(hook, "has to leave an object in ", "data");
	session->data = JsonbValueToJsonb(&value);
	if (VARSIZE(session->data) > AUTH_METADATA_MAX_BYTES)
		payload_refuse(hook, psprintf("left more than %d bytes in ", AUTH_METADATA_MAX_BYTES), "data");
	text = JsonbToCString(NULL, &session->data->root, VARSIZE(session->data));
	if (strlen(text) > AUTH_METADATA_MAX_BYTES || !base_json_check(text, strlen(text)))
		payload_refuse(hook, "left something too deep or too large in ", "data");
}

static bool
session_has_more(const Jsonb *before, const Jsonb *after)
{
	JsonbIterator *it = JsonbIteratorInit((JsonbContainer *) &after->root);
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
		if (token == WJB_KEY &&
			getKeyJsonValueFromContainer((JsonbContainer *) &before->root, key.val.string.val, key.val.string.len, &value) == NULL)
			return true;
	return false;
}

void
auth_hook_apply_session(const StoreHook *hook, const Jsonb *before, const Jsonb *after, StoreSession *session)
{
	static const char *const fixed[] = {"id", "user_id", "created_at", "last_used_at", "expires_at", "provider"};

	for (size_t i = 0; i < lengthof(fixed); i++)
		if (!payload_same(before, after, fixed[i]))
			payload_refuse(hook, "may not change the session's ", fixed[i]);
	if (session_has_more(before, after))
		base_raise_hint(FA_NOT_CONFIGURED, "Put it into data.", "hook %s of %s added a member to the session",
						base_setting_ascii(store_hook_text(hook)), hook->event);
	session_take_address(hook, before, after, session);
	session_take_user_agent(hook, after, session);
	session_take_data(hook, after, session);
}
