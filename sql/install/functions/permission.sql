/* What the current identity may do: made to stand bare in policies, once per row. */
CREATE FUNCTION fastauth.has_role(role pg_catalog.text) RETURNS pg_catalog.bool
	LANGUAGE C STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'fastauth_has_role';
COMMENT ON FUNCTION fastauth.has_role(pg_catalog.text) IS 'whether the user who the current transaction acts as holds this role, directly or included; false when nobody is signed in (invalid_argument)';

CREATE FUNCTION fastauth.has_permission(permission pg_catalog.text) RETURNS pg_catalog.bool
	LANGUAGE C STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'fastauth_has_permission';
COMMENT ON FUNCTION fastauth.has_permission(pg_catalog.text) IS 'whether the user who the current transaction acts as has this permission, by a wildcard too; false when nobody is signed in (invalid_argument)';
