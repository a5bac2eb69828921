/*
 * identity.h
 *		Who the current transaction acts as.
 */
#ifndef FASTAUTH_AUTH_IDENTITY_H
#define FASTAUTH_AUTH_IDENTITY_H

#include "postgres.h"

#include "auth/token.h"

typedef struct AuthIdentity
{
	pg_uuid_t	user_id;
	bool		has_session;
	pg_uuid_t	session_id;
	const char *claims;			/* JSON text */
} AuthIdentity;

/* Define the guarded setting and the callbacks; called once by _PG_init. */
extern void auth_identity_init(void);

/*
 * Who was the identity before somebody else's code ran.  After the settings
 * are rolled back to what they were, auth_identity_return() makes it so again,
 * even if an authenticate() failed in between.
 */
typedef struct AuthIdentityMark
{
	uint64		dead;
	uint64		dead_before;
} AuthIdentityMark;

extern void auth_identity_mark(AuthIdentityMark *mark);
extern void auth_identity_return(const AuthIdentityMark *mark);

/* Forget the identity, for good: not even a rollback brings it back. */
extern void auth_identity_clear(void);

/* Who may act by this token, an access token or a session token; raises what is wrong with it. */
extern void auth_identity_check(const char *token, AuthAccess *access);

/* Make access the identity of this (sub)transaction, or of the session. */
extern void auth_identity_set(const AuthAccess *access, bool is_local);

/* The user of the identity, or NULL when nobody is signed in.  Cheap: it stands in policies. */
extern const pg_uuid_t *auth_identity_user(void);

/* 0 when nobody is signed in, else a number that is another one whenever the identity changed.  As cheap. */
extern uint64 auth_identity_generation(void);

/* The identity, or not_authenticated.  It lives until the identity changes. */
extern const AuthIdentity *auth_identity_require(void);

/* The same, after its session and its user have been checked again. */
extern const AuthIdentity *auth_identity_require_live(void);

/* The same, and its user proved who they are within reauth_window (DESIGN 7, sensitive changes). */
extern const AuthIdentity *auth_identity_require_recent(void);

#endif							/* FASTAUTH_AUTH_IDENTITY_H */
