/*
 * verify.h
 *		Verifying the address of an account.
 */
#ifndef FASTAUTH_AUTH_VERIFY_H
#define FASTAUTH_AUTH_VERIFY_H

#include "postgres.h"

#include "store/users.h"

/* Mail the user a link to verify the address, unless it is verified or too many were sent. */
extern void auth_verify_send(const StoreUser *user);

/* The same for the current identity. */
extern void auth_verify_request(void);

/*
 * Use such a link.  Only with the user's own session, or with the right password
 * (NULL: none), what was set up with the address stays.
 */
extern void auth_verify_email(const char *token, const char *password);

#endif							/* FASTAUTH_AUTH_VERIFY_H */
