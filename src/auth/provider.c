/*
 * provider.c
 *		Identity providers: configured, with the endpoints that they have now.
 *
 * What an administrator wrote wins over the preset, and both over discovery
 * (OpenID Connect Discovery section 4), which is asked for what is missing then,
 * and whose document is kept for a day in shared memory.  Its issuer has to be the one that was configured (S72), and
 * every endpoint https (S74).
 */
#include "auth/provider.h"

#include "auth/seal.h"
#include "auth/token.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/settings.h"
#include "base/url.h"
#include "crypto/pkey.h"
#include "jose/jws.h"
#include "shmem/document.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#define PROVIDER_WELL_KNOWN		"/.well-known/openid-configuration"
#define PROVIDER_MAX_AGE		USECS_PER_DAY

/* Apple takes a secret that lives up to half a year; ours is for one request. */
#define PROVIDER_APPLE_SECONDS	300

const char *const auth_provider_not[AUTH_PROVIDER_NOT + 1] = {"credentials", "magic_link", "otp", "refresh", NULL};

/* Not to the client: whoever sets client_min_messages to log would get the reason too. */
void
auth_provider_fail(const AuthProvider *provider, const char *reason)
{
	ereport(LOG_SERVER_ONLY, (errmsg("fastauth: identity provider %s: %s", provider->row.name, reason)));
	base_raise(FA_PROVIDER_ERROR, NULL);
	pg_unreachable();
}

bool
auth_provider_name_ok(const char *name)
{
	size_t		len = strlen(name);

	return len > 0 && len <= AUTH_PROVIDER_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* ---- from the row and the preset ---- */

static AuthClientAuth
provider_client_auth(const char *name)
{
	if (strcmp(name, "post") == 0)
		return AUTH_CLIENT_POST;
	if (strcmp(name, "apple") == 0)
		return AUTH_CLIENT_APPLE;
	return strcmp(name, "none") == 0 ? AUTH_CLIENT_NONE : AUTH_CLIENT_BASIC;
}

/* A text of the options, or else of the preset, or else the rule. */
static const char *
provider_claim(const AuthProvider *provider, const char *option, const char *of_preset, const char *rule)
{
	JsonbValue *value = getKeyJsonValueFromContainer(&provider->row.options->root, option, (int) strlen(option), NULL);

	if (value && value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	return of_preset ? of_preset : rule;
}

/* Is it the provider that the preset is about, and not another server of the same make? */
static bool
provider_is_of_preset(const AuthProvider *provider)
{
	return provider->preset && strcmp(provider->row.issuer, provider->preset->issuer) == 0;
}

static void
provider_fill_claims(AuthProvider *provider)
{
	static const AuthPreset none = {0};
	const AuthPreset *preset = provider->preset ? provider->preset : &none;

	provider->wrapper = provider_claim(provider, "wrapper", preset->wrapper, NULL);
	provider->subject_claim = provider_claim(provider, "subject", preset->subject_claim, "sub");
	provider->email_claim = provider_claim(provider, "email", preset->email_claim, "email");
	provider->verified_claim = provider_claim(provider, "email_verified", preset->verified_claim, "email_verified");
	provider->name_claim = provider_claim(provider, "name", preset->name_claim, "name");
	provider->image_claim = provider_claim(provider, "image", preset->image_claim, "picture");
	/* Another server of the same make is not sent to the first one's. */
	provider->emails_endpoint = provider_claim(provider, "emails_endpoint",
											   provider_is_of_preset(provider) ? preset->emails_endpoint : NULL, NULL);
	provider->string_booleans = preset->string_booleans;
	provider->no_nonce = preset->no_nonce;
	provider->hosted_domain = preset->hosted_domain && provider_is_of_preset(provider);
}

/* A name that can be none is not shown: who mixes up arguments may have given something secret. */
void
auth_provider_raise_unknown(const char *name)
{
	static const char hint[] = "Configure it with fastauth.configure_oauth_provider(); the view fastauth.oauth_providers_overview lists those that there are, and which are enabled.";

	if (name && auth_provider_name_ok(name))
		base_raise_hint(FA_PROVIDER_NOT_FOUND, hint, "no such identity provider: %s", name);
	base_raise_hint(FA_PROVIDER_NOT_FOUND, hint, NULL);
	pg_unreachable();
}

void
auth_provider_get(const char *name, bool show, AuthProvider *provider)
{
	memset(provider, 0, sizeof(*provider));
	if (!store_oauth_providers_get(name, &provider->row) || !provider->row.enabled)
		auth_provider_raise_unknown(show ? name : NULL);
	if (provider->row.preset)
		provider->preset = auth_preset(provider->row.preset);
	provider->client_auth = provider_client_auth(provider->row.client_auth);
	provider->authorization_endpoint = provider->row.authorization_endpoint;
	provider->token_endpoint = provider->row.token_endpoint;
	provider->userinfo_endpoint = provider->row.userinfo_endpoint;
	provider->jwks_uri = provider->row.jwks_uri;
	provider_fill_claims(provider);
}

/* ---- discovery ---- */

static char *
provider_discovery_url(const AuthProvider *provider)
{
	const char *issuer = provider->row.issuer;
	size_t		len = strlen(issuer);

	if (provider_is_of_preset(provider) && provider->preset->discovery)
		return pstrdup(provider->preset->discovery);
	/* Section 4.1: a slash at the end of the issuer is left out. */
	return psprintf("%.*s%s", (int) (issuer[len - 1] == '/' ? len - 1 : len), issuer, PROVIDER_WELL_KNOWN);
}

/* The document; *fetched: it comes from the network. */
static char *
provider_document(const AuthProvider *provider, const char *url, AuthFetch *fetch, size_t *len, bool *fetched)
{
	TimestampTz fetched_at;
	char	   *kept = shmem_document_get(url, len, &fetched_at);
	NetRequest	get = {.method = "GET", .url = url, .max_answer = AUTH_FETCH_MAX_ANSWER};
	NetResult	answer;

	*fetched = kept == NULL || GetCurrentTimestamp() - fetched_at > PROVIDER_MAX_AGE;
	if (!*fetched)
		return kept;
	auth_fetch(fetch, &get, &answer);
	if (answer.status != NET_DONE || answer.body == NULL)
		auth_provider_fail(provider, psprintf("could not fetch its configuration: %s", answer.problem));
	*len = answer.body->len;
	return answer.body->data;
}

/* An endpoint that the row does not name; what is not https is as if it was not there. */
static void
provider_take_endpoint(const BaseJsonItems *members, const char *name, const char **endpoint)
{
	const char *value;
	BaseUrl		url;

	if (*endpoint == NULL && base_json_string(members, name, &value) && base_url_parse(value, &url) && base_url_is_safe(&url))
		*endpoint = value;
}

static void
provider_take_document(AuthProvider *provider, const BaseJsonItems *members)
{
	const BaseJsonItem *iss = base_json_find(members, "authorization_response_iss_parameter_supported");

	provider_take_endpoint(members, "authorization_endpoint", &provider->authorization_endpoint);
	provider_take_endpoint(members, "token_endpoint", &provider->token_endpoint);
	provider_take_endpoint(members, "userinfo_endpoint", &provider->userinfo_endpoint);
	provider_take_endpoint(members, "jwks_uri", &provider->jwks_uri);
	provider->sends_iss = iss && iss->type == BASE_JSON_LITERAL && strcmp(iss->value, "true") == 0;
}

void
auth_provider_discover(AuthProvider *provider, AuthFetch *fetch)
{
	BaseJsonItems members;
	const char *issuer;
	char	   *url;
	char	   *document;
	size_t		len;
	bool		fetched;

	if (!provider->row.oidc || (provider->authorization_endpoint && provider->token_endpoint && provider->jwks_uri))
		return;
	url = provider_discovery_url(provider);
	document = provider_document(provider, url, fetch, &len, &fetched);
	if (!base_json_object(document, len, &members))
		auth_provider_fail(provider, "its configuration is no JSON object");
	if (!base_json_string(&members, "issuer", &issuer) || strcmp(issuer, provider->row.issuer) != 0)
		auth_provider_fail(provider, "its configuration has another issuer");
	provider_take_document(provider, &members);
	if (provider->authorization_endpoint == NULL || provider->token_endpoint == NULL || provider->jwks_uri == NULL)
		auth_provider_fail(provider, "its configuration names no https endpoints");
	if (fetched)
		shmem_document_put(url, document, len);
}

/* ---- our secret ---- */

static char *
provider_option(const AuthProvider *provider, const char *name)
{
	const char *value = provider_claim(provider, name, NULL, NULL);

	if (value == NULL)
		base_raise_hint(FA_NOT_CONFIGURED, "Configure the provider with fastauth.configure_oauth_provider().",
						"identity provider %s has no option %s", provider->row.name, name);
	return pstrdup(value);
}

/* "Creating a client secret": a JWT of the team, signed with the key that Apple gave it. */
static char *
provider_apple_secret(const AuthProvider *provider, const char *pem)
{
	int64		now = auth_token_now();
	char	   *kid = provider_option(provider, "key_id");
	StringInfoData claims;
	CrKey	   *key;
	char	   *jws;

	initStringInfo(&claims);
	appendStringInfoString(&claims, "{\"iss\":");
	escape_json(&claims, provider_option(provider, "team_id"));
	appendStringInfo(&claims, ",\"iat\":" INT64_FORMAT ",\"exp\":" INT64_FORMAT ",\"aud\":", now, now + PROVIDER_APPLE_SECONDS);
	escape_json(&claims, provider->row.issuer);
	appendStringInfoString(&claims, ",\"sub\":");
	escape_json(&claims, provider->row.client_id);
	appendStringInfoChar(&claims, '}');
	if (cr_key_from_pem(pem, strlen(pem), &key) != CR_OK)
		base_raise(FA_NOT_CONFIGURED, "the key of identity provider %s is none", provider->row.name);
	jws = jose_jws_sign(key, CR_ES256, kid, claims.data, claims.len);
	cr_key_free(key);
	if (jws == NULL)
		base_raise(FA_NOT_CONFIGURED, "the key of identity provider %s is not one of P-256", provider->row.name);
	auth_wipe_later(jws, strlen(jws));
	return jws;
}

char *
auth_provider_secret(const AuthProvider *provider)
{
	size_t		len;
	char	   *secret;

	if (provider->client_auth == AUTH_CLIENT_NONE)
		return NULL;
	if (provider->row.client_secret == NULL)
		base_raise_hint(FA_NOT_CONFIGURED, "Configure the provider with fastauth.configure_oauth_provider().",
						"identity provider %s has no client secret", provider->row.name);
	secret = auth_unseal(AUTH_PROVIDER_SEAL, provider->row.name, provider->row.client_secret, &len);
	auth_wipe_later(secret, len);
	return provider->client_auth == AUTH_CLIENT_APPLE ? provider_apple_secret(provider, secret) : secret;
}

/* ---- trust ---- */

bool
auth_provider_is_issuer(const AuthProvider *provider, const char *iss)
{
	const char *place = strstr(provider->row.issuer, AUTH_PROVIDER_TENANT);

	if (place == NULL)
		return strcmp(iss, provider->row.issuer) == 0;
	for (char **tenant = provider->row.tenants; tenant && *tenant; tenant++)
		if (strcmp(iss, psprintf("%.*s%s%s", (int) (place - provider->row.issuer), provider->row.issuer, *tenant,
								 place + strlen(AUTH_PROVIDER_TENANT))) == 0)
			return true;
	return false;
}

bool
auth_provider_trusts(const AuthProvider *provider, const char *email, const char *hd)
{
	const char *domain = strchr(email, '@') + 1;

	if (!provider->row.trust_email)
		return false;
	if (provider->row.trust_domains == NULL || (provider->hosted_domain && hd && pg_strcasecmp(hd, domain) == 0))
		return true;
	for (char **trusted = provider->row.trust_domains; *trusted; trusted++)
		if (pg_strcasecmp(*trusted, domain) == 0)
			return true;
	return false;
}
