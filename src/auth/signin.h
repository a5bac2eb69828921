/*
 * signin.h
 *		Sign-up, sign-in, and the one check of a password.
 */
#ifndef FASTAUTH_AUTH_SIGNIN_H
#define FASTAUTH_AUTH_SIGNIN_H

#include "postgres.h"

#include "auth/attempt.h"
#include "auth/session.h"
#include "store/users.h"

typedef struct AuthSignup
{
	const char *email;
	const char *password;
	const char *name;
	const char *image;
	Jsonb	   *metadata;
} AuthSignup;

extern void auth_signup(const AuthSignup *signup, AuthTokenPair *pair);

/*
 * With require_verified_email an address that is known is answered like any
 * other at sign-up, and its owner is told, by this.
 */
extern void auth_signup_known(const char *email);

extern void auth_signin(const char *email, const char *password, bool remember, AuthTokenPair *pair);

/*
 * Does this password prove that the caller is this user?  Every check of a
 * password goes through here, and is counted (auth/attempt.h), which may raise.
 * On success an old hash is replaced, in user too.
 */
extern bool auth_signin_prove(const AuthAttempt *attempt, StoreUser *user, const char *password);

#endif							/* FASTAUTH_AUTH_SIGNIN_H */
