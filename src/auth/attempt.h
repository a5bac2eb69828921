/*
 * attempt.h
 *		The one counted way to check a password or a code (S17): every proof goes through here.
 */
#ifndef FASTAUTH_AUTH_ATTEMPT_H
#define FASTAUTH_AUTH_ATTEMPT_H

#include "postgres.h"

#include "shmem/recorder.h"
#include "store/users.h"

/* Wrong tries that end a code. */
#define AUTH_CODE_TRIES			3

typedef struct AuthAttempt
{
	ShmemRequestKind kind;		/* SIGNIN or PROOF */
	const StoreUser *user;		/* NULL: nobody */
	const char *address;		/* what was typed instead of a user: the normal form, or as it is */
	const pg_uuid_t *session_id;	/* of who proves, or NULL */
} AuthAttempt;

/*
 * Is this the user's password?  Raises account_locked, recorder_unavailable
 * or server_busy when it may not be looked at, or the refusal could not be
 * recorded.  After false the refusal is durable: raise it.
 */
extern bool auth_attempt_verify(const AuthAttempt *attempt, const char *password, bool *rehash);

/*
 * The user signed in from here by other means than a password: as after a right
 * one, what failed from this address before counts no more.
 */
extern void auth_attempt_clear(const StoreUser *user);

/*
 * Is this the code of that row of one_time_tokens?  Both are hashes of len
 * bytes.  Raises invalid_token when the row had its tries, and the others as
 * above.  After false the refusal is durable: raise it.
 */
extern bool auth_attempt_code(const pg_uuid_t *id, const void *given, const void *kept, size_t len);

/* The user is known by other means (an administrator, a reset): no failure counts, no lock holds. */
extern void auth_attempt_forgive(const pg_uuid_t *user_id);

#endif							/* FASTAUTH_AUTH_ATTEMPT_H */
