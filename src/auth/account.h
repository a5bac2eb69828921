/*
 * account.h
 *		What the current identity does with its own account.
 */
#ifndef FASTAUTH_AUTH_ACCOUNT_H
#define FASTAUTH_AUTH_ACCOUNT_H

#include "postgres.h"

#include "store/sessions.h"
#include "store/users.h"

extern void auth_account_me(StoreUser *user);

/* NULL keeps, '' clears. */
extern void auth_account_update(const char *name, const char *image, Jsonb *metadata, StoreUser *user);

/*
 * The identity's user, held when it returns, for a sensitive change: by the
 * password, which is counted, or (NULL) by a recent sign-in.
 */
extern void auth_account_prove(const char *password, StoreUser *user);

extern void auth_account_change_password(const char *current_password, const char *new_password);
extern void auth_account_set_first_password(const char *new_password);
extern void auth_account_reauthenticate(const char *password);

/* password NULL: the sign-in must be recent. */
extern void auth_account_delete(const char *password);

/* scope: local, others, global */
extern void auth_account_signout(const char *scope);

extern int	auth_account_sessions(StoreSession **sessions, pg_uuid_t *current);
extern void auth_account_revoke_session(const pg_uuid_t *id);

#endif							/* FASTAUTH_AUTH_ACCOUNT_H */
