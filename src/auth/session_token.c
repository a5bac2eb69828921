/*
 * session_token.c
 *		Session tokens: the opaque tokens of the database strategy.
 *
 * Nothing is signed here: the row says everything, at each use, under a fresh
 * snapshot.  So a session token is looked at as a refresh token is, too: with
 * require_verified_email on, one of an address that is not verified is refused.
 *
 * The end of a session moves with its use, but not every use is written: only
 * one that is a step after the last that was.  So a session ends session_ttl
 * after its last use, or up to a step sooner.
 */
#include "auth/session_token.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "auth/client.h"
#include "crypto/opaque.h"
#include "store/settings.h"
#include "utils/timestamp.h"

/* A tenth of session_ttl.  With at most a day, last_used_at tells the day; with at most a half, no session is lost. */
static int64
session_token_step(int64 ttl)
{
	int64		step = Min(Max(ttl / 10, USECS_PER_MINUTE), USECS_PER_DAY);

	return Min(step, ttl / 2);
}

void
auth_session_token_use(const pg_uuid_t *session_id, TimestampTz last_used_at, TimestampTz *expires_at)
{
	int64		ttl = store_settings()->session_ttl;
	int64		step = session_token_step(ttl);
	TimestampTz now = GetCurrentTimestamp();
	StoreSessionUse use = {
		.session_id = session_id, .now = now, .used_before = now - step, .expires_at = now + ttl
	};

	/* A standby is always read-only. */
	if (last_used_at > use.used_before || XactReadOnly || IsInParallelMode())
		return;
	use.ip_address = auth_client_address();
	use.user_agent = auth_client_user_agent();
	(void) store_session_tokens_extend(&use, expires_at);
}

/* Is the session live, and may its user go on? */
static FaError
session_token_judge(const StoreSessionToken *found)
{
	if (found->revoked)
		return FA_SESSION_REVOKED;
	if (found->expires_at <= GetCurrentTimestamp())
		return FA_TOKEN_EXPIRED;
	if (!found->user.is_active)
		return FA_ACCOUNT_INACTIVE;
	if (store_settings()->require_verified_email && !found->user.email_verified)
		return FA_EMAIL_NOT_VERIFIED;
	return FA_OK;
}

FaError
auth_session_token_look(const char *token, StoreSessionToken *found)
{
	CrOpaque	opaque;
	bool		known;

	if (!cr_opaque_parse(CR_SESSION_PREFIX, token, &opaque))
		return FA_INVALID_TOKEN;
	known = store_session_tokens_look(opaque.hash, found);
	cr_opaque_wipe(&opaque);
	if (!known)
		return FA_INVALID_TOKEN;
	return session_token_judge(found);
}

FaError
auth_session_token_check_again(const pg_uuid_t *session_id, const pg_uuid_t *user_id)
{
	StoreSessionToken found;
	FaError		error;

	if (!store_session_tokens_get(session_id, &found) || memcmp(&found.user.id, user_id, sizeof(pg_uuid_t)) != 0)
		return FA_INVALID_TOKEN;
	error = session_token_judge(&found);
	if (error == FA_OK && !auth_token_role_is_allowed(&found.user))
		error = FA_NOT_CONFIGURED;
	if (error == FA_OK)
		auth_session_token_use(session_id, found.last_used_at, &found.expires_at);
	return error;
}

FaError
auth_session_token_check(const char *token, AuthAccess *access)
{
	StoreSessionToken found;
	FaError		error = auth_session_token_look(token, &found);

	if (error != FA_OK)
		return error;
	auth_session_token_use(&found.session_id, found.last_used_at, &found.expires_at);

	memset(access, 0, sizeof(*access));
	access->ours = true;
	access->kid = "";
	access->user_id = found.user.id;
	access->has_session = true;
	access->session_id = found.session_id;
	access->dbrole = found.user.dbrole;
	access->issued_at = auth_token_seconds(found.created_at);
	/* The row knows when the session ends; an identity that outlives its transaction ends with it at the latest. */
	access->expires_at = auth_token_seconds(found.max_expires_at);
	access->payload = auth_token_session_claims(&found);
	return FA_OK;
}
