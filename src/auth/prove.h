/*
 * prove.h
 *		What becomes of an account when somebody proves to own its address (DESIGN 7, pre-hijacking).
 */
#ifndef FASTAUTH_AUTH_PROVE_H
#define FASTAUTH_AUTH_PROVE_H

#include "postgres.h"

#include "store/users.h"

/*
 * Whoever acts now reads the mailbox of this user, whom the caller has read and
 * holds by store_users_lock(), and who is active.  An address that was verified
 * before stays so, and nothing else happens: false.  Otherwise it is verified
 * now, in the row and in user, with the event and the mail of welcome, and true
 * is answered: then call auth_prove_tell() when everything else is changed.
 *
 * keep: they have also proved to be who set the account up (the user's own
 * session, the right password).  Without it everything that was set up goes;
 * user->hashed_password is NULL then.
 */
extern bool auth_prove_address(StoreUser *user, bool keep);

/* The hooks on_email_verify.  user is read again when there are any. */
extern void auth_prove_tell(StoreUser *user);

/*
 * The event, the mail of welcome and the hooks of an address that the caller has
 * made a verified one himself, for the first time of this user.
 */
extern void auth_prove_first_time(StoreUser *user);

/*
 * Remove what was set up by somebody who may not own the address: the password,
 * the sessions, what was to be changed, and every one-time token.  The one
 * place that knows what there is.
 */
extern void auth_prove_strip(StoreUser *user);

#endif							/* FASTAUTH_AUTH_PROVE_H */
