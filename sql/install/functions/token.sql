/* Access tokens. */
CREATE FUNCTION fastauth.verify_token(token pg_catalog.text) RETURNS pg_catalog.jsonb
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_verify_token';
COMMENT ON FUNCTION fastauth.verify_token(pg_catalog.text) IS 'claims of a good access token: signature, times, issuer, audience, session and user are checked, RFC 7519 section 7.2 (invalid_token, token_expired, session_revoked, account_inactive)';

CREATE FUNCTION fastauth.issue_jwt(user_id pg_catalog.uuid, claims pg_catalog.jsonb DEFAULT '{}', ttl pg_catalog.interval DEFAULT NULL) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_issue_jwt';
COMMENT ON FUNCTION fastauth.issue_jwt(pg_catalog.uuid, pg_catalog.jsonb, pg_catalog.interval) IS 'sign an access token for a user, without a session; it ends by itself (user_not_found, account_inactive, invalid_argument)';

CREATE FUNCTION fastauth.introspect(token pg_catalog.text) RETURNS pg_catalog.jsonb
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_introspect';
COMMENT ON FUNCTION fastauth.introspect(pg_catalog.text) IS 'what a token is and whether it is good, RFC 7662; never raises for what the token is';
