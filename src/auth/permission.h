/*
 * permission.h
 *		What the current identity may do, cheaply enough to be asked at every row.
 */
#ifndef FASTAUTH_AUTH_PERMISSION_H
#define FASTAUTH_AUTH_PERMISSION_H

#include "postgres.h"

#include "store/roles.h"

#define AUTH_PERMISSION_MAX 128

/* The callbacks at the end of (sub)transactions; called once by _PG_init. */
extern void auth_permission_init(void);

/* Why a text is not the name of a permission or a wildcard, or NULL. */
extern const char *auth_permission_problem(const char *permission);

/* Put the names of grants in order; then, does any of them permit this? */
extern void auth_permission_sort(StoreGrants *grants);
extern bool auth_permission_covers(const StoreGrants *grants, const char *permission);

/*
 * The number of what is loaded, if that is what counts for the current identity
 * in the statement that runs; AUTH_PERMISSION_NOBODY when nobody is signed in;
 * 0: call auth_permission_load().  An answer that was got under a number stays
 * right as long as the number is the same.
 */
#define AUTH_PERMISSION_NOBODY 1
extern uint64 auth_permission_serial(void);
extern void auth_permission_load(void);

/* From what is loaded. */
extern bool auth_permission_has_role(const char *role);
extern bool auth_permission_has(const char *permission);

#endif							/* FASTAUTH_AUTH_PERMISSION_H */
