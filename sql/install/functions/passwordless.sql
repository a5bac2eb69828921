/* Sign-in by a link or a code that was sent to the mailbox: for anyone. */
CREATE FUNCTION fastauth.send_magic_link(email pg_catalog.text) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_send_magic_link';
COMMENT ON FUNCTION fastauth.send_magic_link(pg_catalog.text) IS 'mail a link to sign in with, and answer the challenge that the same browser needs to use it; the same for an address of nobody, and over the limit (invalid_email, not_configured)';

CREATE FUNCTION fastauth.signin_with_magic_link(token pg_catalog.text, challenge pg_catalog.text DEFAULT NULL) RETURNS fastauth.token_pair
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_signin_with_magic_link';
COMMENT ON FUNCTION fastauth.signin_with_magic_link(pg_catalog.text, pg_catalog.text) IS 'sign in with the token of a magic link and the challenge of send_magic_link; proves the address (rate_limited, invalid_token, token_expired, account_inactive, signin_not_allowed, server_busy)';

CREATE FUNCTION fastauth.send_otp(email pg_catalog.text) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_send_otp';
COMMENT ON FUNCTION fastauth.send_otp(pg_catalog.text) IS 'mail a code to sign in with, and answer the challenge that it belongs to; the same for an address of nobody, and over the limit (invalid_email, not_configured)';

CREATE FUNCTION fastauth.signin_with_otp(email pg_catalog.text, code pg_catalog.text, challenge pg_catalog.text) RETURNS fastauth.token_pair
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_signin_with_otp';
COMMENT ON FUNCTION fastauth.signin_with_otp(pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'sign in with a code that was mailed and the challenge of send_otp; three wrong codes end it; proves the address (rate_limited, invalid_token, token_expired, recorder_unavailable, account_inactive, signin_not_allowed, server_busy)';
