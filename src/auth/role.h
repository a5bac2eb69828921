/*
 * role.h
 *		Which PostgreSQL role a token may name (S55).
 */
#ifndef FASTAUTH_AUTH_ROLE_H
#define FASTAUTH_AUTH_ROLE_H

#include "postgres.h"

extern bool auth_role_exists(const char *role);

/* Why no token may ever name the role, or NULL.  Asked when it is set. */
extern const char *auth_role_refusal(const char *role);

/* Why PostgREST must not connect as the role, or NULL; it may not exist yet. */
extern const char *auth_role_connect_refusal(const char *role);

/* Why a role of that name is none that may be made, or NULL. */
extern const char *auth_role_name_refusal(const char *role);

/*
 * Why this token may not name the role now, or NULL: also when it is neither
 * authenticated_role nor in allowed_roles.  Asked each time it is signed.
 */
extern const char *auth_role_problem(const char *role);

#endif							/* FASTAUTH_AUTH_ROLE_H */
