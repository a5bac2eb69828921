/*
 * token.c
 *		Access tokens: the JWTs that say who calls.
 *
 * A token that this backend verified a moment ago is found again by its whole
 * text (S44) and its signature is not verified a second time; its times, its
 * session and its user are checked every time, by one statement.  The cache
 * dies when a signing key, a setting or the instance changes.
 */
#include "auth/token.h"

#include "auth/hook.h"
#include "auth/key.h"
#include "auth/role.h"
#include "base/jsonb.h"
#include "base/settings.h"
#include "base/uuid.h"
#include "common/hashfn.h"
#include "crypto/opaque.h"
#include "lib/stringinfo.h"
#include "store/cache.h"
#include "store/instance.h"
#include "store/sessions.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define TOKEN_EPOCH_DIFF_S \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/*
 * 128 tokens of up to 4 KiB, each kept with its payload and its claims: at
 * most 128 * 3 * 4 KiB = 1.5 MiB a backend.
 */
#define TOKEN_CACHE_SLOTS		128
#define TOKEN_CACHE_MAX_BYTES	4096

/* Seconds are written with at most 11 digits (the year 5138), so that sums never overflow. */
#define TOKEN_MAX_TIME_DIGITS	11

const char *const auth_token_protected_claims[] = {
	"sub", "sid", "iat", "nbf", "exp", "jti", "iss", "aud", "type", "role",
	"email", "email_verified", "auth_time", NULL
};

typedef struct TokenCacheSlot
{
	MemoryContext context;		/* holds what follows, NULL when empty */
	char	   *token;
	size_t		len;
	AuthAccess	access;
} TokenCacheSlot;

typedef struct TokenGenerations
{
	uint64		keys;
	uint64		settings;
	uint64		instance;
} TokenGenerations;

static TokenCacheSlot token_cache[TOKEN_CACHE_SLOTS];
static TokenGenerations token_cache_generations;

int64
auth_token_seconds(TimestampTz time)
{
	return time / USECS_PER_SEC + TOKEN_EPOCH_DIFF_S;
}

int64
auth_token_now(void)
{
	return auth_token_seconds(GetCurrentTimestamp());
}

static TokenGenerations
token_generations(void)
{
	TokenGenerations now = {
		.keys = auth_key_generation(),
		.settings = store_cache_generation(STORE_CACHE_SETTINGS),
		.instance = store_cache_generation(STORE_CACHE_INSTANCE)
	};

	return now;
}

static void
token_cache_clear_slot(TokenCacheSlot *slot)
{
	MemoryContext context = slot->context;

	memset(slot, 0, sizeof(*slot));
	if (context)
		MemoryContextDelete(context);
}

/* Forget everything when something that a verification depends on has changed. */
static void
token_cache_check(void)
{
	TokenGenerations now = token_generations();

	if (memcmp(&now, &token_cache_generations, sizeof(now)) == 0)
		return;
	for (int i = 0; i < TOKEN_CACHE_SLOTS; i++)
		token_cache_clear_slot(&token_cache[i]);
	token_cache_generations = now;
}

static TokenCacheSlot *
token_cache_slot(const char *token, size_t len)
{
	return &token_cache[hash_bytes((const unsigned char *) token, (int) len) % TOKEN_CACHE_SLOTS];
}

static bool
token_cache_find(const char *token, size_t len, AuthAccess *access)
{
	TokenCacheSlot *slot = token_cache_slot(token, len);

	if (slot->context == NULL || !cr_equal(slot->token, slot->len, token, len))
		return false;
	*access = slot->access;
	return true;
}

static void
token_cache_add(const char *token, size_t len, const AuthAccess *access)
{
	TokenCacheSlot *slot = token_cache_slot(token, len);
	MemoryContext context;
	MemoryContext old;
	TokenCacheSlot fresh;

	if (len > TOKEN_CACHE_MAX_BYTES)
		return;
	token_cache_clear_slot(slot);
	context = AllocSetContextCreate(CurrentMemoryContext, "fastauth verified token", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	fresh.context = context;
	fresh.token = pnstrdup(token, len);
	fresh.len = len;
	fresh.access = *access;
	fresh.access.kid = pstrdup(access->kid);
	fresh.access.payload = pstrdup(access->payload);
	fresh.access.claims = memcpy(palloc(VARSIZE(access->claims)), access->claims, VARSIZE(access->claims));
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, TopMemoryContext);
	*slot = fresh;
}

static JsonbValue *
token_claim(const Jsonb *claims, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer((JsonbContainer *) &claims->root, name, strlen(name), value);
}

static bool
token_string_is(const JsonbValue *value, const char *expected)
{
	return value != NULL && value->type == jbvString &&
		value->val.string.len == (int) strlen(expected) &&
		memcmp(value->val.string.val, expected, value->val.string.len) == 0;
}

/*
 * RFC 7519 section 2, NumericDate; ours are whole seconds.  False when it is
 * there and is not; *seconds is 0 when it is not there.
 */
static bool
token_time(const Jsonb *claims, const char *name, int64 *seconds)
{
	JsonbValue	value;
	char	   *digits;

	*seconds = 0;
	if (token_claim(claims, name, &value) == NULL)
		return true;
	if (value.type != jbvNumeric)
		return false;
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
	if (strlen(digits) > TOKEN_MAX_TIME_DIGITS || strspn(digits, "0123456789") != strlen(digits))
		return false;
	*seconds = strtoll(digits, NULL, 10);
	return *seconds > 0;
}

static bool
token_uuid(const Jsonb *claims, const char *name, pg_uuid_t *id)
{
	JsonbValue	value;
	char		text[BASE_UUID_TEXT_LEN + 1];

	if (token_claim(claims, name, &value) == NULL || value.type != jbvString ||
		value.val.string.len != BASE_UUID_TEXT_LEN)
		return false;
	memcpy(text, value.val.string.val, BASE_UUID_TEXT_LEN);
	text[BASE_UUID_TEXT_LEN] = '\0';
	return base_uuid_parse(text, id);
}

/* RFC 7519 section 4.1.3: a string, or an array that holds it. */
static bool
token_audience_ok(const Jsonb *claims, const char *audience)
{
	JsonbValue	value;
	JsonbValue	wanted;

	if (token_claim(claims, "aud", &value) == NULL)
		return false;
	if (value.type != jbvBinary)
		return token_string_is(&value, audience);
	if (!JsonContainerIsArray(value.val.binary.data))
		return false;
	wanted.type = jbvString;
	wanted.val.string.val = unconstify(char *, audience);
	wanted.val.string.len = strlen(audience);
	return findJsonbValueFromContainer(value.val.binary.data, JB_FARRAY, &wanted) != NULL;
}

/* Our own issuer: the setting, or urn:uuid: and the instance id (RFC 9562 section 4).  NULL when there is none yet. */
char *
auth_token_issuer(void)
{
	const FaSettings *settings = store_settings();
	char		text[BASE_UUID_TEXT_LEN + 1];
	pg_uuid_t	id;

	if (settings->issuer)
		return pstrdup(settings->issuer);
	if (!store_instance_id(&id))
		return NULL;
	base_uuid_format(&id, text);
	return psprintf("urn:uuid:%s", text);
}

/* The claims of a token whose signature is good. */
static FaError
token_read_claims(const AuthVerified *verified, AuthAccess *access)
{
	const char *issuer = verified->issuer ? verified->issuer : auth_token_issuer();
	JsonbValue	value;
	JsonbValue *found;

	access->kid = verified->kid;
	access->payload = verified->payload;
	access->claims = base_jsonb_parse(verified->payload);
	access->ours = verified->issuer == NULL;
	access->verify_only = verified->verify_only;
	access->has_session = false;
	access->dbrole = NULL;

	if (!JB_ROOT_IS_OBJECT(access->claims))
		return FA_INVALID_TOKEN;
	/* RFC 7519 sections 4.1.1 and 4.1.3 */
	if (issuer == NULL || !token_string_is(token_claim(access->claims, "iss", &value), issuer) ||
		!token_audience_ok(access->claims, store_settings()->audience))
		return FA_INVALID_TOKEN;
	/* sections 4.1.4 to 4.1.6; exp is a must here */
	if (!token_time(access->claims, "exp", &access->expires_at) || access->expires_at == 0 ||
		!token_time(access->claims, "iat", &access->issued_at) ||
		!token_time(access->claims, "nbf", &access->not_before))
		return FA_INVALID_TOKEN;
	found = token_claim(access->claims, "type", &value);
	if (found ? !token_string_is(found, "access") : access->ours)
		return FA_INVALID_TOKEN;
	if (!access->ours)
		return FA_OK;

	if (access->issued_at == 0 || !token_uuid(access->claims, "sub", &access->user_id))
		return FA_INVALID_TOKEN;
	if (token_claim(access->claims, "sid", &value))
	{
		access->has_session = true;
		if (!token_uuid(access->claims, "sid", &access->session_id))
			return FA_INVALID_TOKEN;
	}
	return FA_OK;
}

static FaError
token_check_times(const AuthAccess *access)
{
	int64		now = auth_token_now();
	int64		skew = store_settings()->clock_skew / USECS_PER_SEC;

	if (access->issued_at > now + skew || access->not_before > now + skew)
		return FA_INVALID_TOKEN;
	return now >= access->expires_at ? FA_TOKEN_EXPIRED : FA_OK;
}

/* Is the session that the token names live, and its user active? */
static FaError
token_check_session(AuthAccess *access)
{
	StoreSessionCheck check;
	char	   *dbrole;
	bool		active;

	if (!access->has_session)
	{
		if (!store_users_get_role(&access->user_id, &active, &dbrole))
			return FA_SESSION_REVOKED;
		access->dbrole = dbrole;
		return active ? FA_OK : FA_ACCOUNT_INACTIVE;
	}
	if (!store_sessions_check(&access->session_id, GetCurrentTimestamp(), &check) || check.ended)
		return FA_SESSION_REVOKED;
	if (memcmp(&check.user_id, &access->user_id, sizeof(pg_uuid_t)) != 0)
		return FA_INVALID_TOKEN;
	access->dbrole = check.dbrole;
	return check.user_is_active ? FA_OK : FA_ACCOUNT_INACTIVE;
}

FaError
auth_token_check(const char *token, AuthAccess *access)
{
	size_t		len = strlen(token);
	FaError		error;

	if (len > AUTH_TOKEN_MAX_BYTES)
		return FA_INVALID_TOKEN;
	token_cache_check();
	if (!token_cache_find(token, len, access))
	{
		AuthVerified verified;

		error = auth_key_verify(token, len, &verified);
		if (error == FA_OK)
			error = token_read_claims(&verified, access);
		if (error != FA_OK)
			return error;
		token_cache_add(token, len, access);
	}
	error = token_check_times(access);
	if (error == FA_OK && access->ours)
		error = token_check_session(access);
	return error;
}

/* All but the signature. */
static FaError
token_check_verified(const AuthVerified *verified, AuthAccess *access)
{
	FaError		error = token_read_claims(verified, access);

	if (error == FA_OK)
		error = token_check_times(access);
	if (error == FA_OK && access->ours)
		error = token_check_session(access);
	return error;
}

FaError
auth_token_check_again(const char *kid, const char *payload, AuthAccess *access)
{
	AuthVerified verified = {.payload = pstrdup(payload)};

	if (!auth_key_verified_before(kid, &verified))
		return FA_INVALID_TOKEN;
	return token_check_verified(&verified, access);
}

FaError
auth_token_check_claims_alone(const char *payload, AuthAccess *access)
{
	AuthVerified verified = {.payload = pstrdup(payload), .kid = ""};

	return token_check_verified(&verified, access);
}

/* ---- making tokens ---- */

static void
token_put_string(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, "%s\"%s\":", json->len > 1 ? "," : "", name);
	escape_json(json, value);
}

static void
token_put_uuid(StringInfo json, const char *name, const pg_uuid_t *value)
{
	char		text[BASE_UUID_TEXT_LEN + 1];

	base_uuid_format(value, text);
	token_put_string(json, name, text);
}

static void
token_put_raw(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, "%s\"%s\":%s", json->len > 1 ? "," : "", name, value);
}

/* When the default role is not there, the claim is left out. */
static const char *
token_role(const StoreUser *user, const char **problem)
{
	const char *role = user->dbrole ? user->dbrole : store_settings()->authenticated_role;

	*problem = NULL;
	if (role == NULL || (user->dbrole == NULL && !auth_role_exists(role)))
		return NULL;
	*problem = auth_role_problem(role);
	return role;
}

bool
auth_token_role_is_allowed(const StoreUser *user)
{
	const char *problem;

	(void) token_role(user, &problem);
	return problem == NULL;
}

/* The role that PostgREST switches to.  It is checked again each time it is signed (S55). */
const char *
auth_token_role(const StoreUser *user)
{
	const char *problem;
	const char *role = token_role(user, &problem);

	if (problem)
		base_raise_hint(FA_NOT_CONFIGURED, "Change allowed_roles or authenticated_role with fastauth.configure, or the user's role with fastauth.set_user_dbrole.",
						"role of the token is not allowed: %s", problem);
	return role;
}

const char *
auth_token_current_role(const AuthAccess *access)
{
	StoreUser	user = {.dbrole = unconstify(char *, access->dbrole)};

	return auth_token_role(&user);
}

/* Append the members of an object that callers may set. */
static void
token_put_claims(StringInfo json, Jsonb *claims)
{
	char	   *text = JsonbToCString(NULL, &claims->root, VARSIZE(claims));
	size_t		len = strlen(text);

	/* "{...}" without its braces; an empty object adds nothing */
	if (len > 2)
	{
		appendStringInfoChar(json, ',');
		appendBinaryStringInfo(json, text + 1, len - 2);
	}
}

/* What the two kinds of tokens say differently. */
typedef struct TokenHead
{
	const char *type;
	int64		issued_at;
	int64		expires_at;
	const pg_uuid_t *jti;		/* NULL: none */
} TokenHead;

static char *
token_compose(const AuthTokenRequest *request, const TokenHead *head)
{
	const StoreUser *user = request->user;
	const char *role = auth_token_role(user);
	const char *issuer = auth_token_issuer();
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	if (issuer)
		token_put_string(&json, "iss", issuer);
	token_put_string(&json, "aud", store_settings()->audience);
	token_put_uuid(&json, "sub", &user->id);
	token_put_raw(&json, "iat", psprintf(INT64_FORMAT, head->issued_at));
	token_put_raw(&json, "exp", psprintf(INT64_FORMAT, head->expires_at));
	if (head->jti)
		token_put_uuid(&json, "jti", head->jti);
	token_put_string(&json, "type", head->type);
	if (request->session_id)
	{
		token_put_uuid(&json, "sid", request->session_id);
		token_put_raw(&json, "auth_time",
					  psprintf(INT64_FORMAT, auth_token_seconds(request->authenticated_at)));
	}
	if (role)
		token_put_string(&json, "role", role);
	token_put_string(&json, "email", user->email);
	token_put_raw(&json, "email_verified", user->email_verified ? "true" : "false");
	if (user->name && (request->claims == NULL || !auth_token_has_claim(request->claims, "name")))
		token_put_string(&json, "name", user->name);
	if (request->claims)
		token_put_claims(&json, request->claims);
	appendStringInfoChar(&json, '}');
	return json.data;
}

char *
auth_token_issue(const AuthTokenRequest *request, int *expires_in)
{
	pg_uuid_t	jti;
	TokenHead	head = {.type = "access", .jti = &jti};
	const char *payload;

	store_instance_ensure();
	head.issued_at = auth_token_now();
	head.expires_at = head.issued_at + request->ttl / USECS_PER_SEC;
	if (request->session_id && !TIMESTAMP_IS_NOEND(request->not_after))
		head.expires_at = Min(head.expires_at, auth_token_seconds(request->not_after));
	base_uuid_make(&jti);
	payload = auth_hook_modify_jwt(token_compose(request, &head), request->user);

	auth_key_cover(head.expires_at, request->ttl > store_settings()->access_token_ttl);
	*expires_in = (int) (head.expires_at - head.issued_at);
	return auth_key_sign(payload);
}

char *
auth_token_session_claims(const StoreSessionToken *session)
{
	AuthTokenRequest request = {
		.user = &session->user, .session_id = &session->session_id, .authenticated_at = session->authenticated_at
	};
	TokenHead	head = {
		.type = "session",
		.issued_at = auth_token_seconds(session->created_at),
		.expires_at = auth_token_seconds(session->expires_at)
	};

	return token_compose(&request, &head);
}

bool
auth_token_has_claim(const Jsonb *claims, const char *name)
{
	JsonbValue	value;

	return token_claim(claims, name, &value) != NULL;
}

void
auth_token_check_claims(const Jsonb *claims)
{
	if (!JB_ROOT_IS_OBJECT(claims))
		base_raise(FA_INVALID_ARGUMENT, "claims must be a JSON object");
	for (const char *const *name = auth_token_protected_claims; *name; name++)
		if (auth_token_has_claim(claims, *name))
			base_raise(FA_INVALID_ARGUMENT, "claims must not hold %s", *name);
}
