/*
 * reset.c
 *		A new password for who has forgotten the old one.
 *
 * The request tells nobody whether there is such a user: for an address of
 * nobody, and for a user who is deactivated, the same is done for nobody.
 *
 * A reset proves the address, so it verifies it, and it may come from an owner
 * who was robbed: every session and every one-time token ends, and failed
 * sign-ins count no more.  A password that is refused spends no link.
 */
#include "auth/reset.h"

#include "auth/attempt.h"
#include "auth/event.h"
#include "auth/hook.h"
#include "auth/identity.h"
#include "auth/link.h"
#include "auth/notice.h"
#include "auth/password.h"
#include "auth/prove.h"
#include "auth/rate.h"
#include "auth/session_end.h"
#include "auth/user.h"

void
auth_reset_request(const char *email)
{
	StoreUser	user = {0};
	char	   *address;
	bool		known;

	auth_mail_require(AUTH_MAIL_PASSWORD_RESET);
	address = auth_user_email(email);
	if (!auth_rate_mail(SHMEM_RATE_PASSWORD_RESET, address))
		return;
	known = store_users_get_by_email(address, &user) && user.is_active;
	auth_link_send(AUTH_ONETIME_PASSWORD_RESET, AUTH_MAIL_PASSWORD_RESET, known ? &user : NULL, address);
}

/* Everything else that could act as the user, or become able to, ends. */
static void
reset_end_all(const AuthLink *link)
{
	(void) auth_session_end_all(&link->user.id, NULL, "password reset");
	auth_onetime_end(&link->user.id, AUTH_ONETIME_KINDS);
	if (link->own_session)
		auth_identity_clear();
}

/* The ledger is not undone by a rollback, so it comes after the hooks, which may refuse. */
void
auth_reset_password(const char *token, const char *new_password)
{
	AuthLink	link;
	char	   *hash;
	bool		first;

	auth_link_look(AUTH_ONETIME_PASSWORD_RESET, token, &link);
	auth_password_check(new_password, link.user.email, link.user.name);
	hash = auth_password_hash(new_password);
	auth_link_use(AUTH_ONETIME_PASSWORD_RESET, token, &link);

	first = auth_prove_address(&link.user, false);
	(void) store_users_set_password(&link.user.id, hash);
	link.user.hashed_password = hash;
	reset_end_all(&link);
	auth_event(AUTH_EVENT_PASSWORD_RESET, &link.user.id, NULL, NULL);
	auth_notice(AUTH_MAIL_PASSWORD_CHANGED, &link.user, NULL);
	if (first)
		auth_prove_tell(&link.user);
	auth_hook_tell(STORE_HOOK_ON_PASSWORD_RESET, &link.user, NULL);
	auth_attempt_forgive(&link.user.id);
}
