/*
 * session.c
 *		Sessions: how they begin, go on and end.
 *
 * A refresh token has one successor.  Within the grace period, and only while
 * that successor is unused, the same token is answered with the same successor:
 * two tabs that refresh at once both go on, and a thief who comes second gets
 * no chain of his own.  The successor is kept sealed under a key derived from
 * the presented token, so the row alone opens nothing.
 */
#include "auth/session.h"

#include "auth/client.h"
#include "auth/event.h"
#include "auth/token.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "base/uuid.h"
#include "crypto/seal.h"
#include "store/refresh_tokens.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* A rotation that lost a race is looked at again; a token cannot be unspent, so the second look decides. */
#define SESSION_REFRESH_TRIES 2

static void
session_make_token(CrOpaque *token)
{
	if (!cr_opaque_make(CR_REFRESH_PREFIX, token))
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

	pair->access_token = auth_token_issue(&request, &pair->expires_in);
}

bool
auth_session_begin(const AuthSessionRequest *request, AuthTokenPair *pair)
{
	TimestampTz now = GetCurrentTimestamp();
	StoreSession session = {0};
	CrOpaque	token;

	base_uuid_make(&session.id);
	session.user_id = request->user->id;
	session.created_at = session.last_used_at = session.authenticated_at = now;
	session.expires_at = now + (request->remember ? store_settings()->remember_me_lifetime
								: store_settings()->session_max_lifetime);
	session.provider = unconstify(char *, request->provider);
	session.ip_address = auth_client_address();
	session.user_agent = auth_client_user_agent();
	session.data = base_jsonb_parse("{}");

	session_make_token(&token);
	if (!store_sessions_insert(&session, request->expected_hash, token.hash,
							   Min(now + store_settings()->refresh_token_ttl, session.expires_at)))
	{
		cr_opaque_wipe(&token);
		return false;
	}
	pair->session_id = session.id;
	memcpy(pair->refresh_token, token.text, sizeof(pair->refresh_token));
	cr_opaque_wipe(&token);
	store_sessions_cut(&session.user_id, now);
	session_issue(request->user, &session.id, now, session.expires_at, pair);
	return true;
}

void
auth_session_create(StoreSession *session, int64 ttl)
{
	TimestampTz now = GetCurrentTimestamp();

	base_uuid_make(&session->id);
	session->created_at = session->last_used_at = session->authenticated_at = now;
	session->expires_at = now + ttl;
	if (!store_sessions_insert(session, NULL, NULL, now))
	{
		bool		active;

		if (!store_users_is_active(&session->user_id, &active))
			base_raise(FA_USER_NOT_FOUND, NULL);
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	}
	store_sessions_cut(&session->user_id, now);
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
	session_make_token(&successor);
	rotation.sealed_successor = session_seal_successor(token, &successor);
	memcpy(pair->refresh_token, successor.text, sizeof(pair->refresh_token));
	if (!store_refresh_tokens_rotate(&rotation, &refresh))
	{
		cr_opaque_wipe(&successor);
		return false;
	}
	cr_opaque_wipe(&successor);
	auth_event(AUTH_EVENT_TOKEN_REFRESH, &refresh.user.id, &refresh.session_id, NULL);
	session_issue(&refresh.user, &refresh.session_id, refresh.authenticated_at,
				  refresh.session_expires_at, pair);
	return true;
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
		return FA_REFRESH_TOKEN_REUSED;
	session_issue(&state.refresh.user, &state.refresh.session_id, state.refresh.authenticated_at,
				  state.refresh.session_expires_at, pair);
	return FA_OK;
}

void
auth_session_refresh(const char *refresh_token, AuthTokenPair *pair)
{
	CrOpaque	token;
	FaError		error = FA_SERVER_BUSY;

	if (!cr_opaque_parse(CR_REFRESH_PREFIX, refresh_token, &token))
		base_raise(FA_INVALID_TOKEN, NULL);
	for (int i = 0; i < SESSION_REFRESH_TRIES && error == FA_SERVER_BUSY; i++)
		error = session_rotate(&token, pair) ? FA_OK : session_answer_again(&token, pair);
	cr_opaque_wipe(&token);
	if (error != FA_OK)
		base_raise_hint(error, error == FA_TOKEN_EXPIRED ? "Sign in again." : NULL, NULL);
}
