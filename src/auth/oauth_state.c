/*
 * oauth_state.c
 *		The state of an OAuth flow, from the authorize URL to the callback.  See oauth_state.h.
 *
 * A state is used once.  When the flow succeeds, its row is deleted with the
 * writes that it led to.  When it fails, that deletion would be rolled back with
 * everything else, so the recorder inserts that it is spent (oauth_guard.c).
 */
#include "auth/oauth_state.h"

#include "auth/oauth_guard.h"
#include "base/errors.h"
#include "base/json.h"
#include "base/jsonb.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "miscadmin.h"
#include "shmem/recorder.h"
#include "store/failures.h"
#include "store/session_store.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#define STATE_KIND			"oauth_state"
#define STATE_VERIFIER		"oauth-verifier"
#define STATE_NONCE			"oauth-nonce"

static const char *const state_flows[] = {
	[AUTH_OAUTH_SIGNIN] = "signin",
	[AUTH_OAUTH_LINK] = "link",
};

/* ---- texts ---- */

static void
state_derive(const char *purpose, const char *text, char *out)
{
	unsigned char hash[AUTH_KEYED_HASH_BYTES];

	auth_keyed_hash(purpose, text, strlen(text), hash);
	cr_base64url_encode(hash, sizeof(hash), out);
	explicit_bzero(hash, sizeof(hash));
}

static void
state_derive_both(const char *text, AuthOauthState *state)
{
	state_derive(STATE_VERIFIER, text, state->verifier);
	state_derive(STATE_NONCE, text, state->nonce);
}

/* The hash of a browser's secret, as text for the row; of what is none, one that no row has. */
static char *
state_browser_hash(const char *browser_secret)
{
	char	   *text = palloc(CR_BASE64URL_LEN(CR_OPAQUE_HASH_BYTES) + 1);
	CrOpaque	secret;

	if (!cr_opaque_parse(CR_BROWSER_PREFIX, browser_secret, &secret))
		return pstrdup("");
	cr_base64url_encode(secret.hash, sizeof(secret.hash), text);
	cr_opaque_wipe(&secret);
	return text;
}

static void
state_make_text(const char *prefix, char *text)
{
	CrOpaque	opaque;

	if (!cr_opaque_make(prefix, &opaque))
		base_raise(FA_INTERNAL_ERROR, "could not get random bytes");
	strlcpy(text, opaque.text, CR_OPAQUE_TEXT_SIZE);
	cr_opaque_wipe(&opaque);
}

/* ---- begin, look, take ---- */

void
auth_oauth_state_begin(AuthOauthState *state, AuthOauthTexts *texts)
{
	char		session_id[BASE_UUID_TEXT_LEN + 1];
	char		user_id[BASE_UUID_TEXT_LEN + 1];

	state_make_text(CR_STATE_PREFIX, texts->state);
	state_make_text(CR_BROWSER_PREFIX, texts->browser_secret);
	state_derive_both(texts->state, state);
	base_uuid_format(&state->session_id, session_id);
	base_uuid_format(&state->user_id, user_id);
	store_session_store_write(STATE_KIND, texts->state,
							  base_jsonb_object(7, "provider", state->provider, "issuer", state->issuer,
												"redirect_uri", state->redirect_uri, "flow", state_flows[state->flow],
												"browser", state_browser_hash(texts->browser_secret),
												"session_id", state->has_session ? session_id : NULL,
												"user_id", state->has_session ? user_id : NULL),
							  GetCurrentTimestamp() + AUTH_OAUTH_STATE_MINUTES * USECS_PER_MINUTE);
}

/* What stands for a state where a uuid is wanted: half of its hash. */
static bool
state_account(const char *text, pg_uuid_t *account)
{
	CrOpaque	opaque;

	if (!cr_opaque_parse(CR_STATE_PREFIX, text, &opaque))
		return false;
	memcpy(account->data, opaque.hash, sizeof(account->data));
	cr_opaque_wipe(&opaque);
	return true;
}

/* A failure that is posted and not committed yet is in no row. */
static bool
state_is_spent(const char *text)
{
	pg_uuid_t	account;

	if (!state_account(text, &account))
		return true;
	if (!shmem_recorder_settle(&account))
		base_raise(FA_RECORDER_UNAVAILABLE, NULL);
	return store_failures_is_spent(&account);
}

static bool
state_read(const char *text, BaseJsonItems *members)
{
	Jsonb	   *value;
	char	   *json;

	if (!store_session_store_read(STATE_KIND, text, &value))
		return false;
	json = JsonbToCString(NULL, &value->root, VARSIZE(value));
	return base_json_object(json, strlen(json), members);
}

static bool
state_has(const BaseJsonItems *members, const char *name, const char *value)
{
	const char *kept;

	return base_json_string(members, name, &kept) && strcmp(kept, value) == 0;
}

static bool
state_is_of_browser(const BaseJsonItems *members, const char *browser_secret)
{
	const char *browser = state_browser_hash(browser_secret);
	const char *kept;

	return base_json_string(members, "browser", &kept) && cr_equal(kept, strlen(kept), browser, strlen(browser));
}

void
auth_oauth_state_look(const char *text, const char *browser_secret, const char *provider, const char *issuer,
					  AuthOauthFlow flow, AuthOauthState *state)
{
	BaseJsonItems members;
	const char *id;

	memset(state, 0, sizeof(*state));
	if (!state_read(text, &members) || !state_has(&members, "provider", provider) || !state_has(&members, "issuer", issuer) ||
		!state_has(&members, "flow", state_flows[flow]) || !state_is_of_browser(&members, browser_secret) || state_is_spent(text))
		base_raise_hint(FA_INVALID_TOKEN, "Begin anew with fastauth.oauth_authorize_url(); a state is good once, for ten minutes, in the browser that began.",
						"invalid state");
	state->flow = flow;
	state->provider = provider;
	state->issuer = issuer;
	(void) base_json_string(&members, "redirect_uri", &state->redirect_uri);
	if (base_json_string(&members, "session_id", &id))
		state->has_session = base_uuid_parse(id, &state->session_id);
	if (base_json_string(&members, "user_id", &id))
		(void) base_uuid_parse(id, &state->user_id);
	state_derive_both(text, state);
}

bool
auth_oauth_state_take(const char *text)
{
	return store_session_store_take(STATE_KIND, text, NULL);
}

void
auth_oauth_state_drop(const char *text, const char *provider)
{
	BaseJsonItems members;

	if (state_read(text, &members) && state_has(&members, "provider", provider))
		(void) auth_oauth_state_take(text);
}

/* ---- a failure spends it ---- */

void
auth_oauth_state_guard(const char *text, void (*work) (void *arg), void *arg)
{
	pg_uuid_t	account;

	if (!state_account(text, &account))
		base_raise(FA_INVALID_TOKEN, "invalid state");
	auth_oauth_guard(SHMEM_REQUEST_STATE, &account, work, arg);
}
