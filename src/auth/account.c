/*
 * account.c
 *		What the current identity does with its own account.
 *
 * No function here takes a user's id: it is always the identity's.  Changes
 * that would let a thief of a session keep the account need a password or a
 * recent sign-in (DESIGN 7).
 */
#include "auth/account.h"

#include "auth/cookie.h"
#include "auth/csrf.h"
#include "auth/event.h"
#include "auth/hook.h"
#include "auth/identity.h"
#include "auth/notice.h"
#include "auth/onetime.h"
#include "auth/password.h"
#include "auth/request.h"
#include "auth/session.h"
#include "auth/session_end.h"
#include "auth/signin.h"
#include "auth/user.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "crypto/opaque.h"
#include "store/settings.h"
#include "utils/timestamp.h"

void
auth_account_me(StoreUser *user)
{
	const AuthIdentity *identity = auth_identity_require_live();

	if (!store_users_get(&identity->user_id, user))
		base_raise(FA_SESSION_REVOKED, NULL);
}

/*
 * The identity's user, held against changes by others.  Whoever held the row
 * before may have ended this session, so it is asked for again: a session that
 * was ended while it waited changes nothing.
 */
static void
account_lock(const AuthIdentity *identity, StoreUser *user)
{
	if (!store_users_lock(&identity->user_id, user))
		base_raise(FA_SESSION_REVOKED, NULL);
	(void) auth_identity_require_live();
}

void
auth_account_update(const char *name, const char *image, Jsonb *metadata, StoreUser *user)
{
	const AuthIdentity *identity = auth_identity_require_live();

	auth_user_check_name(name);
	auth_user_check_image(image);
	auth_user_check_metadata(metadata, "metadata");
	account_lock(identity, user);
	if (name)
		user->name = name[0] ? pstrdup(name) : NULL;
	if (image)
		user->image = image[0] ? pstrdup(image) : NULL;
	if (metadata)
		user->metadata = metadata;
	if (!store_users_update(user))
		base_raise(FA_USER_ALREADY_EXISTS, NULL);
	if (!store_users_get(&identity->user_id, user))
		base_raise(FA_SESSION_REVOKED, NULL);
}

/* The identity's user, who has just proved to know the password; held when it returns. */
static void
account_prove_password(const AuthIdentity *identity, const char *password, StoreUser *user)
{
	AuthAttempt attempt = {
		.kind = SHMEM_REQUEST_PROOF, .user = user, .session_id = identity->has_session ? &identity->session_id : NULL
	};
	char	   *verified;

	if (!store_users_get(&identity->user_id, user))
		base_raise(FA_SESSION_REVOKED, NULL);
	if (!auth_signin_prove(&attempt, user, password))
		base_raise(FA_INVALID_CREDENTIALS, "password is incorrect");
	verified = user->hashed_password;
	account_lock(identity, user);

	/* Changed since it was verified: what was proved is no longer so. */
	if (user->hashed_password == NULL ||
		!cr_equal(user->hashed_password, strlen(user->hashed_password), verified, strlen(verified)))
		base_raise(FA_INVALID_CREDENTIALS, "password is incorrect");
}

void
auth_account_prove(const char *password, StoreUser *user)
{
	const AuthIdentity *identity = password ? auth_identity_require_live() : auth_identity_require_recent();

	if (password)
		account_prove_password(identity, password, user);
	else
		account_lock(identity, user);
}

/* What somebody who knew the old password, or read a mail, may have asked for; the user's own link to verify the address stays. */
static void
account_end_tokens(const pg_uuid_t *user_id)
{
	for (int kind = 0; kind < AUTH_ONETIME_KINDS; kind++)
		if (kind != AUTH_ONETIME_VERIFICATION)
			auth_onetime_end(user_id, kind);
}

/* Set the password and end every other session; the caller holds the user's row. */
static void
account_set_password(const AuthIdentity *identity, const StoreUser *user, const char *hash, const char *reason)
{
	const pg_uuid_t *session_id = identity->has_session ? &identity->session_id : NULL;

	(void) store_users_set_password(&identity->user_id, hash);
	auth_event(AUTH_EVENT_PASSWORD_CHANGE, &identity->user_id, session_id, base_jsonb_object(1, "reason", reason));
	(void) auth_session_end_all(&identity->user_id, session_id, reason);
	account_end_tokens(&identity->user_id);
	auth_notice(AUTH_MAIL_PASSWORD_CHANGED, user, NULL);
	if (identity->has_session)
		store_sessions_set_authenticated(&identity->session_id, GetCurrentTimestamp());
}

void
auth_account_change_password(const char *current_password, const char *new_password)
{
	const AuthIdentity *identity = auth_identity_require_live();
	StoreUser	user;
	char	   *hash;

	auth_account_me(&user);
	auth_password_check(new_password, user.email, user.name);
	hash = auth_password_hash(new_password);
	account_prove_password(identity, current_password, &user);
	account_set_password(identity, &user, hash, "password changed");
}

void
auth_account_set_first_password(const char *new_password)
{
	const AuthIdentity *identity = auth_identity_require_recent();
	StoreUser	user;
	char	   *hash;

	auth_account_me(&user);
	auth_password_check(new_password, user.email, user.name);
	hash = auth_password_hash(new_password);
	account_lock(identity, &user);
	if (user.hashed_password)
		base_raise_hint(FA_INVALID_ARGUMENT, "Call fastauth.change_password.", "the account has a password already");
	account_set_password(identity, &user, hash, "password set");
}

void
auth_account_reauthenticate(const char *password)
{
	const AuthIdentity *identity = auth_identity_require_live();
	StoreUser	user;

	account_prove_password(identity, password, &user);
	if (!identity->has_session)
		base_raise_hint(FA_REAUTHENTICATION_REQUIRED, "Sign in; this token belongs to no session.", NULL);
	store_sessions_set_authenticated(&identity->session_id, GetCurrentTimestamp());
}

void
auth_account_delete(const char *password)
{
	StoreUser	user;

	auth_account_prove(password, &user);
	auth_notice(AUTH_MAIL_ACCOUNT_DELETED, &user, NULL);
	auth_user_delete(&user.id, false);
	auth_identity_clear();
	auth_cookie_clear_session();
}

/* Somebody has ended sessions that are not their own: maybe the owner's, by a thief. */
static void
account_notice_sessions_ended(const pg_uuid_t *user_id)
{
	StoreUser	user;

	if (store_users_get(user_id, &user))
		auth_notice(AUTH_MAIL_SESSIONS_ENDED, &user, NULL);
}

/* After the sessions are ended, and while the identity is still there. */
static void
account_tell_signout(const pg_uuid_t *user_id)
{
	StoreUser	user;

	if (auth_hook_any(STORE_HOOK_ON_SIGNOUT) && store_users_get(user_id, &user))
		auth_hook_tell(STORE_HOOK_ON_SIGNOUT, &user, NULL);
}

static void
account_signout_others(void)
{
	const AuthIdentity *identity = auth_identity_require_recent();

	if (auth_session_end_all(&identity->user_id, &identity->session_id, "signed out elsewhere") > 0)
		account_notice_sessions_ended(&identity->user_id);
}

/*
 * Whose session ends, and which, if it has one.  A browser whose access cookie
 * is over still has the refresh cookie; one without that has nothing to end.
 * An old refresh token may be anybody's by now: it ends its own session alone.
 */
static bool
account_signout_find(pg_uuid_t *user_id, pg_uuid_t *session_id, bool *has_session, bool *everywhere)
{
	const AuthIdentity *identity;
	bool		is_spent;

	if (auth_identity_user() == NULL && auth_request_has_cookies())
	{
		*has_session = true;
		if (!auth_session_of_cookie(session_id, user_id, &is_spent))
			return false;
		auth_csrf_check_request(session_id);
		*everywhere = *everywhere && !is_spent;
		return true;
	}
	identity = auth_identity_require_live();
	*user_id = identity->user_id;
	*session_id = identity->session_id;
	*has_session = identity->has_session;
	return true;
}

static void
account_signout_own(bool everywhere)
{
	pg_uuid_t	user_id;
	pg_uuid_t	session_id;
	bool		has_session;

	if (account_signout_find(&user_id, &session_id, &has_session, &everywhere))
	{
		if (everywhere)
			(void) auth_session_end_all(&user_id, NULL, "signed out everywhere");
		else if (!has_session)
			base_raise_hint(FA_SESSION_NOT_FOUND, "This token belongs to no session; it ends by itself.", NULL);
		else
			auth_session_end(&session_id, "signed out");
		account_tell_signout(&user_id);
		auth_identity_clear();
	}
	auth_cookie_clear_session();
}

void
auth_account_signout(const char *scope)
{
	if (strcmp(scope, "others") == 0)
		account_signout_others();
	else if (strcmp(scope, "local") == 0 || strcmp(scope, "global") == 0)
		account_signout_own(strcmp(scope, "global") == 0);
	else
	{
		(void) auth_identity_require_live();
		base_raise(FA_INVALID_ARGUMENT, "scope must be local, others or global");
	}
}

int
auth_account_sessions(StoreSession **sessions, pg_uuid_t *current)
{
	const AuthIdentity *identity = auth_identity_require_live();

	memset(current, 0, sizeof(*current));
	if (identity->has_session)
		*current = identity->session_id;
	return store_sessions_list(&identity->user_id, GetCurrentTimestamp(), sessions);
}

void
auth_account_revoke_session(const pg_uuid_t *id)
{
	const AuthIdentity *identity = auth_identity_require_live();
	bool		own = identity->has_session && memcmp(id, &identity->session_id, sizeof(*id)) == 0;
	StoreSession session;

	if (!store_sessions_get(id, GetCurrentTimestamp(), &session) ||
		memcmp(&session.user_id, &identity->user_id, sizeof(pg_uuid_t)) != 0)
		base_raise(FA_SESSION_NOT_FOUND, NULL);
	if (!own)
		(void) auth_identity_require_recent();
	auth_session_end(id, "revoked by the user");
	if (own)
	{
		account_tell_signout(&session.user_id);
		auth_identity_clear();
	}
	else
	{
		auth_onetime_drop(&session.user_id, AUTH_ONETIME_EMAIL_CHANGE);
		account_notice_sessions_ended(&session.user_id);
	}
}
