/*
 * verify.c
 *		Verifying the address of an account.
 *
 * A link in a mail shows that somebody reads the mailbox, not that it is who
 * signed up: a stranger may have signed up with the address and wait for its
 * owner to click.  So the page asks for the password, or calls as the user who
 * is signed in there; a link that is used without either verifies the address
 * and ends what was set up before (auth/prove.c).
 */
#include "auth/verify.h"

#include "auth/account.h"
#include "auth/link.h"
#include "auth/prove.h"
#include "auth/rate.h"

void
auth_verify_send(const StoreUser *user)
{
	if (!user->email_verified && auth_rate_mail(SHMEM_RATE_VERIFICATION, user->email))
		auth_link_send(AUTH_ONETIME_VERIFICATION, AUTH_MAIL_VERIFICATION, user, user->email);
}

void
auth_verify_request(void)
{
	StoreUser	user;

	auth_account_me(&user);
	auth_mail_require(AUTH_MAIL_VERIFICATION);
	auth_verify_send(&user);
}

void
auth_verify_email(const char *token, const char *password)
{
	AuthLink	link;

	auth_link_look(AUTH_ONETIME_VERIFICATION, token, &link);
	auth_link_prove(&link, password);
	auth_link_use(AUTH_ONETIME_VERIFICATION, token, &link);
	if (auth_prove_address(&link.user, link.holder))
		auth_prove_tell(&link.user);
}
