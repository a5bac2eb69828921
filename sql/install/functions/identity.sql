/* Who the current transaction acts as. */
CREATE FUNCTION fastauth.authenticate(token pg_catalog.text, is_local pg_catalog.bool DEFAULT true) RETURNS pg_catalog.uuid
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_authenticate';
COMMENT ON FUNCTION fastauth.authenticate(pg_catalog.text, pg_catalog.bool) IS 'check an access token or a session token and make its user the identity of this transaction; a call that fails leaves nobody (invalid_token, token_expired, session_revoked, account_inactive, email_not_verified, not_configured, invalid_argument)';

CREATE FUNCTION fastauth.uid() RETURNS pg_catalog.uuid
	LANGUAGE C STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'fastauth_uid';
COMMENT ON FUNCTION fastauth.uid() IS 'id of the user who the current transaction acts as, or NULL; made for row-level security policies';

CREATE FUNCTION fastauth.claims() RETURNS pg_catalog.jsonb
	LANGUAGE C STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'fastauth_claims';
COMMENT ON FUNCTION fastauth.claims() IS 'claims of the token that the current identity came with (not_authenticated)';

CREATE FUNCTION fastauth.session_id() RETURNS pg_catalog.uuid
	LANGUAGE C STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'fastauth_session_id';
COMMENT ON FUNCTION fastauth.session_id() IS 'session of the current identity, NULL when its token belongs to none (not_authenticated)';

CREATE FUNCTION fastauth.csrf_token() RETURNS pg_catalog.text
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_csrf_token';
COMMENT ON FUNCTION fastauth.csrf_token() IS 'what the header X-CSRF-Token of this browser''s requests has to hold, for pages that cannot read its cookie; NULL without a session in cookies';

CREATE FUNCTION fastauth.set_client(address pg_catalog.inet, user_agent pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_set_client';
COMMENT ON FUNCTION fastauth.set_client(pg_catalog.inet, pg_catalog.text) IS 'tell, for this transaction, which client an application server acts for (invalid_argument)';
