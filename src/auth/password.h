/*
 * password.h
 *		Passwords: which are taken, how they are kept, whether one is right.
 */
#ifndef FASTAUTH_AUTH_PASSWORD_H
#define FASTAUTH_AUTH_PASSWORD_H

#include "postgres.h"

/* The longest password in bytes, whatever password_max_length says (S41). */
#define AUTH_PASSWORD_MAX_BYTES 1024

/*
 * What SQL functions take as an argument at all; beyond it is invalid_argument.
 * Between the two limits a new password is weak_password, which names the rule,
 * and at sign-in a password is wrong.
 */
#define AUTH_PASSWORD_ARG_MAX	(64 * 1024)
#define AUTH_HASH_ARG_MAX		1024

/* What is stored for this password, by the current settings. */
extern char *auth_password_hash(const char *password);

/*
 * Is this the password?  hash NULL: there is no such user, or none is set.
 * Whatever the reason for a refusal, it costs at least one hash of today.
 * *rehash: it is the password, and auth_password_hash() of it should be stored
 * instead of the hash that is.  *began is set when the password begins to be
 * looked at, for the caller to see after an error.
 */
extern bool auth_password_verify(const char *password, const char *hash, bool *rehash, volatile bool *began);

/* Raise weak_password unless a user with this e-mail and name (or NULL) may choose this password. */
extern void auth_password_check(const char *password, const char *email, const char *name);

/* Raise invalid_argument unless this is a hash that auth_password_verify() can check. */
extern void auth_password_check_hash(const char *hash);

#endif							/* FASTAUTH_AUTH_PASSWORD_H */
