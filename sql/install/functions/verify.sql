/* Proving an address by a link in a mail: to verify it, to reset a password, to change it. */
CREATE FUNCTION fastauth.request_email_verification() RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_request_email_verification';
COMMENT ON FUNCTION fastauth.request_email_verification() IS 'mail the current user a link to verify the address; nothing is sent when it is verified, or too often (not_authenticated, session_revoked, account_inactive, not_configured)';

CREATE FUNCTION fastauth.verify_email(token pg_catalog.text, password pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_verify_email';
COMMENT ON FUNCTION fastauth.verify_email(pg_catalog.text, pg_catalog.text) IS 'verify the address that a link was sent to; without the user''s own session or the password, an account that was not verified loses its password and its sessions (invalid_token, token_expired, invalid_credentials, account_locked, recorder_unavailable, account_inactive, session_revoked, server_busy)';

CREATE FUNCTION fastauth.request_password_reset(email pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_request_password_reset';
COMMENT ON FUNCTION fastauth.request_password_reset(pg_catalog.text) IS 'mail a link to choose a new password; the same answer when there is no such user, or it was asked for too often (invalid_email, not_configured)';

CREATE FUNCTION fastauth.reset_password(token pg_catalog.text, new_password pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_reset_password';
COMMENT ON FUNCTION fastauth.reset_password(pg_catalog.text, pg_catalog.text) IS 'set the password by a link that was mailed; verifies the address, ends all sessions and other links, and lifts a lockout (invalid_token, token_expired, weak_password, account_inactive, server_busy)';

CREATE FUNCTION fastauth.request_email_change(new_email pg_catalog.text, password pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_request_email_change';
COMMENT ON FUNCTION fastauth.request_email_change(pg_catalog.text, pg_catalog.text) IS 'mail a link to the new address of the current user, with the password or after a recent sign-in; the same answer when it is taken (not_authenticated, invalid_email, invalid_credentials, account_locked, recorder_unavailable, reauthentication_required, invalid_argument, not_configured)';

CREATE FUNCTION fastauth.confirm_email_change(token pg_catalog.text, password pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_confirm_email_change';
COMMENT ON FUNCTION fastauth.confirm_email_change(pg_catalog.text, pg_catalog.text) IS 'change the address to the one that a link was sent to; ends the other sessions, and without the user''s own session or the password the password too (invalid_token, token_expired, user_already_exists, invalid_credentials, account_locked, recorder_unavailable, account_inactive, session_revoked, server_busy)';
