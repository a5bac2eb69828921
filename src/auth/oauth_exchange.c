/*
 * oauth_exchange.c
 *		From an authorization code to who somebody is: token endpoint, ID token, userinfo.
 *
 * RFC 6749 section 4.1.3 with PKCE (RFC 7636).  Nothing is written here, and no
 * row is locked, while the network is waited for.  No word of what the provider
 * sent reaches the client or the log.
 */
#include "auth/oauth_exchange.h"

#include "auth/fetch.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "lib/stringinfo.h"

/* A code or a token that a provider sends; longer ones are none. */
#define EXCHANGE_TOKEN_MAX	(16 * 1024)

/* A token or a code, the client's secret, a redirect URI and the client's id, percent-encoded, and names. */
#define EXCHANGE_FORM_MAX	(3 * (2 * EXCHANGE_TOKEN_MAX + 2 * BASE_URL_MAX) + 1024)

#define EXCHANGE_USER_AGENT	"User-Agent: fastauth/" FASTAUTH_VERSION

/* ---- the token endpoint ---- */

/* It does not grow, so that nothing secret stays where it was before. */
static void
exchange_begin(StringInfo form, const char *grant_type)
{
	initStringInfo(form);
	enlargeStringInfo(form, EXCHANGE_FORM_MAX);
	appendStringInfo(form, "grant_type=%s", grant_type);
}

static void
exchange_append(StringInfo form, const char *name, const char *value)
{
	appendStringInfo(form, "&%s=", name);
	base_url_append(form, value);
}

/* RFC 6749 section 2.3.1: both are form-encoded before they become a user name and a password. */
static char *
exchange_encode(const char *text)
{
	StringInfoData s;

	initStringInfo(&s);
	enlargeStringInfo(&s, 3 * (int) strlen(text));
	base_url_append(&s, text);
	return s.data;
}

/* Post the form, with who we are. */
static void
exchange_post(AuthProvider *provider, AuthFetch *fetch, StringInfo form, NetResult *answer)
{
	static const char *const headers[] = {
		"Accept: application/json", "Content-Type: application/x-www-form-urlencoded", EXCHANGE_USER_AGENT, NULL
	};
	char	   *secret = auth_provider_secret(provider);
	NetRequest	post = {.method = "POST", .url = provider->token_endpoint, .headers = headers, .max_answer = AUTH_FETCH_MAX_ANSWER};
	char	   *password;

	if (provider->client_auth == AUTH_CLIENT_BASIC)
	{
		post.username = exchange_encode(provider->row.client_id);
		post.password = password = exchange_encode(secret);
		auth_wipe_later(password, strlen(password));
	}
	else
	{
		exchange_append(form, "client_id", provider->row.client_id);
		if (secret)
			exchange_append(form, "client_secret", secret);
	}
	auth_wipe_later(form->data, form->len);
	post.body = form->data;
	post.body_len = form->len;
	auth_fetch(fetch, &post, answer);
}

static const char *
exchange_token(const BaseJsonItems *members, const char *name)
{
	const char *value;

	if (!base_json_string(members, name, &value) || value[0] == '\0' || strlen(value) > EXCHANGE_TOKEN_MAX ||
		base_line_problem(value))
		return NULL;
	return value;
}

/* The answer is tokens, and so is what was read of it; they outlive neither the call nor its failure. */
static bool
exchange_read(const NetResult *answer, BaseJsonItems *members)
{
	bool		good;

	auth_wipe_later(answer->body->data, answer->body->len);
	good = base_json_object(answer->body->data, answer->body->len, members);
	for (int i = 0; i < members->n; i++)
		if (members->items[i].type == BASE_JSON_STRING && members->items[i].value)
			auth_wipe_later(unconstify(char *, members->items[i].value), members->items[i].len);
	return good;
}

/*
 * Section 5.1.  Some answer an error with status 200, so what counts is the
 * token.  What is wrong with it, or NULL; id_token may be NULL.
 */
static const char *
exchange_take_tokens(const NetResult *answer, AuthExternal *external, const char **id_token)
{
	BaseJsonItems members = {0};
	const BaseJsonItem *expires_in;
	const char *type;

	if (answer->status != NET_DONE || answer->body == NULL)
		return psprintf("its token endpoint refused: %s", answer->problem);
	if (!exchange_read(answer, &members))
		return "its token endpoint answered no JSON object";
	external->access_token = exchange_token(&members, "access_token");
	if (external->access_token == NULL || !base_json_string(&members, "token_type", &type) || pg_strcasecmp(type, "bearer") != 0)
		return "its token endpoint gave no bearer token";
	external->refresh_token = exchange_token(&members, "refresh_token");
	external->expires_in = -1;
	expires_in = base_json_find(&members, "expires_in");
	if (expires_in && expires_in->len > 0 && expires_in->len < 10 && strspn(expires_in->value, "0123456789") >= expires_in->len)
		external->expires_in = strtol(expires_in->value, NULL, 10);
	if (id_token)
		*id_token = exchange_token(&members, "id_token");
	return NULL;
}

/* ---- who it is ---- */

static void
exchange_get(AuthProvider *provider, AuthFetch *fetch, const char *url, const char *access_token, NetResult *answer)
{
	char	   *authorization = psprintf("Authorization: Bearer %s", access_token);
	const char *headers[] = {"Accept: application/json", EXCHANGE_USER_AGENT, authorization, NULL};
	NetRequest	get = {.method = "GET", .url = url, .headers = headers, .max_answer = AUTH_FETCH_MAX_ANSWER};

	auth_wipe_later(authorization, strlen(authorization));
	auth_fetch(fetch, &get, answer);
	if (answer->status != NET_DONE || answer->body == NULL)
		auth_provider_fail(provider, psprintf("it did not tell about the user: %s", answer->problem));
}

static bool
exchange_is_true(const BaseJsonItems *members, const char *name)
{
	const BaseJsonItem *item = base_json_find(members, name);

	return item && item->type == BASE_JSON_LITERAL && strcmp(item->value, "true") == 0;
}

/* GitHub's list of addresses: the primary one counts, and is verified or not. */
static void
exchange_take_emails(AuthProvider *provider, const NetResult *answer, AuthExternal *external)
{
	BaseJsonItems list;

	external->email = NULL;
	external->email_verified = false;
	if (!base_json_array(answer->body->data, answer->body->len, &list))
		auth_provider_fail(provider, "what should be the addresses of the user is no list");
	for (int i = 0; i < list.n; i++)
	{
		BaseJsonItems entry;
		const char *email;
		char		normal[BASE_EMAIL_MAX + 1];

		if (list.items[i].type != BASE_JSON_OBJECT || !base_json_object(list.items[i].value, list.items[i].len, &entry) ||
			!exchange_is_true(&entry, "primary") || !base_json_string(&entry, "email", &email) || !base_email_normalize(email, normal))
			continue;
		external->email = pstrdup(normal);
		external->email_verified = exchange_is_true(&entry, "verified");
		return;
	}
}

static void
exchange_take_user(AuthProvider *provider, AuthFetch *fetch, AuthExternal *external)
{
	NetResult	answer;

	if (provider->userinfo_endpoint)
	{
		exchange_get(provider, fetch, provider->userinfo_endpoint, external->access_token, &answer);
		auth_oidc_take_claims(provider, answer.body->data, answer.body->len, external);
	}
	if (provider->emails_endpoint)
	{
		exchange_get(provider, fetch, provider->emails_endpoint, external->access_token, &answer);
		exchange_take_emails(provider, &answer, external);
	}
}

/*
 * RFC 9207: the code of another issuer must not be sent to this one, nor the
 * other way round.  Section 2.4: it is the issuer of the configuration, which of
 * one that has many tenants holds their placeholder; or that of the tenant.
 */
static void
exchange_check_iss(const AuthProvider *provider, const char *iss)
{
	bool		good = iss ? strcmp(iss, provider->row.issuer) == 0 || auth_provider_is_issuer(provider, iss) : !provider->sends_iss;

	if (!good)
		auth_provider_fail(provider, "the answer is of another issuer");
}

void
auth_oauth_exchange(AuthProvider *provider, const AuthOauthState *state, const char *code, const char *iss,
					AuthExternal *external)
{
	AuthFetch  *fetch = auth_fetch_begin();
	char	   *audiences[] = {provider->row.client_id, NULL};
	AuthIdTokenRequest request = {.provider = provider, .nonce = state->nonce, .audiences = audiences, .fetch = fetch};
	StringInfoData form;
	NetResult	answer;
	const char *id_token;
	const char *problem;

	memset(external, 0, sizeof(*external));
	auth_provider_discover(provider, fetch);
	exchange_check_iss(provider, iss);
	exchange_begin(&form, "authorization_code");
	exchange_append(&form, "code", code);
	exchange_append(&form, "redirect_uri", state->redirect_uri);
	exchange_append(&form, "code_verifier", state->verifier);
	exchange_post(provider, fetch, &form, &answer);
	problem = exchange_take_tokens(&answer, external, &id_token);
	if (problem)
		auth_provider_fail(provider, problem);
	request.access_token = external->access_token;
	if (provider->row.oidc && id_token == NULL)
		auth_provider_fail(provider, "its token endpoint gave no ID token");
	if (provider->row.oidc)
		auth_oidc_verify(&request, id_token, external);
	exchange_take_user(provider, fetch, external);
	if (external->subject == NULL)
		auth_provider_fail(provider, "it did not say who the user is");
	auth_fetch_end(fetch);
}

const char *
auth_oauth_refresh(AuthProvider *provider, const char *refresh_token, AuthExternal *external)
{
	AuthFetch  *fetch = auth_fetch_begin();
	StringInfoData form;
	NetResult	answer;

	memset(external, 0, sizeof(*external));
	auth_provider_discover(provider, fetch);
	exchange_begin(&form, "refresh_token");
	exchange_append(&form, "refresh_token", refresh_token);
	exchange_post(provider, fetch, &form, &answer);
	auth_fetch_end(fetch);
	return exchange_take_tokens(&answer, external, NULL);
}
