/*
 * roles.c
 *		SQL: roles of the application and who holds them (RoleAdapter).
 */
#include "auth/roles.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/permission.h"
#include "base/errors.h"

static char *
roles_arg_name(FunctionCallInfo fcinfo, int n, const char *name)
{
	return api_arg_text(fcinfo, n, name, AUTH_ROLE_NAME_MAX);
}

static ArrayType *
roles_arg_permissions(FunctionCallInfo fcinfo)
{
	return api_arg_text_array(fcinfo, 1, "permissions", AUTH_ROLE_PERMISSIONS_MAX, AUTH_PERMISSION_MAX);
}

/* SQL function: fastauth.create_role(name text, permissions text[]) */
FASTAUTH_FUNCTION(fastauth_create_role, API_WRITES)
{
	StoreRole	role;

	auth_roles_create(roles_arg_name(fcinfo, 0, "name"), roles_arg_permissions(fcinfo), &role);
	return api_role_datum(fcinfo, &role);
}

/* SQL function: fastauth.get_role(name text) */
FASTAUTH_FUNCTION(fastauth_get_role, 0)
{
	StoreRole	role;

	if (!store_roles_get(roles_arg_name(fcinfo, 0, "name"), &role))
		PG_RETURN_NULL();
	return api_role_datum(fcinfo, &role);
}

/* SQL function: fastauth.list_roles() */
FASTAUTH_FUNCTION(fastauth_list_roles, 0)
{
	int			n;
	StoreRole  *roles = store_roles_list(&n);

	api_role_rows(fcinfo, roles, n);
	return (Datum) 0;
}

/* SQL function: fastauth.delete_role(name text) */
FASTAUTH_FUNCTION(fastauth_delete_role, API_WRITES)
{
	auth_roles_delete(roles_arg_name(fcinfo, 0, "name"));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.add_permissions(role text, permissions text[]) */
FASTAUTH_FUNCTION(fastauth_add_permissions, API_WRITES)
{
	auth_roles_add_permissions(roles_arg_name(fcinfo, 0, "role"), roles_arg_permissions(fcinfo));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.remove_permissions(role text, permissions text[]) */
FASTAUTH_FUNCTION(fastauth_remove_permissions, API_WRITES)
{
	auth_roles_remove_permissions(roles_arg_name(fcinfo, 0, "role"), roles_arg_permissions(fcinfo));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.include_role(role text, included text) */
FASTAUTH_FUNCTION(fastauth_include_role, API_WRITES)
{
	auth_roles_include(roles_arg_name(fcinfo, 0, "role"), roles_arg_name(fcinfo, 1, "included"));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.exclude_role(role text, included text) */
FASTAUTH_FUNCTION(fastauth_exclude_role, API_WRITES)
{
	auth_roles_exclude(roles_arg_name(fcinfo, 0, "role"), roles_arg_name(fcinfo, 1, "included"));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.grant_role(user_id uuid, role text) */
FASTAUTH_FUNCTION(fastauth_grant_role, API_WRITES)
{
	auth_roles_grant(api_arg_uuid(fcinfo, 0, "user_id"), roles_arg_name(fcinfo, 1, "role"));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.revoke_role(user_id uuid, role text) */
FASTAUTH_FUNCTION(fastauth_revoke_role, API_WRITES)
{
	auth_roles_revoke(api_arg_uuid(fcinfo, 0, "user_id"), roles_arg_name(fcinfo, 1, "role"));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.get_user_roles(user_id uuid) */
FASTAUTH_FUNCTION(fastauth_get_user_roles, 0)
{
	PG_RETURN_ARRAYTYPE_P(store_roles_of_user(api_arg_uuid(fcinfo, 0, "user_id")));
}

/* SQL function: fastauth.get_user_permissions(user_id uuid) */
FASTAUTH_FUNCTION(fastauth_get_user_permissions, 0)
{
	PG_RETURN_ARRAYTYPE_P(store_roles_permissions_of_user(api_arg_uuid(fcinfo, 0, "user_id")));
}

/* SQL function: fastauth.user_has_permission(user_id uuid, permission text) */
FASTAUTH_FUNCTION(fastauth_user_has_permission, 0)
{
	PG_RETURN_BOOL(auth_roles_user_has_permission(api_arg_uuid(fcinfo, 0, "user_id"),
												  api_arg_text(fcinfo, 1, "permission", AUTH_PERMISSION_MAX)));
}
