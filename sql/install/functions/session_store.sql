/* SessionBackend: a key-value store with a time to live, for the application's server. */
CREATE FUNCTION fastauth.session_read(id pg_catalog.text) RETURNS pg_catalog.jsonb
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_session_read';
COMMENT ON FUNCTION fastauth.session_read(pg_catalog.text) IS 'the value that session_write() keeps under an id, or NULL when there is none or its time is over (invalid_argument)';

CREATE FUNCTION fastauth.session_write(id pg_catalog.text, data pg_catalog.jsonb, ttl pg_catalog.interval) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_session_write';
COMMENT ON FUNCTION fastauth.session_write(pg_catalog.text, pg_catalog.jsonb, pg_catalog.interval) IS 'keep a value under an id for a time, in place of the one before; of several writers the last one wins (invalid_argument)';

CREATE FUNCTION fastauth.session_delete(id pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_session_delete';
COMMENT ON FUNCTION fastauth.session_delete(pg_catalog.text) IS 'remove what session_write() keeps under an id; none is fine (invalid_argument)';

CREATE FUNCTION fastauth.session_exists(id pg_catalog.text) RETURNS pg_catalog.bool
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_session_exists';
COMMENT ON FUNCTION fastauth.session_exists(pg_catalog.text) IS 'whether session_read() would find a value (invalid_argument)';
