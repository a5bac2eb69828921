/*
 * email_change.c
 *		Changing the address of an account.
 *
 * Who is signed in asks for it, and who reads the new mailbox confirms it.  That
 * need not be the same person: a stranger can ask for a change to somebody
 * else's address and wait for its owner to click on the link.  So the page asks
 * for the password, or calls as the user who is signed in there; a link that is
 * used without either gives the account to the owner of the mailbox alone, as
 * when an address is verified (auth/prove.c).
 *
 * Whether the new address is taken is told neither by the request, nor by its
 * time: its owner gets a mail instead.
 */
#include "auth/email_change.h"

#include "auth/account.h"
#include "auth/event.h"
#include "auth/link.h"
#include "auth/notice.h"
#include "auth/prove.h"
#include "auth/rate.h"
#include "auth/session_end.h"
#include "auth/user.h"
#include "base/errors.h"

void
auth_email_change_request(const char *new_email, const char *password)
{
	StoreUser	user;
	StoreUser	owner;
	char	   *address;

	auth_account_me(&user);
	auth_mail_require(AUTH_MAIL_EMAIL_CHANGE);
	address = auth_user_email(new_email);
	auth_account_prove(password, &user);
	if (strcmp(address, user.email) == 0)
		base_raise(FA_INVALID_ARGUMENT, "the new address is that of the account");
	if (!auth_rate_mail(SHMEM_RATE_EMAIL_CHANGE, address))
		return;
	if (store_users_get_by_email(address, &owner))
		auth_link_send_taken(AUTH_ONETIME_EMAIL_CHANGE, &user, address);
	else
		auth_link_send(AUTH_ONETIME_EMAIL_CHANGE, AUTH_MAIL_EMAIL_CHANGE, &user, address);
}

/* Everything that was sent to, or asked for with, the old address ends; so do all sessions but the one that acts. */
static void
email_change_apply(AuthLink *link)
{
	StoreUser  *user = &link->user;

	if (!link->holder)
		auth_prove_strip(user);
	user->email = link->address;
	user->email_verified = true;
	if (!store_users_update(user))
		base_raise_hint(FA_USER_ALREADY_EXISTS, "Somebody else has this address by now.", NULL);
	(void) auth_session_end_all(&user->id, link->own_session ? &link->session_id : NULL, "e-mail changed");
	auth_onetime_end(&user->id, AUTH_ONETIME_KINDS);
}

void
auth_email_change_confirm(const char *token, const char *password)
{
	AuthLink	link;
	StoreUser	before;

	auth_link_look(AUTH_ONETIME_EMAIL_CHANGE, token, &link);
	auth_link_prove(&link, password);
	auth_link_use(AUTH_ONETIME_EMAIL_CHANGE, token, &link);
	before = link.user;

	email_change_apply(&link);
	auth_event(AUTH_EVENT_EMAIL_CHANGE, &link.user.id, link.own_session ? &link.session_id : NULL, NULL);
	auth_notice(AUTH_MAIL_EMAIL_CHANGED, &before, link.address);
	if (!before.email_verified)
		auth_prove_first_time(&link.user);
}
