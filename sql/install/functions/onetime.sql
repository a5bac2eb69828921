/* TokenAdapter: one-time tokens of the application, for its server. */
CREATE FUNCTION fastauth.create_token(user_id pg_catalog.uuid, token_type pg_catalog.text, ttl pg_catalog.interval, raw_data pg_catalog.jsonb DEFAULT NULL) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_create_token';
COMMENT ON FUNCTION fastauth.create_token(pg_catalog.uuid, pg_catalog.text, pg_catalog.interval, pg_catalog.jsonb) IS 'a new one-time token of the application for a user, told this once; fastauth''s own types are refused (user_not_found, invalid_argument)';

CREATE FUNCTION fastauth.get_token(token pg_catalog.text, token_type pg_catalog.text) RETURNS fastauth.token_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_token';
COMMENT ON FUNCTION fastauth.get_token(pg_catalog.text, pg_catalog.text) IS 'what create_token() keeps under a token of this type, or NULL; the token stays (invalid_argument)';

CREATE FUNCTION fastauth.consume_token(token pg_catalog.text, token_type pg_catalog.text) RETURNS fastauth.token_data
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_consume_token';
COMMENT ON FUNCTION fastauth.consume_token(pg_catalog.text, pg_catalog.text) IS 'the same, and the token is gone: of any number of racing callers one gets it, the others NULL (invalid_argument)';

CREATE FUNCTION fastauth.delete_token(token pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_delete_token';
COMMENT ON FUNCTION fastauth.delete_token(pg_catalog.text) IS 'remove a token of create_token(), of whatever type; none is fine (invalid_argument)';

CREATE FUNCTION fastauth.delete_user_tokens(user_id pg_catalog.uuid, token_type pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.int8
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_delete_user_tokens';
COMMENT ON FUNCTION fastauth.delete_user_tokens(pg_catalog.uuid, pg_catalog.text) IS 'end a user''s one-time tokens of a type, or (NULL) of all types, links and codes of fastauth too; how many (invalid_argument)';
