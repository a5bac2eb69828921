/*
 * oidc.c
 *		ID tokens (OpenID Connect Core section 3.1.3.7).
 *
 * A provider's key set is kept for a day, in shared memory, without what is not
 * a public key.  A kid that is not in it, or a signature without one that does
 * not fit, may be of a new key: then the set is fetched again, at most once a
 * minute for the whole database, whoever asks.
 *
 * What is refused is always provider_error: a client that holds a token of ours
 * to forge learns nothing about where it failed.  The reason is in the log.
 */
#include "auth/oidc.h"

#include "auth/token.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "crypto/opaque.h"
#include "jose/jws.h"
#include "lib/stringinfo.h"
#include "shmem/document.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* How long a key set is kept, and how often it may be fetched again before that is over. */
#define OIDC_KEYS_MAX_AGE	USECS_PER_DAY
#define OIDC_KEYS_EVERY		USECS_PER_MINUTE

/* OpenID Connect Core section 2: sub is at most 255 ASCII characters. */
#define OIDC_SUB_MAX		255

/* Seconds are written with at most 11 digits (the year 5138), so that sums never overflow. */
#define OIDC_TIME_DIGITS	11

/* ---- the provider's keys ---- */

/* What is kept of a key set: the public keys that we can use. */
static char *
oidc_reduce_keys(const JoseKeys *keys)
{
	StringInfoData s;
	int			n = 0;

	initStringInfo(&s);
	appendStringInfoString(&s, "{\"keys\":[");
	for (int i = 0; i < keys->n; i++)
	{
		const JoseJwk *jwk = &keys->keys[i];
		char	   *json;

		if (cr_key_type(jwk->key) == CR_KEY_OCT)
			continue;
		json = jose_jwk_format(jwk->key, jwk->alg, jwk->kid, false);
		if (json)
			appendStringInfo(&s, "%s%s", n++ > 0 ? "," : "", json);
	}
	appendStringInfoString(&s, "]}");
	return s.data;
}

static JoseKeys *
oidc_fetch_keys(const AuthIdTokenRequest *request)
{
	const char *url = request->provider->jwks_uri;
	NetRequest	get = {.method = "GET", .url = url, .max_answer = AUTH_FETCH_MAX_ANSWER};
	NetResult	answer;
	JoseKeys   *keys;
	char	   *kept;

	auth_fetch(request->fetch, &get, &answer);
	if (answer.status != NET_DONE || answer.body == NULL)
		auth_provider_fail(request->provider, psprintf("could not fetch its keys: %s", answer.problem));
	if (jose_keys_parse(answer.body->data, answer.body->len, &keys) != JOSE_OK || !keys->is_set)
		auth_provider_fail(request->provider, "what should be its keys is no JWK Set");
	kept = oidc_reduce_keys(keys);
	shmem_document_put(url, kept, strlen(kept));
	if (jose_keys_parse(kept, strlen(kept), &keys) != JOSE_OK)
		auth_provider_fail(request->provider, "its keys could not be kept");
	return keys;
}

/* The keys that are kept, or NULL when there are none or they are too old. */
static JoseKeys *
oidc_kept_keys(const AuthIdTokenRequest *request)
{
	TimestampTz fetched_at;
	size_t		len;
	char	   *kept = shmem_document_get(request->provider->jwks_uri, &len, &fetched_at);
	JoseKeys   *keys;

	if (kept == NULL || GetCurrentTimestamp() - fetched_at > OIDC_KEYS_MAX_AGE ||
		jose_keys_parse(kept, len, &keys) != JOSE_OK)
		return NULL;
	return keys;
}

static bool
oidc_has_key(const JoseKeys *keys, const char *kid)
{
	for (int i = 0; i < keys->n; i++)
		if (strcmp(keys->keys[i].kid, kid) == 0)
			return true;
	return false;
}

/* The algorithm comes from the key; that it is no secret's is seen to by oidc_reduce_keys(). */
static bool
oidc_signature_ok(const AuthIdTokenRequest *request, const JoseJws *jws)
{
	const char *kid = jws->signatures[0].kid;
	JoseKeys   *keys = oidc_kept_keys(request);

	if (keys == NULL)
		return jose_jws_verify_with(jws, oidc_fetch_keys(request)) == JOSE_OK;
	if (jose_jws_verify_with(jws, keys) == JOSE_OK)
		return true;
	if ((kid && oidc_has_key(keys, kid)) || !shmem_document_may_fetch(request->provider->jwks_uri, OIDC_KEYS_EVERY))
		return false;
	return jose_jws_verify_with(jws, oidc_fetch_keys(request)) == JOSE_OK;
}

static void
oidc_verify_signature(const AuthIdTokenRequest *request, const JoseJws *jws)
{
	CrAlg		alg = jws->signatures[0].alg;

	if (alg == CR_ALG_NONE || cr_alg_is_hmac(alg))
		auth_provider_fail(request->provider, "the ID token has an algorithm that is not taken");
	if (!oidc_signature_ok(request, jws))
		auth_provider_fail(request->provider, "the ID token is not signed by one of its keys");
}

/* ---- claims ---- */

/* A time: whole seconds since 1970. */
static bool
oidc_time(const BaseJsonItems *claims, const char *name, int64 *value)
{
	const BaseJsonItem *item = base_json_find(claims, name);

	if (item == NULL || item->type != BASE_JSON_NUMBER || item->len == 0 || item->len > OIDC_TIME_DIGITS ||
		strspn(item->value, "0123456789") < item->len)
		return false;
	*value = strtoll(item->value, NULL, 10);
	return true;
}

static bool
oidc_is_audience(const AuthIdTokenRequest *request, const char *value)
{
	for (char **audience = request->audiences; *audience; audience++)
		if (strcmp(*audience, value) == 0)
			return true;
	return false;
}

/* One of ours is in aud; who else is there only with an azp that is ours (section 3.1.3.7, 3 to 5). */
static bool
oidc_audience_ok(const AuthIdTokenRequest *request, const BaseJsonItems *claims)
{
	const BaseJsonItem *aud = base_json_find(claims, "aud");
	const BaseJsonItem *azp = base_json_find(claims, "azp");
	BaseJsonItems elements;
	bool		ours = false;

	if (azp && (azp->type != BASE_JSON_STRING || !oidc_is_audience(request, azp->value)))
		return false;
	if (aud && aud->type == BASE_JSON_STRING)
		return oidc_is_audience(request, aud->value);
	if (aud == NULL || aud->type != BASE_JSON_ARRAY || !base_json_array(aud->value, aud->len, &elements))
		return false;
	for (int i = 0; i < elements.n; i++)
	{
		if (elements.items[i].type != BASE_JSON_STRING)
			return false;
		ours |= oidc_is_audience(request, elements.items[i].value);
	}
	return ours && (elements.n == 1 || azp != NULL);
}

/* exp is to come; iat is not, and not too long ago. */
static bool
oidc_times_ok(const AuthIdTokenRequest *request, const BaseJsonItems *claims)
{
	int64		now = auth_token_now();
	int64		skew = store_settings()->clock_skew / USECS_PER_SEC;
	int64		exp;
	int64		iat;
	int64		nbf;

	if (!oidc_time(claims, "exp", &exp) || !oidc_time(claims, "iat", &iat) || exp <= now || iat > now + skew)
		return false;
	if (request->max_age > 0 && now - iat > request->max_age)
		return false;
	return base_json_find(claims, "nbf") == NULL || (oidc_time(claims, "nbf", &nbf) && nbf <= now + skew);
}

static bool
oidc_nonce_ok(const AuthIdTokenRequest *request, const BaseJsonItems *claims)
{
	const char *nonce;

	if (request->provider->no_nonce && base_json_find(claims, "nonce") == NULL)
		return true;
	return base_json_string(claims, "nonce", &nonce) &&
		cr_equal(nonce, strlen(nonce), request->nonce, strlen(request->nonce));
}

static CrHash
oidc_hash_of(CrAlg alg)
{
	switch (alg)
	{
		case CR_RS384:
		case CR_PS384:
		case CR_ES384:
			return CR_SHA384;
		case CR_RS512:
		case CR_PS512:
		case CR_ES512:
		case CR_EDDSA:
			return CR_SHA512;
		default:
			return CR_SHA256;
	}
}

/* Section 3.1.3.6: the left half of the hash of the access token; in the code flow it may be absent. */
static bool
oidc_at_hash_ok(const AuthIdTokenRequest *request, const BaseJsonItems *claims, CrAlg alg)
{
	CrHash		hash = oidc_hash_of(alg);
	unsigned char digest[CR_HASH_MAX_BYTES];
	char		expected[CR_BASE64URL_LEN(CR_HASH_MAX_BYTES / 2) + 1];
	const char *at_hash;

	if (base_json_find(claims, "at_hash") == NULL || request->access_token == NULL)
		return true;
	if (!base_json_string(claims, "at_hash", &at_hash) ||
		!cr_digest(hash, request->access_token, strlen(request->access_token), digest))
		return false;
	cr_base64url_encode(digest, cr_hash_size(hash) / 2, expected);
	return cr_equal(at_hash, strlen(at_hash), expected, strlen(expected));
}

static bool
oidc_subject_ok(const char *sub)
{
	size_t		len = strlen(sub);

	if (len == 0 || len > OIDC_SUB_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (sub[i] < 0x20 || sub[i] > 0x7E)
			return false;
	return true;
}

static void
oidc_check_claims(const AuthIdTokenRequest *request, const BaseJsonItems *claims, CrAlg alg)
{
	const char *iss;
	const char *sub;
	const char *problem = NULL;

	if (!base_json_string(claims, "iss", &iss) || !auth_provider_is_issuer(request->provider, iss))
		problem = "the ID token has another issuer";
	else if (!oidc_audience_ok(request, claims))
		problem = "the ID token is for another audience";
	else if (!oidc_times_ok(request, claims))
		problem = "the ID token is expired, or not valid yet, or too old";
	else if (!oidc_nonce_ok(request, claims))
		problem = "the ID token has another nonce";
	else if (!oidc_at_hash_ok(request, claims, alg))
		problem = "the ID token belongs to another access token";
	else if (!base_json_string(claims, "sub", &sub) || !oidc_subject_ok(sub))
		problem = "the ID token has no sub";
	if (problem)
		auth_provider_fail(request->provider, problem);
}

/* ---- who it is ---- */

/* true; and of a provider whose preset says that it writes booleans as strings, "true" (Apple does) or "1" (Microsoft does). */
static bool
oidc_true(const AuthProvider *provider, const BaseJsonItems *claims, const char *name)
{
	const BaseJsonItem *item = base_json_find(claims, name);

	if (item == NULL)
		return false;
	if (item->type == BASE_JSON_STRING && provider->string_booleans)
		return strcmp(item->value, "true") == 0 || strcmp(item->value, "1") == 0;
	return item->type == BASE_JSON_LITERAL && strcmp(item->value, "true") == 0;
}

/* A text that may be shown, of at most max bytes; otherwise as if it was not there. */
static const char *
oidc_line(const BaseJsonItems *claims, const char *name, size_t max, const char *(*problem) (const char *))
{
	const char *value;

	if (!base_json_string(claims, name, &value) || value[0] == '\0' || strlen(value) > max || problem(value))
		return NULL;
	return value;
}

static void
oidc_take_email(const AuthProvider *provider, const BaseJsonItems *claims, AuthExternal *external)
{
	const char *email;
	char		normal[BASE_EMAIL_MAX + 1];

	if (external->email || !base_json_string(claims, provider->email_claim, &email) || !base_email_normalize(email, normal))
		return;
	external->email = pstrdup(normal);
	external->email_verified = oidc_true(provider, claims, provider->verified_claim);
}

static void
oidc_take(const AuthProvider *provider, const BaseJsonItems *claims, AuthExternal *external)
{
	oidc_take_email(provider, claims, external);
	if (external->hd == NULL)
		external->hd = oidc_line(claims, "hd", BASE_EMAIL_MAX, base_line_problem);
	if (external->name == NULL)
		external->name = oidc_line(claims, provider->name_claim, BASE_NAME_MAX, base_name_problem);
	if (external->image == NULL)
		external->image = oidc_line(claims, provider->image_claim, BASE_IMAGE_MAX, base_line_problem);
}

/* The provider's id of the user, or NULL; without OpenID Connect it may be a number. */
static const char *
oidc_subject(const AuthProvider *provider, const BaseJsonItems *claims)
{
	const BaseJsonItem *item = base_json_find(claims, provider->subject_claim);

	if (item == NULL || !oidc_subject_ok(item->value))
		return NULL;
	if (item->type == BASE_JSON_NUMBER && !provider->row.oidc)
		return pnstrdup(item->value, item->len);
	return item->type == BASE_JSON_STRING ? item->value : NULL;
}

/* The subject of userinfo has to be that of the ID token (section 5.3.2). */
void
auth_oidc_take_claims(const AuthProvider *provider, const char *json, size_t len, AuthExternal *external)
{
	BaseJsonItems claims;
	const char *sub;

	if (!base_json_object(json, len, &claims))
		auth_provider_fail(provider, "what should tell about the user is no JSON object");
	if (provider->wrapper)
	{
		const BaseJsonItem *inner = base_json_find(&claims, provider->wrapper);

		if (inner == NULL || inner->type != BASE_JSON_OBJECT || !base_json_object(inner->value, inner->len, &claims))
			auth_provider_fail(provider, "what should tell about the user does not");
	}
	sub = oidc_subject(provider, &claims);
	if (sub == NULL)
		auth_provider_fail(provider, "what should tell about the user does not say who it is");
	if (external->subject && strcmp(external->subject, sub) != 0)
		auth_provider_fail(provider, "userinfo is about somebody else than the ID token");
	external->subject = sub;
	oidc_take(provider, &claims, external);
}

void
auth_oidc_verify(const AuthIdTokenRequest *request, const char *id_token, AuthExternal *external)
{
	JoseJws		jws;
	BaseJsonItems claims;
	char	   *payload;
	size_t		len = strlen(id_token);

	if (request->provider->jwks_uri == NULL)
		auth_provider_fail(request->provider, "it has no keys to verify an ID token with");
	if (len > AUTH_TOKEN_MAX_BYTES || jose_jws_parse_compact(id_token, len, &jws) != JOSE_OK)
		auth_provider_fail(request->provider, "the ID token is malformed");
	oidc_verify_signature(request, &jws);
	payload = jose_jws_payload(&jws, &len);
	if (payload == NULL || !base_json_object(payload, len, &claims))
		auth_provider_fail(request->provider, "the ID token holds no claims");
	oidc_check_claims(request, &claims, jws.signatures[0].alg);
	(void) base_json_string(&claims, "sub", &external->subject);
	oidc_take(request->provider, &claims, external);
}
