/*
 * link.c
 *		Links in mails: sent to a mailbox, and used by whoever reads it.
 *
 * A link is used in three steps: auth_link_look() tells whose it is, so that
 * what comes with it (a new password, the old one) can be refused before it is
 * spent; no lock is held while passwords are hashed.  auth_link_use() then takes
 * the user's row, before the token's, like whoever deletes a user, and asks
 * everything again that may have changed while it waited.
 *
 * Who holds a good token reads the mailbox, and may be told that the account is
 * inactive.
 */
#include "auth/link.h"

#include "auth/identity.h"
#include "auth/signin.h"
#include "base/errors.h"

void
auth_link_send(AuthOnetimeKind kind, AuthMailKind mail, const StoreUser *user, const char *address)
{
	AuthOnetime made;
	AuthMail	letter = {.kind = mail, .to = address};

	auth_onetime_make(kind, user, address, &made);
	letter.user = made.of_user ? user : NULL;
	letter.decoy = !made.of_user;
	letter.token = made.token;
	letter.expires_at = made.expires_at;
	if (kind == AUTH_ONETIME_EMAIL_CHANGE)
		letter.new_email = address;
	auth_mail_queue(&letter);
	auth_onetime_wipe(&made);
}

/* The token is made for the steps alone, and is known to nobody. */
void
auth_link_send_taken(AuthOnetimeKind kind, const StoreUser *user, const char *address)
{
	StoreUser	owner = {0};
	bool		told = store_users_get_by_email(address, &owner) && owner.is_active &&
		store_users_hold(&owner.id) == STORE_USERS_HELD;
	AuthOnetime made;
	AuthMail	letter = {.kind = AUTH_MAIL_ALREADY_REGISTERED, .user = told ? &owner : NULL, .to = address, .decoy = !told};

	auth_onetime_make(kind, user, address, &made);
	auth_onetime_wipe(&made);
	auth_mail_queue(&letter);
}

void
auth_link_look(AuthOnetimeKind kind, const char *token, AuthLink *link)
{
	AuthOnetimeUsed seen;

	memset(link, 0, sizeof(*link));
	auth_onetime_look(kind, token, &seen);
	if (!seen.has_user || !store_users_get(&seen.user_id, &link->user))
		base_raise(FA_INVALID_TOKEN, NULL);
	if (!link->user.is_active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
}

void
auth_link_prove(AuthLink *link, const char *password)
{
	AuthAttempt attempt = {.kind = SHMEM_REQUEST_PROOF, .user = &link->user};

	if (password == NULL)
		return;
	if (!auth_signin_prove(&attempt, &link->user, password))
		base_raise(FA_INVALID_CREDENTIALS, "password is incorrect");
	link->holder = true;
}

/* Is the identity this user, by a session that is live now?  A token without a session shows nothing. */
static void
link_see_session(AuthLink *link)
{
	const pg_uuid_t *who = auth_identity_user();
	const AuthIdentity *identity;

	if (who == NULL || memcmp(who, &link->user.id, sizeof(*who)) != 0)
		return;
	identity = auth_identity_require_live();
	if (!identity->has_session)
		return;
	link->session_id = identity->session_id;
	link->own_session = link->holder = true;
}

static bool
link_same_hash(const char *a, const char *b)
{
	return a && b && cr_equal(a, strlen(a), b, strlen(b));
}

void
auth_link_use(AuthOnetimeKind kind, const char *token, AuthLink *link)
{
	char	   *verified = link->user.hashed_password;
	AuthOnetimeUsed used;

	if (!store_users_lock(&link->user.id, &link->user))
		base_raise(FA_INVALID_TOKEN, NULL);
	if (!link->user.is_active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);

	/* Changed since it was verified: what was proved is no longer so. */
	if (link->holder && !link_same_hash(verified, link->user.hashed_password))
		base_raise(FA_INVALID_CREDENTIALS, "password is incorrect");
	link_see_session(link);

	auth_onetime_use(kind, token, NULL, &used);
	if (!used.has_user || memcmp(&used.user_id, &link->user.id, sizeof(pg_uuid_t)) != 0)
		base_raise(FA_INVALID_TOKEN, NULL);
	strlcpy(link->address, used.address, sizeof(link->address));
}
