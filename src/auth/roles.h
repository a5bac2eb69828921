/*
 * roles.h
 *		Roles of the application: what a valid one is, and changes of them.
 */
#ifndef FASTAUTH_AUTH_ROLES_H
#define FASTAUTH_AUTH_ROLES_H

#include "postgres.h"

#include "store/roles.h"

#define AUTH_ROLE_NAME_MAX			64
#define AUTH_ROLE_PERMISSIONS_MAX	1000

/* Why a name is none of a role, or NULL. */
extern const char *auth_roles_name_problem(const char *name);

extern void auth_roles_create(const char *name, const ArrayType *permissions, StoreRole *role);

/* Everybody who holds it loses it, with an event for each. */
extern void auth_roles_delete(const char *name);

/* Those that are there already, or not there, are no error. */
extern void auth_roles_add_permissions(const char *name, const ArrayType *permissions);
extern void auth_roles_remove_permissions(const char *name, const ArrayType *permissions);

/* Who holds role holds included too; a cycle is invalid_argument. */
extern void auth_roles_include(const char *role, const char *included);
extern void auth_roles_exclude(const char *role, const char *included);

/* It is no error when the user has it already, or has it not. */
extern void auth_roles_grant(const pg_uuid_t *user_id, const char *role);
extern void auth_roles_revoke(const pg_uuid_t *user_id, const char *role);

/*
 * The role that whoever signs up is given, or NULL.  not_configured when it
 * does not exist: asked before a sign-up spends anything.
 */
extern const char *auth_roles_need_default(void);

/* Give it to a new user. */
extern void auth_roles_grant_default(const pg_uuid_t *user_id, const char *role);

extern bool auth_roles_user_has_permission(const pg_uuid_t *user_id, const char *permission);

#endif							/* FASTAUTH_AUTH_ROLES_H */
