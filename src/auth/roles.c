/*
 * roles.c
 *		Roles of the application: what a valid one is, and changes of them.
 *
 * They have nothing to do with PostgreSQL's roles (role.c).  Only the
 * application's server changes them.  What a user is asked for at every row is
 * in permission.c.
 */
#include "auth/roles.h"

#include "auth/event.h"
#include "auth/permission.h"
#include "base/errors.h"
#include "base/jsonb.h"
#include "catalog/pg_type.h"
#include "store/settings.h"
#include "store/users.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Holders whom a deleted role is taken from at once. */
#define ROLES_REVOKE_BATCH 256

const char *
auth_roles_name_problem(const char *name)
{
	size_t		len = strlen(name);

	if (len == 0 || len > AUTH_ROLE_NAME_MAX ||
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != len)
		return "must be 1 to 64 of the characters a-z, A-Z, 0-9, _, . and -";
	return NULL;
}

/* Every element is the name of a permission, or invalid_argument. */
static void
roles_check_permissions(const ArrayType *permissions)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(unconstify(ArrayType *, permissions), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		const char *problem = nulls[i] ? "must not be null" : auth_permission_problem(TextDatumGetCString(elements[i]));

		if (problem)
			base_raise(FA_INVALID_ARGUMENT, "a permission %s", problem);
	}
}

/* The role's row is held, so that two of these cannot pass the limit together. */
static void
roles_add_permissions_held(const char *name, const ArrayType *permissions)
{
	store_roles_add_permissions(name, permissions);
	if (store_roles_count_permissions(name) > AUTH_ROLE_PERMISSIONS_MAX)
		base_raise(FA_INVALID_ARGUMENT, "a role has at most %d permissions", AUTH_ROLE_PERMISSIONS_MAX);
}

void
auth_roles_create(const char *name, const ArrayType *permissions, StoreRole *role)
{
	const char *problem = auth_roles_name_problem(name);

	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "the name of a role %s", problem);
	roles_check_permissions(permissions);
	if (!store_roles_insert(name))
		base_raise(FA_ROLE_ALREADY_EXISTS, NULL);
	roles_add_permissions_held(name, permissions);
	if (!store_roles_get(name, role))
		base_raise(FA_ROLE_NOT_FOUND, NULL);
}

void
auth_roles_add_permissions(const char *name, const ArrayType *permissions)
{
	roles_check_permissions(permissions);
	if (!store_roles_lock(name))
		base_raise(FA_ROLE_NOT_FOUND, NULL);
	roles_add_permissions_held(name, permissions);
}

void
auth_roles_remove_permissions(const char *name, const ArrayType *permissions)
{
	roles_check_permissions(permissions);
	if (!store_roles_lock(name))
		base_raise(FA_ROLE_NOT_FOUND, NULL);
	store_roles_remove_permissions(name, permissions);
}

/*
 * Under the lock, and under a snapshot that is taken after it was got: two
 * sessions that each add one half of a cycle cannot miss each other, in
 * whatever isolation level they are.
 */
void
auth_roles_include(const char *role, const char *included)
{
	store_roles_lock_members();
	if (!store_roles_exists(role) || !store_roles_exists(included))
		base_raise(FA_ROLE_NOT_FOUND, NULL);
	if (store_roles_reaches(included, role))
		base_raise(FA_INVALID_ARGUMENT, "a role must not include itself, directly or through others");
	store_roles_include(role, included);
}

void
auth_roles_exclude(const char *role, const char *included)
{
	if (!store_roles_exists(role) || !store_roles_exists(included))
		base_raise(FA_ROLE_NOT_FOUND, NULL);
	store_roles_exclude(role, included);
}

/* Nothing was changed: because one of the two is not there, or because it was so already? */
static void
roles_need_both(const pg_uuid_t *user_id, const char *role)
{
	bool		active;

	if (!store_users_is_active(user_id, &active))
		base_raise(FA_USER_NOT_FOUND, NULL);
	if (!store_roles_exists(role))
		base_raise(FA_ROLE_NOT_FOUND, NULL);
}

static void
roles_event(AuthEventKind kind, const pg_uuid_t *user_id, const char *role)
{
	auth_event(kind, user_id, NULL, base_jsonb_object(1, "role", role));
}

void
auth_roles_grant(const pg_uuid_t *user_id, const char *role)
{
	if (store_roles_grant(user_id, role))
		roles_event(AUTH_EVENT_ROLE_GRANTED, user_id, role);
	else
		roles_need_both(user_id, role);
}

void
auth_roles_revoke(const pg_uuid_t *user_id, const char *role)
{
	if (store_roles_revoke(user_id, role))
		roles_event(AUTH_EVENT_ROLE_REVOKED, user_id, role);
	else
		roles_need_both(user_id, role);
}

/*
 * Each batch in the memory of the one before, as a role may be everybody's.  It
 * goes on behind the last id, so that a hook which gives the role back does not
 * keep it going for ever.
 */
static void
roles_revoke_all(const char *role)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "fastauth role", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	pg_uuid_t	users[ROLES_REVOKE_BATCH];
	pg_uuid_t	last = {{0}};
	int			n;

	while ((n = store_roles_revoke_some(role, &last, ROLES_REVOKE_BATCH, users)) > 0)
	{
		for (int i = 0; i < n; i++)
			roles_event(AUTH_EVENT_ROLE_REVOKED, &users[i], role);
		last = users[n - 1];
		MemoryContextReset(memory);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(memory);
}

/*
 * The role's row is held first, which waits for grants that are under way and
 * keeps off others: nobody loses the role without an event.
 */
void
auth_roles_delete(const char *name)
{
	store_roles_lock_members();
	if (!store_roles_lock_for_delete(name))
		base_raise(FA_ROLE_NOT_FOUND, NULL);
	roles_revoke_all(name);
	if (!store_roles_delete(name))
		base_raise(FA_ROLE_NOT_FOUND, NULL);
}

static void
roles_raise_no_default(void)
{
	base_raise_hint(FA_NOT_CONFIGURED, "Make the role with fastauth.create_role(), or change the setting default_role.",
					"the role of the setting default_role does not exist");
}

const char *
auth_roles_need_default(void)
{
	const char *role = store_settings()->default_role;

	if (role && !store_roles_exists(role))
		roles_raise_no_default();
	return role ? pstrdup(role) : NULL;
}

void
auth_roles_grant_default(const pg_uuid_t *user_id, const char *role)
{
	if (!store_roles_grant(user_id, role))
		roles_raise_no_default();
	roles_event(AUTH_EVENT_ROLE_GRANTED, user_id, role);
}

bool
auth_roles_user_has_permission(const pg_uuid_t *user_id, const char *permission)
{
	StoreGrants grants;
	const char *problem = auth_permission_problem(permission);

	if (problem)
		base_raise(FA_INVALID_ARGUMENT, "permission %s", problem);
	store_roles_load(user_id, false, &grants);
	auth_permission_sort(&grants);
	return auth_permission_covers(&grants, permission);
}
