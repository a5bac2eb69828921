/* Who may call what. */
CREATE FUNCTION fastauth.grant_api(anon pg_catalog.regrole, authenticated pg_catalog.regrole, server pg_catalog.regrole DEFAULT NULL, admin pg_catalog.regrole DEFAULT NULL, authenticator pg_catalog.regrole DEFAULT NULL) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_grant_api';
COMMENT ON FUNCTION fastauth.grant_api(pg_catalog.regrole, pg_catalog.regrole, pg_catalog.regrole, pg_catalog.regrole, pg_catalog.regrole) IS 'let roles call the functions of the groups anon, authenticated, server and admin, each of which includes the one before it, and of authenticator, which stands for itself (PostgRESTs own role); NULL skips a group (invalid_argument). Only the owner and superusers may call it';

CREATE FUNCTION fastauth.list_api(OUT name pg_catalog.text, OUT kind pg_catalog.text, OUT api_group pg_catalog.text) RETURNS SETOF pg_catalog.record
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_api';
COMMENT ON FUNCTION fastauth.list_api() IS 'the functions, views and types that grant_api() grants, and the smallest group of each. Only the owner and superusers may call it';
