/* Sign-up, sign-in, refresh: for anyone. */
CREATE FUNCTION fastauth.signup(email pg_catalog.text, password pg_catalog.text, name pg_catalog.text DEFAULT NULL, image pg_catalog.text DEFAULT NULL, metadata pg_catalog.jsonb DEFAULT '{}') RETURNS fastauth.token_pair
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_signup';
COMMENT ON FUNCTION fastauth.signup(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.jsonb) IS 'sign up with e-mail and password, and sign in; with require_verified_email the answer is NULLs, also for an address that is known (rate_limited, user_already_exists, invalid_email, weak_password, signin_not_allowed, invalid_argument)';

CREATE FUNCTION fastauth.signin(email pg_catalog.text, password pg_catalog.text, remember pg_catalog.bool DEFAULT false) RETURNS fastauth.token_pair
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_signin';
COMMENT ON FUNCTION fastauth.signin(pg_catalog.text, pg_catalog.text, pg_catalog.bool) IS 'sign in with e-mail and password (rate_limited, invalid_credentials, account_locked, recorder_unavailable, signin_not_allowed, account_inactive, email_not_verified, server_busy)';

CREATE FUNCTION fastauth.refresh(refresh_token pg_catalog.text) RETURNS fastauth.token_pair
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_refresh';
COMMENT ON FUNCTION fastauth.refresh(pg_catalog.text) IS 'spend a refresh token for its successor and a new access token, RFC 6749 section 6; NULL is the token in the request''s cookie, where there are cookies (rate_limited, csrf_failed, invalid_token, token_expired, session_revoked, refresh_token_reused, recorder_unavailable, signin_not_allowed, account_inactive, email_not_verified)';
