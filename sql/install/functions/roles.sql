/* RoleAdapter: roles of the application and who holds them, for its server. */
CREATE FUNCTION fastauth.create_role(name pg_catalog.text, permissions pg_catalog.text[] DEFAULT '{}') RETURNS fastauth.role_data
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_create_role';
COMMENT ON FUNCTION fastauth.create_role(pg_catalog.text, pg_catalog.text[]) IS 'make a role of the application, with permissions such as posts:read, posts:* or * (role_already_exists, invalid_argument)';

CREATE FUNCTION fastauth.get_role(name pg_catalog.text) RETURNS fastauth.role_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_role';
COMMENT ON FUNCTION fastauth.get_role(pg_catalog.text) IS 'the role of this name, or NULL';

CREATE FUNCTION fastauth.list_roles() RETURNS SETOF fastauth.role_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_roles';
COMMENT ON FUNCTION fastauth.list_roles() IS 'all roles, by name';

CREATE FUNCTION fastauth.delete_role(name pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_delete_role';
COMMENT ON FUNCTION fastauth.delete_role(pg_catalog.text) IS 'delete a role and take it from every user and role that has it (role_not_found)';

CREATE FUNCTION fastauth.add_permissions(role pg_catalog.text, permissions pg_catalog.text[]) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_add_permissions';
COMMENT ON FUNCTION fastauth.add_permissions(pg_catalog.text, pg_catalog.text[]) IS 'add permissions to a role; those that it has stay (role_not_found, invalid_argument)';

CREATE FUNCTION fastauth.remove_permissions(role pg_catalog.text, permissions pg_catalog.text[]) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_remove_permissions';
COMMENT ON FUNCTION fastauth.remove_permissions(pg_catalog.text, pg_catalog.text[]) IS 'take permissions from a role; those that it has not are no error (role_not_found, invalid_argument)';

CREATE FUNCTION fastauth.include_role(role pg_catalog.text, included pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_include_role';
COMMENT ON FUNCTION fastauth.include_role(pg_catalog.text, pg_catalog.text) IS 'let everybody who holds role hold included too (role_not_found; invalid_argument for a cycle)';

CREATE FUNCTION fastauth.exclude_role(role pg_catalog.text, included pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_exclude_role';
COMMENT ON FUNCTION fastauth.exclude_role(pg_catalog.text, pg_catalog.text) IS 'end what include_role() did (role_not_found)';

CREATE FUNCTION fastauth.grant_role(user_id pg_catalog.uuid, role pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_grant_role';
COMMENT ON FUNCTION fastauth.grant_role(pg_catalog.uuid, pg_catalog.text) IS 'give a role to a user; it is no error when they have it (user_not_found, role_not_found)';

CREATE FUNCTION fastauth.revoke_role(user_id pg_catalog.uuid, role pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_revoke_role';
COMMENT ON FUNCTION fastauth.revoke_role(pg_catalog.uuid, pg_catalog.text) IS 'take a role from a user; it is no error when they have it not (user_not_found, role_not_found)';

CREATE FUNCTION fastauth.get_user_roles(user_id pg_catalog.uuid) RETURNS pg_catalog.text[]
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_user_roles';
COMMENT ON FUNCTION fastauth.get_user_roles(pg_catalog.uuid) IS 'roles that were granted to a user, without those that they include';

CREATE FUNCTION fastauth.get_user_permissions(user_id pg_catalog.uuid) RETURNS pg_catalog.text[]
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_user_permissions';
COMMENT ON FUNCTION fastauth.get_user_permissions(pg_catalog.uuid) IS 'permissions of all roles of a user, included ones too; wildcards as they were granted';

CREATE FUNCTION fastauth.user_has_permission(user_id pg_catalog.uuid, permission pg_catalog.text) RETURNS pg_catalog.bool
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_user_has_permission';
COMMENT ON FUNCTION fastauth.user_has_permission(pg_catalog.uuid, pg_catalog.text) IS 'whether a user is active and has this permission, by a wildcard too (invalid_argument)';
