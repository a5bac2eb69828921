/* SessionAdapter: for the application's server. */
CREATE FUNCTION fastauth.create_session(user_id pg_catalog.uuid, ttl pg_catalog.interval DEFAULT NULL, ip_address pg_catalog.inet DEFAULT NULL, user_agent pg_catalog.text DEFAULT NULL, data pg_catalog.jsonb DEFAULT '{}') RETURNS fastauth.session_data
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_create_session';
COMMENT ON FUNCTION fastauth.create_session(pg_catalog.uuid, pg_catalog.interval, pg_catalog.inet, pg_catalog.text, pg_catalog.jsonb) IS 'begin a session without tokens; ttl defaults to session_max_lifetime (user_not_found, account_inactive, invalid_argument)';

CREATE FUNCTION fastauth.get_session(id pg_catalog.uuid) RETURNS fastauth.session_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_session';
COMMENT ON FUNCTION fastauth.get_session(pg_catalog.uuid) IS 'a live session, or NULL';

CREATE FUNCTION fastauth.delete_session(id pg_catalog.uuid) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_delete_session';
COMMENT ON FUNCTION fastauth.delete_session(pg_catalog.uuid) IS 'end a session; none is fine';

CREATE FUNCTION fastauth.delete_user_sessions(user_id pg_catalog.uuid) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_delete_user_sessions';
COMMENT ON FUNCTION fastauth.delete_user_sessions(pg_catalog.uuid) IS 'end every session of a user; none is fine';

CREATE FUNCTION fastauth.list_user_sessions(user_id pg_catalog.uuid) RETURNS SETOF fastauth.session_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_user_sessions';
COMMENT ON FUNCTION fastauth.list_user_sessions(pg_catalog.uuid) IS 'live sessions of a user, oldest first';

CREATE FUNCTION fastauth.cleanup_expired() RETURNS pg_catalog.int8
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_cleanup_expired';
COMMENT ON FUNCTION fastauth.cleanup_expired() IS 'delete sessions, revocations, refresh tokens, one-time tokens and values of session_write() that are over, in batches; the number of rows';
