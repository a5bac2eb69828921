/*
 * session.c
 *		Sessions: how they begin, go on and end.
 *
 * A refresh token has one successor.  Within the grace period, and only while
 * that successor is unused, the same token is answered with the same successor:
 * two tabs that refresh at once both go on, and a thief who comes second gets
 * no chain of his own.  Any other second use is a replay, and ends the session.
 * The successor is kept sealed under a key derived from the presented token, so
 * the row alone opens nothing.
 */
#include "auth/session.h"

#include "auth/cleanup.h"
#include "auth/client.h"
#include "auth/cookie.h"
#include "auth/csrf.h"
#include "auth/rate.h"
#include "auth/event.h"
#include "auth/hook.h"
#include "auth/notice.h"
#include "auth/token.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/uuid.h"
#include "crypto/seal.h"
#include "shmem/database.h"
#include "shmem/recorder.h"
#include "store/failures.h"
#include "store/instance.h"
#include "store/refresh_tokens.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* A rotation that lost a race is looked at again; a token cannot be unspent, so the second look decides. */
#define SESSION_REFRESH_TRIES 2

static void
session_make_token(const char *prefix, CrOpaque *token)
{
	if (!cr_opaque_make(prefix, token))
		base_raise(FA_INTERNAL_ERROR, "could not get random bytes");
}

static void
session_issue(const StoreUser *user, const pg_uuid_t *session_id, TimestampTz authenticated_at,
			  TimestampTz expires_at, AuthTokenPair *pair)
{
	AuthTokenRequest request = {
		.user = user, .session_id = session_id, .authenticated_at = authenticated_at,
		.not_after = expires_at, .ttl = store_settings()->access_token_ttl
	};

	pair->token_type = "bearer";
	pair->access_token = auth_token_issue(&request, &pair->expires_in);
	pair->session_id = *session_id;
}

/* The last token of the pair, which is made now, is good until then. */
static void
session_set_lifetime(AuthTokenPair *pair, TimestampTz now, TimestampTz until)
{
	pair->lifetime = Max(until - now, 0) / USECS_PER_SEC;
}

/*
 * From now on a lock by strangers does not keep this user out from here.  The
 * session alone does not tell: a refresh moves its address, and it ends.
 */
static void
session_note_address(const StoreSession *session, TimestampTz now)
{
	ShmemAddress address = shmem_address(session->ip_address);

	store_failures_note_known(&session->user_id, &address, now - store_settings()->failure_retention / 2);
}

/*
 * Does the owner of the address have to hear of this sign-in?  Each new address
 * tells once, and only who got in can cause it, so there is no other limit.
 */
static bool
session_is_of_new_device(const AuthSessionRequest *request)
{
	ShmemAddress address;

	if (!store_settings()->email_new_device || !request->user->email_verified || request->first_proof ||
		!auth_mail_configured(AUTH_MAIL_NEW_DEVICE_SIGNIN))
		return false;
	address = shmem_address(auth_client_address());
	return store_failures_is_new_device(&request->user->id, &address, auth_client_user_agent());
}

/* The session of a sign-in, as it is going to be stored. */
static void
session_compose(const AuthSessionRequest *request, StoreSession *session)
{
	TimestampTz now = GetCurrentTimestamp();

	memset(session, 0, sizeof(*session));
	base_uuid_make(&session->id);
	session->user_id = request->user->id;
	session->created_at = session->last_used_at = session->authenticated_at = now;
	session->expires_at = now + (request->remember ? store_settings()->remember_me_lifetime
								 : store_settings()->session_max_lifetime);
	session->provider = unconstify(char *, request->provider);
	session->ip_address = auth_client_address();
	session->user_agent = auth_client_user_agent();
	session->data = base_jsonb_parse("{}");
}

/* Store a session, with its first refresh token if it has one; the oldest over the limit goes. */
static bool
session_insert(const StoreSession *session, const char *expected_hash,
			   const void *refresh_hash, TimestampTz refresh_expires_at)
{
	if (!store_sessions_insert(session, expected_hash, refresh_hash, refresh_expires_at))
		return false;
	store_sessions_cut(&session->user_id, session->created_at);
	auth_cleanup_due(session->expires_at);
	return true;
}

/* Strategy jwt: an access token, and the first refresh token of the session. */
static bool
session_begin_jwt(const AuthSessionRequest *request, const StoreSession *session, AuthTokenPair *pair)
{
	TimestampTz refresh_expires_at = Min(session->created_at + store_settings()->refresh_token_ttl, session->expires_at);
	CrOpaque	token;
	bool		begun;

	session_make_token(CR_REFRESH_PREFIX, &token);
	begun = session_insert(session, request->expected_hash, token.hash, refresh_expires_at);
	session_set_lifetime(pair, session->created_at, refresh_expires_at);
	memcpy(pair->refresh_token, token.text, sizeof(pair->refresh_token));
	cr_opaque_wipe(&token);
	if (begun)
		session_issue(request->user, &session->id, session->authenticated_at, session->expires_at, pair);
	return begun;
}

/*
 * Strategy database: one session token.  Its end moves with its use, so the one
 * that stands there now is the last that it can move to.  What the claims will
 * need is asked for here, so that it is the sign-in that tells what is missing.
 */
static bool
session_begin_database(const AuthSessionRequest *request, StoreSession *session, AuthTokenPair *pair)
{
	CrOpaque	token;
	bool		begun;

	store_instance_ensure();
	(void) auth_token_role(request->user);
	session_make_token(CR_SESSION_PREFIX, &token);
	session->token_hash = token.hash;
	session->max_expires_at = session->expires_at;
	session->expires_at = Min(session->created_at + store_settings()->session_ttl, session->max_expires_at);
	auth_hook_modify_session(session, request->user);
	begun = session_insert(session, request->expected_hash, NULL, session->expires_at);
	session->token_hash = NULL;
	pair->token_type = "session";
	pair->access_token = pstrdup(token.text);
	pair->refresh_token[0] = '\0';
	pair->expires_in = (int) ((session->expires_at - session->created_at) / USECS_PER_SEC);
	session_set_lifetime(pair, session->created_at, session->max_expires_at);
	cr_opaque_wipe(&token);
	return begun;
}

bool
auth_session_begin(const AuthSessionRequest *request, AuthTokenPair *pair)
{
	StoreSession session;
	bool		new_device = session_is_of_new_device(request);
	bool		begun;

	session_compose(request, &session);
	pair->session_id = session.id;
	if (strcmp(store_settings()->session_strategy, "database") == 0)
		begun = session_begin_database(request, &session, pair);
	else
		begun = session_begin_jwt(request, &session, pair);
	if (!begun)
		return false;
	session_note_address(&session, session.created_at);
	if (new_device)
		auth_notice(AUTH_MAIL_NEW_DEVICE_SIGNIN, request->user, NULL);
	return true;
}

void
auth_session_create(StoreSession *session, int64 ttl)
{
	TimestampTz now = GetCurrentTimestamp();

	base_uuid_make(&session->id);
	session->created_at = session->last_used_at = session->authenticated_at = now;
	session->expires_at = now + ttl;
	if (!session_insert(session, NULL, NULL, now))
	{
		bool		active;

		if (!store_users_is_active(&session->user_id, &active))
			base_raise(FA_USER_NOT_FOUND, NULL);
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	}
}

/* How the successor of a token is sealed: the token's secret is the key, its hash says where it stands. */
static CrSealContext
session_seal_context(const CrOpaque *token)
{
	CrSealContext context = {
		.instance = token->hash,
		.purpose = "refresh-successor",
		.ad = token->hash,
		.ad_len = sizeof(token->hash)
	};

	return context;
}

static bytea *
session_seal_successor(const CrOpaque *token, const CrOpaque *successor)
{
	CrSealContext context = session_seal_context(token);
	size_t		max = sizeof(successor->text) + CR_SEAL_OVERHEAD_MAX;
	bytea	   *sealed = palloc(VARHDRSZ + max);
	size_t		len;

	len = cr_seal(token->secret, "token", &context, successor->text, strlen(successor->text),
				  (unsigned char *) VARDATA(sealed));
	if (len == 0)
		base_raise(FA_INTERNAL_ERROR, "could not seal a token");
	SET_VARSIZE(sealed, VARHDRSZ + len);
	return sealed;
}

static bool
session_unseal_successor(const CrOpaque *token, const bytea *sealed, char *text)
{
	CrSealContext context = session_seal_context(token);
	unsigned char plain[CR_OPAQUE_TEXT_SIZE + CR_SEAL_OVERHEAD_MAX];
	size_t		len;
	bool		good;

	good = VARSIZE(sealed) - VARHDRSZ <= sizeof(plain) &&
		cr_unseal(token->secret, &context, (const unsigned char *) VARDATA(sealed),
				  VARSIZE(sealed) - VARHDRSZ, plain, &len) &&
		len == CR_OPAQUE_TEXT_SIZE - 1;
	if (good)
	{
		memcpy(text, plain, len);
		text[len] = '\0';
	}
	explicit_bzero(plain, sizeof(plain));
	return good;
}

/* The hooks of a refresh, in whose eyes the session goes on as it began; an error leaves the token unspent. */
static void
session_refresh_hooks(StoreRefresh *refresh)
{
	auth_hook_allow_signin(&refresh->user, refresh->provider);
	auth_hook_tell(STORE_HOOK_ON_TOKEN_REFRESH, &refresh->user, NULL);
	if (!refresh->user.is_active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
}

/* Spend the token; false when that cannot be done, for whatever reason. */
static bool
session_rotate(const CrOpaque *token, AuthTokenPair *pair)
{
	const FaSettings *settings = store_settings();
	CrOpaque	successor;
	StoreRefresh refresh;
	StoreRotation rotation = {
		.token_hash = token->hash,
		.successor_hash = successor.hash,
		.now = GetCurrentTimestamp(),
		.require_verified_email = settings->require_verified_email,
		.ip_address = auth_client_address(),
		.user_agent = auth_client_user_agent()
	};

	rotation.successor_expires_at = rotation.now + settings->refresh_token_ttl;
	session_make_token(CR_REFRESH_PREFIX, &successor);
	rotation.sealed_successor = session_seal_successor(token, &successor);
	memcpy(pair->refresh_token, successor.text, sizeof(pair->refresh_token));
	if (!store_refresh_tokens_rotate(&rotation, &refresh))
	{
		cr_opaque_wipe(&successor);
		return false;
	}
	cr_opaque_wipe(&successor);
	auth_rate_check_user(SHMEM_RATE_REFRESH, &refresh.user.id);
	session_refresh_hooks(&refresh);
	auth_event(AUTH_EVENT_TOKEN_REFRESH, &refresh.user.id, &refresh.session_id, NULL);
	session_issue(&refresh.user, &refresh.session_id, refresh.authenticated_at,
				  refresh.session_expires_at, pair);
	session_set_lifetime(pair, rotation.now, Min(rotation.successor_expires_at, refresh.session_expires_at));
	return true;
}

/*
 * A used token came again: somebody has a copy.  Its session ends, durably
 * though this statement fails.  FA_REFRESH_TOKEN_REUSED once that is so.
 */
static FaError
session_end_replayed(const StoreRefresh *refresh)
{
	ShmemRequest request = {
		.kind = SHMEM_REQUEST_REPLAY, .account = refresh->user.id, .is_user = true,
		.has_session = true, .session_id = refresh->session_id,
		.at = GetCurrentTimestamp(), .locked_until = DT_NOBEGIN, .row = true
	};
	int			slot;

	base_uuid_make(&request.id);
	request.address = shmem_address(auth_client_address());
	slot = shmem_recorder_reserve(&request.account, &request.address);
	if (slot == SHMEM_NO_SLOT)
		return FA_RECORDER_UNAVAILABLE;
	shmem_recorder_post(slot, &request);
	shmem_count(SHMEM_COUNT_REPLAYS, 1);
	return shmem_recorder_wait(slot) ? FA_REFRESH_TOKEN_REUSED : FA_RECORDER_UNAVAILABLE;
}

/*
 * Answer a token that cannot be spent: with its successor (FA_OK), or with the
 * reason.  FA_SERVER_BUSY: it became spendable between the two looks.
 */
static FaError
session_answer_again(const CrOpaque *token, AuthTokenPair *pair)
{
	const FaSettings *settings = store_settings();
	TimestampTz now = GetCurrentTimestamp();
	StoreRefreshState state;
	bool		active;

	if (!store_refresh_tokens_look(token->hash, now, &state))
		return FA_INVALID_TOKEN;
	if (state.session_ended)
		return FA_SESSION_REVOKED;
	if (!state.refresh.user.is_active)
		return FA_ACCOUNT_INACTIVE;
	if (settings->require_verified_email && !state.refresh.user.email_verified)
		return FA_EMAIL_NOT_VERIFIED;
	if (TIMESTAMP_IS_NOBEGIN(state.used_at))
		return state.expired ? FA_TOKEN_EXPIRED : FA_SERVER_BUSY;
	if (state.sealed_successor == NULL || state.used_at + settings->refresh_reuse_grace <= now ||
		!session_unseal_successor(token, state.sealed_successor, pair->refresh_token))
		return session_end_replayed(&state.refresh);
	auth_rate_check_user(SHMEM_RATE_REFRESH, &state.refresh.user.id);
	auth_hook_allow_signin(&state.refresh.user, state.refresh.provider);
	/* Which may have deactivated the user. */
	if (!store_users_is_active(&state.refresh.user.id, &active) || !active)
		return FA_ACCOUNT_INACTIVE;
	session_issue(&state.refresh.user, &state.refresh.session_id, state.refresh.authenticated_at,
				  state.refresh.session_expires_at, pair);
	session_set_lifetime(pair, now, Min(state.used_at + settings->refresh_token_ttl, state.refresh.session_expires_at));
	return FA_OK;
}

/*
 * What the request's refresh cookie is of.  A browser sends it without being
 * asked, so the page has to show the CSRF token too, before anything changes.
 */
static bool
session_look_by_cookie(CrOpaque *token, StoreRefreshState *state)
{
	const char *cookie = auth_cookie_get(AUTH_COOKIE_REFRESH);

	if (cookie == NULL || !cr_opaque_parse(CR_REFRESH_PREFIX, cookie, token))
		return false;
	if (!store_refresh_tokens_look(token->hash, GetCurrentTimestamp(), state))
	{
		cr_opaque_wipe(token);
		return false;
	}
	return true;
}

/* Also by a token that was used before: whoever has it, the session is better ended. */
bool
auth_session_of_cookie(pg_uuid_t *session_id, pg_uuid_t *user_id, bool *is_spent)
{
	StoreRefreshState state;
	CrOpaque	token;

	if (!session_look_by_cookie(&token, &state))
		return false;
	cr_opaque_wipe(&token);
	*session_id = state.refresh.session_id;
	*user_id = state.refresh.user.id;
	*is_spent = state.expired || !TIMESTAMP_IS_NOBEGIN(state.used_at);
	return !state.session_ended;
}

/* The token that is to be spent. */
static void
session_need_token(const char *refresh_token, CrOpaque *token)
{
	StoreRefreshState state;

	if (refresh_token)
	{
		if (!cr_opaque_parse(CR_REFRESH_PREFIX, refresh_token, token))
			base_raise(FA_INVALID_TOKEN, NULL);
		return;
	}
	if (!session_look_by_cookie(token, &state))
		base_raise_hint(FA_INVALID_TOKEN, "Sign in again; signout removes the cookies of a session that is over.", NULL);
	auth_csrf_check_request(&state.refresh.session_id);
}

void
auth_session_refresh(const char *refresh_token, AuthTokenPair *pair)
{
	CrOpaque	token;
	FaError		error = FA_SERVER_BUSY;

	auth_rate_check(SHMEM_RATE_REFRESH, NULL);
	session_need_token(refresh_token, &token);
	for (int i = 0; i < SESSION_REFRESH_TRIES && error == FA_SERVER_BUSY; i++)
		error = session_rotate(&token, pair) ? FA_OK : session_answer_again(&token, pair);
	cr_opaque_wipe(&token);
	if (error != FA_OK)
		base_raise_hint(error, error == FA_TOKEN_EXPIRED ? "Sign in again." : NULL, NULL);
	shmem_count(SHMEM_COUNT_REFRESHES, 1);
}
