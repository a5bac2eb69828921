/*
 * roles.h
 *		Rows of fastauth.roles, role_permissions, role_members and user_roles.
 */
#ifndef FASTAUTH_STORE_ROLES_H
#define FASTAUTH_STORE_ROLES_H

#include "postgres.h"

#include "utils/array.h"
#include "utils/uuid.h"

typedef struct StoreRole
{
	char	   *name;
	ArrayType  *permissions;	/* text[], sorted: its own */
	ArrayType  *includes;		/* text[], sorted: the roles that it includes itself */
} StoreRole;

/* What a user holds, included roles too; each list may name something twice. */
typedef struct StoreGrants
{
	char	  **roles;
	char	  **permissions;
	int			n_roles;
	int			n_permissions;
} StoreGrants;

/* False when there is one of this name. */
extern bool store_roles_insert(const char *name);

/* These answer false when there is no such role. */
extern bool store_roles_exists(const char *name);
extern bool store_roles_get(const char *name, StoreRole *role);
extern bool store_roles_delete(const char *name);

/* Hold the role's row, with which nobody gets or loses the role, until the end of the transaction: it is about to be deleted. */
extern bool store_roles_lock_for_delete(const char *name);

/* Hold the role's row against other changes of its permissions until the end of the transaction. */
extern bool store_roles_lock(const char *name);

extern StoreRole *store_roles_list(int *n);

extern void store_roles_add_permissions(const char *name, const ArrayType *permissions);
extern void store_roles_remove_permissions(const char *name, const ArrayType *permissions);
extern int	store_roles_count_permissions(const char *name);

/*
 * Which role includes which: changes that could make a cycle, and the deletion
 * of a role, take this lock first, and so wait for one another.
 */
extern void store_roles_lock_members(void);

/* Does who holds role hold other too?  A role holds itself. */
extern bool store_roles_reaches(const char *role, const char *other);

extern void store_roles_include(const char *role, const char *included);
extern void store_roles_exclude(const char *role, const char *included);

/* Did it change anything?  False too when there is no such user or role. */
extern bool store_roles_grant(const pg_uuid_t *user_id, const char *role);
extern bool store_roles_revoke(const pg_uuid_t *user_id, const char *role);

/*
 * Take a role from users who hold it, in the order of their ids, beginning
 * behind after (which may be the nil UUID, nobody's); at most max.  Who they
 * were, and how many.
 */
extern int	store_roles_revoke_some(const char *role, const pg_uuid_t *after, int max, pg_uuid_t *users);

/* Sorted text[]: what was granted to the user; what that permits. */
extern ArrayType *store_roles_of_user(const pg_uuid_t *user_id);
extern ArrayType *store_roles_permissions_of_user(const pg_uuid_t *user_id);

/* What counts for the user now, or in the caller's statement; nothing for one who is not active. */
extern void store_roles_load(const pg_uuid_t *user_id, bool in_statement, StoreGrants *grants);

#endif							/* FASTAUTH_STORE_ROLES_H */
