/*
 * oauth.c
 *		Sign-in and linking by identity providers: the flows (RFC 6749, OpenID Connect Core).
 *
 *	oauth_authorize_url --> browser --> provider --> browser --> oauth_callback
 *		keeps a state					code, state			looks at the state
 *															exchanges the code: network, nothing locked
 *															takes the state, and does all writes
 *
 * What fails after the state was looked at spends it, durably (oauth_state.c).
 */
#include "auth/oauth.h"

#include "auth/identity.h"
#include "auth/oauth_account.h"
#include "auth/oauth_exchange.h"
#include "auth/provider.h"
#include "auth/rate.h"
#include "auth/seal.h"
#include "auth/token.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/url.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "lib/stringinfo.h"
#include "store/session_store.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* An ID token that was presented is refused again for longer than one is taken. */
#define OAUTH_ID_TOKEN_KIND		"id_token"
#define OAUTH_ID_TOKEN_SECONDS	300

/* A provider's token is renewed when it has less than this left. */
#define OAUTH_TOKEN_MARGIN		USECS_PER_MINUTE

/* ---- begin ---- */

static void
oauth_check_redirect(const char *redirect_uri)
{
	for (char **entry = store_settings()->redirect_urls; *entry; entry++)
		if (base_redirect_matches(*entry, redirect_uri))
			return;
	base_raise(FA_REDIRECT_NOT_ALLOWED, NULL);
}

static void
oauth_append(StringInfo url, const char *name, const char *value)
{
	appendStringInfoChar(url, strchr(url->data, '?') ? '&' : '?');
	appendStringInfo(url, "%s=", name);
	base_url_append(url, value);
}

static char *
oauth_scopes(const AuthProvider *provider)
{
	StringInfoData s;

	initStringInfo(&s);
	for (char **scope = provider->row.scopes; *scope; scope++)
		appendStringInfo(&s, "%s%s", s.len > 0 ? " " : "", *scope);
	return s.data;
}

static char *
oauth_challenge(const char *verifier)
{
	unsigned char digest[CR_HASH_MAX_BYTES];
	char	   *challenge = palloc(CR_BASE64URL_LEN(32) + 1);

	if (!cr_digest(CR_SHA256, verifier, strlen(verifier), digest))
		base_raise(FA_INTERNAL_ERROR, "could not hash a verifier");
	cr_base64url_encode(digest, cr_hash_size(CR_SHA256), challenge);
	return challenge;
}

static char *
oauth_url(const AuthProvider *provider, const AuthOauthState *state, const char *text)
{
	StringInfoData url;
	char	   *scopes = oauth_scopes(provider);

	initStringInfo(&url);
	appendStringInfoString(&url, provider->authorization_endpoint);
	oauth_append(&url, "response_type", "code");
	oauth_append(&url, "client_id", provider->row.client_id);
	oauth_append(&url, "redirect_uri", state->redirect_uri);
	if (scopes[0])
		oauth_append(&url, "scope", scopes);
	oauth_append(&url, "state", text);
	oauth_append(&url, "code_challenge", oauth_challenge(state->verifier));
	oauth_append(&url, "code_challenge_method", "S256");
	if (provider->row.oidc)
		oauth_append(&url, "nonce", state->nonce);
	if (provider->preset && provider->preset->form_post && scopes[0])
		oauth_append(&url, "response_mode", "form_post");
	return url.data;
}

void
auth_oauth_begin(const char *name, const char *redirect_uri, AuthOauthFlow flow, AuthOauthBegin *begin)
{
	AuthOauthState state = {.flow = flow, .redirect_uri = redirect_uri};
	AuthProvider provider;
	AuthFetch  *fetch;

	auth_rate_check(SHMEM_RATE_OAUTH, NULL);
	if (flow == AUTH_OAUTH_LINK)
	{
		const AuthIdentity *identity = auth_identity_require_recent();

		state.has_session = true;
		state.session_id = identity->session_id;
		state.user_id = identity->user_id;
	}
	auth_provider_get(name, &provider);
	oauth_check_redirect(redirect_uri);
	fetch = auth_fetch_begin();
	auth_provider_discover(&provider, fetch);
	auth_fetch_end(fetch);
	state.provider = provider.row.name;
	state.issuer = provider.row.issuer;
	auth_oauth_state_begin(&state, &begin->texts);
	begin->url = oauth_url(&provider, &state, begin->texts.state);
}

/* ---- callback ---- */

typedef struct OauthWork
{
	const AuthOauthAnswer *answer;
	AuthProvider provider;
	AuthOauthState state;
	AuthExternal external;
	AuthTokenPair *pair;
} OauthWork;

/* An administrator may have changed it while we waited: what it is now decides. */
static void
oauth_look_again(OauthWork *work)
{
	auth_provider_get(work->answer->provider, &work->provider);
	if (strcmp(work->provider.row.issuer, work->state.issuer) != 0)
		base_raise(FA_INVALID_TOKEN, "invalid state");
}

static void
oauth_exchange(OauthWork *work)
{
	auth_oauth_exchange(&work->provider, &work->state, work->answer->code, work->answer->iss, &work->external);
	if (!auth_oauth_state_take(work->answer->state))
		base_raise(FA_INVALID_TOKEN, "invalid state");
	oauth_look_again(work);
}

static void
oauth_callback_work(void *arg)
{
	OauthWork  *work = arg;

	oauth_exchange(work);
	auth_oauth_signin(&work->provider, &work->external, work->pair);
	auth_external_wipe(&work->external);
}

void
auth_oauth_callback(const AuthOauthAnswer *answer, AuthTokenPair *pair)
{
	OauthWork	work = {.answer = answer, .pair = pair};

	auth_rate_check(SHMEM_RATE_SIGNIN, NULL);
	auth_provider_get(answer->provider, &work.provider);
	auth_oauth_state_look(answer->state, answer->browser_secret, answer->provider, work.provider.row.issuer,
						  AUTH_OAUTH_SIGNIN, &work.state);
	auth_oauth_state_guard(answer->state, oauth_callback_work, &work);
}

/* The session that began it, still live and recent: asked for before the network and after it. */
static const AuthIdentity *
oauth_require_beginner(const AuthOauthState *state)
{
	const AuthIdentity *identity = auth_identity_require_recent();

	if (!state->has_session || memcmp(&identity->session_id, &state->session_id, sizeof(pg_uuid_t)) != 0 ||
		memcmp(&identity->user_id, &state->user_id, sizeof(pg_uuid_t)) != 0)
		base_raise(FA_INVALID_TOKEN, "invalid state");
	return identity;
}

static void
oauth_link_work(void *arg)
{
	OauthWork  *work = arg;
	pg_uuid_t	user_id;

	oauth_exchange(work);
	user_id = oauth_require_beginner(&work->state)->user_id;
	auth_oauth_link(&work->provider, &work->external, &user_id);
	auth_external_wipe(&work->external);
}

void
auth_oauth_link_callback(const AuthOauthAnswer *answer)
{
	OauthWork	work = {.answer = answer};

	(void) auth_identity_require_recent();
	auth_rate_check(SHMEM_RATE_OAUTH, NULL);
	auth_provider_get(answer->provider, &work.provider);
	auth_oauth_state_look(answer->state, answer->browser_secret, answer->provider, work.provider.row.issuer,
						  AUTH_OAUTH_LINK, &work.state);
	(void) oauth_require_beginner(&work.state);
	auth_oauth_state_guard(answer->state, oauth_link_work, &work);
}

void
auth_oauth_error(const char *provider, const char *state)
{
	AuthProvider known;

	auth_rate_check(SHMEM_RATE_OAUTH, NULL);
	auth_provider_get(provider, &known);
	auth_oauth_state_drop(state, provider);
}

/* ---- ID tokens of apps ---- */

/*
 * What was signed, without the signature: an ECDSA signature can be written in
 * two ways, and the second would be a new token.
 */
static void
oauth_use_id_token(const char *id_token)
{
	char	   *signed_part = pnstrdup(id_token, strrchr(id_token, '.') - id_token);
	TimestampTz until = GetCurrentTimestamp() + 4 * OAUTH_ID_TOKEN_SECONDS * USECS_PER_SEC;

	if (!store_session_store_add(OAUTH_ID_TOKEN_KIND, signed_part, base_jsonb_parse("{}"), until))
		base_raise(FA_INVALID_TOKEN, NULL);
}

static char **
oauth_audiences(const AuthProvider *provider)
{
	char	  **more = provider->row.id_token_audiences;
	char	  **all;
	int			n = 0;

	while (more[n])
		n++;
	all = palloc(sizeof(char *) * (n + 2));
	memcpy(all, more, sizeof(char *) * n);
	all[n] = provider->row.client_id;
	all[n + 1] = NULL;
	return all;
}

void
auth_oauth_id_token(const char *name, const char *id_token, const char *nonce, AuthTokenPair *pair)
{
	AuthProvider provider;
	AuthExternal external = {.expires_in = -1};
	AuthIdTokenRequest request = {.provider = &provider, .nonce = nonce, .max_age = OAUTH_ID_TOKEN_SECONDS};

	auth_rate_check(SHMEM_RATE_OAUTH, NULL);
	auth_provider_get(name, &provider);
	if (!provider.row.oidc)
		base_raise(FA_INVALID_ARGUMENT, "identity provider %s has no ID tokens", provider.row.name);
	if (nonce[0] == '\0')
		base_raise(FA_INVALID_ARGUMENT, "nonce must not be empty");
	/* Here nothing but the nonce ties a token to who presents it. */
	provider.no_nonce = false;
	request.audiences = oauth_audiences(&provider);
	request.fetch = auth_fetch_begin();
	auth_provider_discover(&provider, request.fetch);
	auth_oidc_verify(&request, id_token, &external);
	auth_fetch_end(request.fetch);
	oauth_use_id_token(id_token);
	auth_oauth_signin(&provider, &external, pair);
}

/* ---- the provider's own tokens ---- */

static char *
oauth_open(const StoreOauthAccount *account, const char *column, const bytea *sealed)
{
	char		pk[BASE_UUID_TEXT_LEN + 1];
	size_t		len;

	base_uuid_format(&account->id, pk);
	return auth_unseal(AUTH_PROVIDER_TOKEN_SEAL, column, pk, sealed, &len);
}

static void
oauth_find_account(const pg_uuid_t *user_id, const StoreOauthProvider *provider, StoreOauthAccount *account)
{
	StoreOauthAccount *accounts;
	int			n = store_oauth_accounts_of_user(user_id, &accounts);

	for (int i = 0; i < n; i++)
	{
		if (accounts[i].access_token == NULL)
			continue;
		/* The tokens of another issuer, which had this name before, are not sent to this one. */
		if (strcmp(accounts[i].provider, provider->name) != 0 || strcmp(accounts[i].issuer, provider->issuer) != 0)
			continue;
		*account = accounts[i];
		return;
	}
	base_raise_hint(FA_PROVIDER_NOT_FOUND, "Tokens are kept from the next sign-in on after configure('store_provider_tokens', 'on').",
					"no token of this provider is kept");
}

/*
 * A new one for the refresh token.  Nothing is locked meanwhile: of two that
 * renew at once the later one is kept, or gets provider_error where a refresh
 * token is good once, and finds the new one when it tries again.
 */
static char *
oauth_renew(AuthProvider *provider, StoreOauthAccount *account)
{
	char	   *refresh_token = oauth_open(account, "refresh_token", account->refresh_token);
	AuthExternal external;
	char	   *token;

	auth_oauth_refresh(provider, refresh_token, &external);
	explicit_bzero(refresh_token, strlen(refresh_token));
	auth_oauth_account_take_tokens(account, &external);
	store_oauth_accounts_update(account);
	token = pstrdup(external.access_token);
	auth_external_wipe(&external);
	return token;
}

char *
auth_oauth_provider_token(const char *name)
{
	const AuthIdentity *identity = auth_identity_require_live();
	AuthProvider provider;
	StoreOauthAccount account;

	auth_provider_get(name, &provider);
	oauth_find_account(&identity->user_id, &provider.row, &account);
	if (TIMESTAMP_IS_NOBEGIN(account.token_expires_at) ||
		account.token_expires_at - OAUTH_TOKEN_MARGIN > GetCurrentTimestamp())
		return oauth_open(&account, "access_token", account.access_token);
	if (account.refresh_token == NULL)
		base_raise_hint(FA_PROVIDER_ERROR, "Sign in with the provider again.", "the provider's token has expired");
	return oauth_renew(&provider, &account);
}
