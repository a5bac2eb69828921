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
#include "auth/oauth_guard.h"
#include "auth/provider.h"
#include "auth/rate.h"
#include "auth/seal.h"
#include "auth/token.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/url.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "crypto/opaque.h"
#include "lib/stringinfo.h"
#include "store/session_store.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* An ID token that was presented is refused again for longer than one is taken. */
#define OAUTH_ID_TOKEN_KIND		"id_token"
#define OAUTH_ID_TOKEN_ACCOUNT	"failures-id-token"
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
	auth_provider_get(name, true, &provider);
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
	auth_provider_get(work->answer->provider, false, &work->provider);
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
}

void
auth_oauth_callback(const AuthOauthAnswer *answer, AuthTokenPair *pair)
{
	OauthWork	work = {.answer = answer, .pair = pair};

	auth_rate_check(SHMEM_RATE_SIGNIN, NULL);
	auth_provider_get(answer->provider, false, &work.provider);
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
}

void
auth_oauth_link_callback(const AuthOauthAnswer *answer)
{
	OauthWork	work = {.answer = answer};

	(void) auth_identity_require_recent();
	auth_rate_check(SHMEM_RATE_OAUTH, NULL);
	auth_provider_get(answer->provider, false, &work.provider);
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
	auth_provider_get(provider, false, &known);
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

typedef struct OauthIdTokenWork
{
	AuthProvider provider;
	const char *id_token;
	const char *nonce;
	AuthTokenPair *pair;
} OauthIdTokenWork;

static void
oauth_id_token_work(void *arg)
{
	OauthIdTokenWork *work = arg;
	AuthExternal external = {.expires_in = -1};
	AuthIdTokenRequest request = {
		.provider = &work->provider, .nonce = work->nonce, .max_age = OAUTH_ID_TOKEN_SECONDS
	};

	request.audiences = oauth_audiences(&work->provider);
	request.fetch = auth_fetch_begin();
	auth_provider_discover(&work->provider, request.fetch);
	auth_oidc_verify(&request, work->id_token, &external);
	auth_fetch_end(request.fetch);
	oauth_use_id_token(work->id_token);
	auth_oauth_signin(&work->provider, &external, work->pair);
}

/* What stands for a token where a uuid is wanted: a keyed hash, as somebody may have typed anything. */
static void
oauth_id_token_account(const char *id_token, pg_uuid_t *account)
{
	unsigned char hash[AUTH_KEYED_HASH_BYTES];

	auth_keyed_hash(OAUTH_ID_TOKEN_ACCOUNT, id_token, strlen(id_token), hash);
	memcpy(account->data, hash, sizeof(account->data));
}

/* What is refused is not used up: after a failure of the provider, or of the gate, the app tries again. */
void
auth_oauth_id_token(const char *name, const char *id_token, const char *nonce, AuthTokenPair *pair)
{
	OauthIdTokenWork work = {.id_token = id_token, .nonce = nonce, .pair = pair};
	pg_uuid_t	account;

	auth_rate_check(SHMEM_RATE_OAUTH, NULL);
	auth_provider_get(name, false, &work.provider);
	if (!work.provider.row.oidc)
		base_raise(FA_INVALID_ARGUMENT, "identity provider %s has no ID tokens", work.provider.row.name);
	if (nonce[0] == '\0')
		base_raise(FA_INVALID_ARGUMENT, "nonce must not be empty");
	/* Here nothing but the nonce ties a token to who presents it. */
	work.provider.no_nonce = false;
	oauth_id_token_account(id_token, &account);
	auth_oauth_guard(SHMEM_REQUEST_ID_TOKEN, &account, oauth_id_token_work, &work);
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

/* Is the kept token good for that long from now?  One whose end is not known may be. */
static bool
oauth_is_good_for(const StoreOauthAccount *account, int64 usecs)
{
	return TIMESTAMP_IS_NOBEGIN(account->token_expires_at) || account->token_expires_at - usecs > GetCurrentTimestamp();
}

static char *
oauth_open_access_token(const StoreOauthAccount *account)
{
	return oauth_open(account, "access_token", account->access_token);
}

static char *
oauth_open_refresh_token(const StoreOauthAccount *account)
{
	char	   *token = oauth_open(account, "refresh_token", account->refresh_token);

	auth_wipe_later(token, strlen(token));
	return token;
}

/* Is this still the refresh token that is kept?  A sign-in meanwhile keeps another one. */
static bool
oauth_still_keeps(const StoreOauthAccount *account, const char *refresh_token)
{
	const char *kept = account->refresh_token ? oauth_open_refresh_token(account) : "";

	return cr_equal(kept, strlen(kept), refresh_token, strlen(refresh_token));
}

/* Now that the network is over, the row is locked.  What a sign-in kept meanwhile is newer, and stays. */
static void
oauth_keep_renewed(const StoreOauthAccount *renewed, const char *sent, const AuthExternal *external)
{
	StoreOauthAccount account;

	if (!store_oauth_accounts_hold(&renewed->id, &account) || !oauth_still_keeps(&account, sent))
		return;
	auth_oauth_account_take_tokens(&account, external);
	store_oauth_accounts_update(&account);
}

/* A new one for the refresh token.  Nobody else renews this account meanwhile. */
static char *
oauth_renew(AuthProvider *provider, const pg_uuid_t *user_id, const StoreOauthAccount *account)
{
	char	   *sent = oauth_open_refresh_token(account);
	AuthExternal external;
	const char *problem = auth_oauth_refresh(provider, sent, &external);
	StoreOauthAccount now;

	if (problem == NULL)
	{
		oauth_keep_renewed(account, sent, &external);
		return unconstify(char *, external.access_token);
	}
	/* It may be that a sign-in meanwhile made the provider forget it. */
	oauth_find_account(user_id, &provider->row, &now);
	if (oauth_still_keeps(&now, sent) || !oauth_is_good_for(&now, 0))
		auth_provider_fail(provider, problem);
	return oauth_open_access_token(&now);
}

/*
 * Of callers who find at once that the token is about to expire, one renews it:
 * a provider that takes a refresh token once may take its second use for a
 * theft, and forget all tokens of that sign-in.  The lock is a private one of
 * that account, not of a row, and is held to the end of the transaction, as the
 * next one would not see the new refresh token before.  Meanwhile the others
 * are answered the old one, as long as it is good; then they wait as for any
 * lock (S18).
 */
char *
auth_oauth_provider_token(const char *name)
{
	const AuthIdentity *identity = auth_identity_require_live();
	const pg_uuid_t user_id = identity->user_id;
	AuthProvider provider;
	StoreOauthAccount account;

	auth_provider_get(name, true, &provider);
	oauth_find_account(&user_id, &provider.row, &account);
	if (oauth_is_good_for(&account, account.refresh_token ? OAUTH_TOKEN_MARGIN : 0))
		return oauth_open_access_token(&account);
	if (account.refresh_token == NULL)
		base_raise_hint(FA_PROVIDER_ERROR, "Sign in with the provider again.", "the provider's token has expired");
	if (!store_oauth_accounts_lock_renewal(&account.id, !oauth_is_good_for(&account, 0)))
		return oauth_open_access_token(&account);
	/* Whoever had the lock before has renewed it, as a rule. */
	oauth_find_account(&user_id, &provider.row, &account);
	if (account.refresh_token == NULL || oauth_is_good_for(&account, OAUTH_TOKEN_MARGIN))
		return oauth_open_access_token(&account);
	return oauth_renew(&provider, &user_id, &account);
}
