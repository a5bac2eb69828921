/*
 * email_change.h
 *		Changing the address of an account.
 */
#ifndef FASTAUTH_AUTH_EMAIL_CHANGE_H
#define FASTAUTH_AUTH_EMAIL_CHANGE_H

#include "postgres.h"

/* Mail a link to the new address of the current identity.  password NULL: the sign-in must be recent. */
extern void auth_email_change_request(const char *new_email, const char *password);

/*
 * Use such a link.  Only with the user's own session, or with the right password
 * (NULL: none), the password stays, and that session.
 */
extern void auth_email_change_confirm(const char *token, const char *password);

#endif							/* FASTAUTH_AUTH_EMAIL_CHANGE_H */
