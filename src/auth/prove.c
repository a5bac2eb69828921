/*
 * prove.c
 *		What becomes of an account when somebody proves to own its address (DESIGN 7, pre-hijacking).
 *
 * Anybody can sign up with an address that is not theirs, set a password, open
 * sessions and ask for changes, and wait.  When the owner of the mailbox comes,
 * by whatever way, what was set up before belongs to somebody else: it goes, in
 * the transaction of the proof.  Only who shows to be the same person as before
 * keeps it.
 *
 * The caller holds the user's row, so a sign-in that runs at the same time has
 * either committed its session, which is ended here, or finds that the password
 * is not the one that it verified.
 */
#include "auth/prove.h"

#include "auth/event.h"
#include "auth/hook.h"
#include "auth/mail.h"
#include "auth/onetime.h"
#include "auth/session_end.h"
#include "base/errors.h"
#include "store/failures.h"
#include "store/oauth_accounts.h"
#include "store/settings.h"

void
auth_prove_strip(StoreUser *user)
{
	if (user->hashed_password)
		(void) store_users_set_password(&user->id, NULL);
	user->hashed_password = NULL;
	(void) auth_session_end_all(&user->id, NULL, "address proved by its owner");
	(void) store_oauth_accounts_delete_of_user(&user->id);
	/* Or they would stay exempt from what holds strangers up. */
	store_failures_forget_known(&user->id);
	/* The application's too: they were given to whoever was signed in. */
	(void) auth_onetime_end_named(&user->id, NULL);
}

static void
prove_record(const StoreUser *user)
{
	AuthMail	mail = {.kind = AUTH_MAIL_WELCOME, .user = user};

	auth_event(AUTH_EVENT_EMAIL_VERIFY, &user->id, NULL, NULL);
	if (store_settings()->email_welcome && auth_mail_configured(mail.kind))
		auth_mail_queue(&mail);
}

bool
auth_prove_address(StoreUser *user, bool keep)
{
	if (user->email_verified)
		return false;
	if (!keep)
		auth_prove_strip(user);
	user->email_verified = true;
	if (!store_users_update(user))
		base_raise(FA_USER_ALREADY_EXISTS, NULL);
	prove_record(user);
	return true;
}

void
auth_prove_tell(StoreUser *user)
{
	auth_hook_tell(STORE_HOOK_ON_EMAIL_VERIFY, user, NULL);
}

void
auth_prove_first_time(StoreUser *user)
{
	prove_record(user);
	auth_prove_tell(user);
}
