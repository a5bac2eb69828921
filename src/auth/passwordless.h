/*
 * passwordless.h
 *		Sign-in without a password: by a link, or a code, that was sent to the mailbox.
 */
#ifndef FASTAUTH_AUTH_PASSWORDLESS_H
#define FASTAUTH_AUTH_PASSWORDLESS_H

#include "postgres.h"

#include "auth/session.h"

/*
 * Send it, if there is somebody to send it to.  The challenge (CR_OPAQUE_TEXT_SIZE
 * bytes) is for who asked; it tells nothing of who has an account.
 */
extern void auth_magic_link_send(const char *email, char *challenge);
extern void auth_otp_send(const char *email, char *challenge);

/* challenge may be NULL: then it is a wrong one. */
extern void auth_magic_link_signin(const char *token, const char *challenge, AuthTokenPair *pair);
extern void auth_otp_signin(const char *email, const char *code, const char *challenge, AuthTokenPair *pair);

#endif							/* FASTAUTH_AUTH_PASSWORDLESS_H */
