/*
 * notice.c
 *		Mails that tell the owner of an account what was done with it.
 *
 * No rate limit holds them back: a thief who makes noise first must not silence
 * the one that matters.  So they go only to an address that is verified.  One
 * that is not may be a stranger's, who has done nothing with us, and whom
 * whoever typed it could otherwise flood.
 *
 * Where mail is not configured there is none, as check() tells: a password has to
 * be changed all the same.
 *
 * What the application's server does (update_user, set_hashed_password,
 * delete_user) is the application's to tell.
 */
#include "auth/notice.h"

void
auth_notice(AuthMailKind kind, const StoreUser *user, const char *new_email)
{
	AuthMail	mail = {
		.kind = kind, .user = user, .new_email = new_email,
		.orphan = kind == AUTH_MAIL_ACCOUNT_DELETED
	};

	if (user->email_verified && auth_mail_configured(kind))
		auth_mail_queue(&mail);
}
