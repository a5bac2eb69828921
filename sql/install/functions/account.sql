/* What the current identity does with its own account. */
CREATE FUNCTION fastauth.me() RETURNS fastauth.user_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_me';
COMMENT ON FUNCTION fastauth.me() IS 'the current user (not_authenticated, session_revoked, account_inactive)';

CREATE FUNCTION fastauth.update_me(name pg_catalog.text DEFAULT NULL, image pg_catalog.text DEFAULT NULL, metadata pg_catalog.jsonb DEFAULT NULL) RETURNS fastauth.user_data
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_update_me';
COMMENT ON FUNCTION fastauth.update_me(pg_catalog.text, pg_catalog.text, pg_catalog.jsonb) IS 'change the current user''s own profile: NULL keeps, '''' clears (not_authenticated, invalid_argument)';

CREATE FUNCTION fastauth.signout(scope pg_catalog.text DEFAULT 'local') RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_signout';
COMMENT ON FUNCTION fastauth.signout(pg_catalog.text) IS 'end sessions of the current user: local, others or global; with cookies also of a browser whose access cookie is over (not_authenticated, csrf_failed, reauthentication_required, session_not_found, invalid_argument)';

CREATE FUNCTION fastauth.list_sessions() RETURNS TABLE (id pg_catalog.uuid, created_at pg_catalog.timestamptz, last_used_at pg_catalog.timestamptz, expires_at pg_catalog.timestamptz, ip_address pg_catalog.inet, user_agent pg_catalog.text, provider pg_catalog.text, current pg_catalog.bool)
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_sessions';
COMMENT ON FUNCTION fastauth.list_sessions() IS 'live sessions of the current user, oldest first (not_authenticated)';

CREATE FUNCTION fastauth.revoke_session(id pg_catalog.uuid) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_revoke_session';
COMMENT ON FUNCTION fastauth.revoke_session(pg_catalog.uuid) IS 'end one session of the current user (not_authenticated, session_not_found, reauthentication_required)';

CREATE FUNCTION fastauth.change_password(current_password pg_catalog.text, new_password pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_change_password';
COMMENT ON FUNCTION fastauth.change_password(pg_catalog.text, pg_catalog.text) IS 'change the password of the current user and end the other sessions (not_authenticated, invalid_credentials, account_locked, recorder_unavailable, weak_password, server_busy)';

CREATE FUNCTION fastauth.set_first_password(new_password pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_set_first_password';
COMMENT ON FUNCTION fastauth.set_first_password(pg_catalog.text) IS 'give a password to the current user, who has none, and end the other sessions (not_authenticated, reauthentication_required, weak_password, invalid_argument)';

CREATE FUNCTION fastauth.reauthenticate(password pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_reauthenticate';
COMMENT ON FUNCTION fastauth.reauthenticate(pg_catalog.text) IS 'prove again who the current user is, for changes that need a recent sign-in (not_authenticated, invalid_credentials, account_locked, recorder_unavailable, reauthentication_required, server_busy)';

CREATE FUNCTION fastauth.delete_me(password pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_delete_me';
COMMENT ON FUNCTION fastauth.delete_me(pg_catalog.text) IS 'delete the current user and everything of theirs, with the password or after a recent sign-in (not_authenticated, invalid_credentials, account_locked, recorder_unavailable, reauthentication_required)';
