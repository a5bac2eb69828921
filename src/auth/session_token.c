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
 *
 * It is written when the transaction commits.  Written at once, the row would be
 * locked as long as the transaction lasts, and what comes after authenticate()
 * may wait for the network.
 */
#include "auth/session_token.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "auth/client.h"
#include "crypto/opaque.h"
#include "store/extension.h"
#include "store/owner.h"
#include "store/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* A tenth of session_ttl.  With at most a day, last_used_at tells the day; with at most a half, no session is lost. */
static int64
session_token_step(int64 ttl)
{
	int64		step = Min(Max(ttl / 10, USECS_PER_MINUTE), USECS_PER_DAY);

	return Min(step, ttl / 2);
}

/* ---- uses that the commit writes ---- */

/* In TopTransactionContext; the newest first. */
typedef struct SessionUse
{
	struct SessionUse *next;
	SubTransactionId subxact;
	StoreSessionUse use;
} SessionUse;

static SessionUse *session_uses = NULL;

static void
session_token_note(const StoreSessionUse *use)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	SessionUse *noted = palloc0(sizeof(SessionUse));

	noted->use = *use;
	noted->subxact = GetCurrentSubTransactionId();
	noted->use.ip_address = auth_client_address();
	if (noted->use.ip_address)
		noted->use.ip_address = memcpy(palloc(VARSIZE_ANY(noted->use.ip_address)), noted->use.ip_address,
									   VARSIZE_ANY(noted->use.ip_address));
	noted->use.user_agent = auth_client_user_agent();
	if (noted->use.user_agent)
		noted->use.user_agent = pstrdup(noted->use.user_agent);
	noted->next = session_uses;
	session_uses = noted;
	MemoryContextSwitchTo(old);
}

static bool
session_token_is_noted(const pg_uuid_t *session_id)
{
	for (const SessionUse *noted = session_uses; noted; noted = noted->next)
		if (memcmp(&noted->use.session_id, session_id, sizeof(pg_uuid_t)) == 0)
			return true;
	return false;
}

static void
session_token_write_all(const SessionUse *uses)
{
	StoreOwner	owner;

	store_owner_enter(&owner);
	for (const SessionUse *noted = uses; noted; noted = noted->next)
		store_session_tokens_extend(&noted->use);
	store_owner_leave(&owner);
}

/* The extension may be gone, or another one, by the end of the transaction. */
static void
session_token_write_noted(void)
{
	const SessionUse *uses = session_uses;

	session_uses = NULL;
	if (uses == NULL || XactReadOnly || !store_extension_is_current())
		return;
	session_token_write_all(uses);
}

static void
session_token_end_of_transaction(XactEvent event, void *arg)
{
	(void) arg;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			session_token_write_noted();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			session_uses = NULL;
			break;
		default:
			break;
	}
}

/* What belongs to an inner subtransaction was noted last. */
static void
session_token_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	(void) arg;
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		while (session_uses && session_uses->subxact == mine)
			session_uses = session_uses->next;
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		for (SessionUse *noted = session_uses; noted && noted->subxact == mine; noted = noted->next)
			noted->subxact = parent;
	}
}

void
auth_session_token_init(void)
{
	RegisterXactCallback(session_token_end_of_transaction, NULL);
	RegisterSubXactCallback(session_token_end_of_subtransaction, NULL);
}

/*
 * A session of the database strategy is used: note that its end is to be moved
 * on, when a good part of session_ttl has passed and this transaction may write.
 * The end that found tells is moved now.
 */
static void
session_token_use(StoreSessionToken *found)
{
	int64		ttl = store_settings()->session_ttl;
	TimestampTz now = GetCurrentTimestamp();
	StoreSessionUse use = {
		.session_id = found->session_id, .now = now, .used_before = now - session_token_step(ttl), .expires_at = now + ttl
	};

	/* A standby is always read-only. */
	if (found->last_used_at > use.used_before || XactReadOnly || IsInParallelMode())
		return;
	if (!session_token_is_noted(&found->session_id))
		session_token_note(&use);
	found->expires_at = Min(use.expires_at, found->max_expires_at);
}

/* ---- is it good? ---- */

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
		session_token_use(&found);
	return error;
}

FaError
auth_session_token_check(const char *token, AuthAccess *access)
{
	StoreSessionToken found;
	FaError		error = auth_session_token_look(token, &found);

	if (error != FA_OK)
		return error;
	session_token_use(&found);

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
