/* For PostgREST: what it calls before each request and for its configuration, and the schema that it exposes. */
CREATE FUNCTION fastauth.pre_request() RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'fastauth_pre_request';
COMMENT ON FUNCTION fastauth.pre_request() IS 'PostgREST''s db-pre-request: check the token of the request and make its user the identity, or nobody; only for roles in authenticator_roles (invalid_token, token_expired, session_revoked, account_inactive, email_not_verified, csrf_failed, invalid_argument, not_configured)';

CREATE FUNCTION fastauth.pre_config() RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_pre_config';
COMMENT ON FUNCTION fastauth.pre_config() IS 'PostgREST''s db-pre-config: hand it the public keys; never raises. For the role that PostgREST connects as';

CREATE FUNCTION fastauth.setup_postgrest(authenticator pg_catalog.text DEFAULT 'authenticator', anon pg_catalog.text DEFAULT 'anon', authenticated pg_catalog.text DEFAULT 'authenticated', schema pg_catalog.text DEFAULT 'fastauth_api') RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'fastauth_setup_postgrest';
COMMENT ON FUNCTION fastauth.setup_postgrest(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'make what PostgREST needs, as the caller, as far as it is missing: the three roles and their grants, the schema that it exposes, the settings and the first key; again after an upgrade (invalid_argument, not_configured)';

/*
 * The functions of that schema, made in the schema that comes first in the
 * search_path, by setup_postgrest().  Each calls ours, as its caller, so it can
 * do nothing that its caller may not.  It has the volatility of ours, by which
 * PostgREST makes the transaction READ ONLY or not; what a cookie can hold has
 * the default NULL; and an identity never outlives the transaction.
 */
CREATE FUNCTION fastauth.create_api_functions() RETURNS pg_catalog.void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	AS $body$
BEGIN
	/* For anyone */
	CREATE OR REPLACE FUNCTION signup(email pg_catalog.text, password pg_catalog.text, name pg_catalog.text DEFAULT NULL, image pg_catalog.text DEFAULT NULL, metadata pg_catalog.jsonb DEFAULT '{}') RETURNS fastauth.token_pair
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.signup($1, $2, $3, $4, $5)';

	CREATE OR REPLACE FUNCTION signin(email pg_catalog.text, password pg_catalog.text, remember pg_catalog.bool DEFAULT false) RETURNS fastauth.token_pair
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.signin($1, $2, $3)';

	CREATE OR REPLACE FUNCTION refresh(refresh_token pg_catalog.text DEFAULT NULL) RETURNS fastauth.token_pair
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.refresh($1)';

	CREATE OR REPLACE FUNCTION send_magic_link(email pg_catalog.text) RETURNS pg_catalog.text
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.send_magic_link($1)';

	CREATE OR REPLACE FUNCTION signin_with_magic_link(token pg_catalog.text, challenge pg_catalog.text DEFAULT NULL) RETURNS fastauth.token_pair
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.signin_with_magic_link($1, $2)';

	CREATE OR REPLACE FUNCTION send_otp(email pg_catalog.text) RETURNS pg_catalog.text
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.send_otp($1)';

	CREATE OR REPLACE FUNCTION signin_with_otp(email pg_catalog.text, code pg_catalog.text, challenge pg_catalog.text DEFAULT NULL) RETURNS fastauth.token_pair
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.signin_with_otp($1, $2, $3)';

	CREATE OR REPLACE FUNCTION verify_token(token pg_catalog.text) RETURNS pg_catalog.jsonb
		LANGUAGE sql STABLE PARALLEL UNSAFE AS 'SELECT fastauth.verify_token($1)';

	CREATE OR REPLACE FUNCTION authenticate(token pg_catalog.text) RETURNS pg_catalog.uuid
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.authenticate($1)';

	CREATE OR REPLACE FUNCTION request_password_reset(email pg_catalog.text) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.request_password_reset($1)';

	CREATE OR REPLACE FUNCTION reset_password(token pg_catalog.text, new_password pg_catalog.text) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.reset_password($1, $2)';

	CREATE OR REPLACE FUNCTION verify_email(token pg_catalog.text, password pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.verify_email($1, $2)';

	CREATE OR REPLACE FUNCTION confirm_email_change(token pg_catalog.text, password pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.confirm_email_change($1, $2)';

	CREATE OR REPLACE FUNCTION jwks() RETURNS pg_catalog.jsonb
		LANGUAGE sql STABLE PARALLEL UNSAFE AS 'SELECT fastauth.jwks()';

	CREATE OR REPLACE FUNCTION oauth_authorize_url(provider pg_catalog.text, redirect_uri pg_catalog.text, OUT url pg_catalog.text, OUT state pg_catalog.text, OUT browser_secret pg_catalog.text) RETURNS pg_catalog.record
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT * FROM fastauth.oauth_authorize_url($1, $2)';

	CREATE OR REPLACE FUNCTION oauth_callback(provider pg_catalog.text, code pg_catalog.text, state pg_catalog.text, browser_secret pg_catalog.text DEFAULT NULL, iss pg_catalog.text DEFAULT NULL) RETURNS fastauth.token_pair
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.oauth_callback($1, $2, $3, $4, $5)';

	CREATE OR REPLACE FUNCTION oauth_error(provider pg_catalog.text, state pg_catalog.text, error pg_catalog.text) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.oauth_error($1, $2, $3)';

	CREATE OR REPLACE FUNCTION signin_with_id_token(provider pg_catalog.text, id_token pg_catalog.text, nonce pg_catalog.text) RETURNS fastauth.token_pair
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.signin_with_id_token($1, $2, $3)';

	CREATE OR REPLACE FUNCTION uid() RETURNS pg_catalog.uuid
		LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT fastauth.uid()';

	CREATE OR REPLACE FUNCTION has_role(role pg_catalog.text) RETURNS pg_catalog.bool
		LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT fastauth.has_role($1)';

	CREATE OR REPLACE FUNCTION has_permission(permission pg_catalog.text) RETURNS pg_catalog.bool
		LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT fastauth.has_permission($1)';

	/* For the current identity */
	CREATE OR REPLACE FUNCTION claims() RETURNS pg_catalog.jsonb
		LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT fastauth.claims()';

	CREATE OR REPLACE FUNCTION session_id() RETURNS pg_catalog.uuid
		LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT fastauth.session_id()';

	CREATE OR REPLACE FUNCTION me() RETURNS fastauth.user_data
		LANGUAGE sql STABLE PARALLEL UNSAFE AS 'SELECT fastauth.me()';

	CREATE OR REPLACE FUNCTION update_me(name pg_catalog.text DEFAULT NULL, image pg_catalog.text DEFAULT NULL, metadata pg_catalog.jsonb DEFAULT NULL) RETURNS fastauth.user_data
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.update_me($1, $2, $3)';

	CREATE OR REPLACE FUNCTION signout(scope pg_catalog.text DEFAULT 'local') RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.signout($1)';

	CREATE OR REPLACE FUNCTION list_sessions() RETURNS TABLE (id pg_catalog.uuid, created_at pg_catalog.timestamptz, last_used_at pg_catalog.timestamptz, expires_at pg_catalog.timestamptz, ip_address pg_catalog.inet, user_agent pg_catalog.text, provider pg_catalog.text, current pg_catalog.bool)
		LANGUAGE sql STABLE PARALLEL UNSAFE AS 'SELECT * FROM fastauth.list_sessions()';

	CREATE OR REPLACE FUNCTION revoke_session(id pg_catalog.uuid) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.revoke_session($1)';

	CREATE OR REPLACE FUNCTION change_password(current_password pg_catalog.text, new_password pg_catalog.text) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.change_password($1, $2)';

	CREATE OR REPLACE FUNCTION set_first_password(new_password pg_catalog.text) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.set_first_password($1)';

	CREATE OR REPLACE FUNCTION reauthenticate(password pg_catalog.text) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.reauthenticate($1)';

	CREATE OR REPLACE FUNCTION delete_me(password pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.delete_me($1)';

	CREATE OR REPLACE FUNCTION request_email_verification() RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.request_email_verification()';

	CREATE OR REPLACE FUNCTION request_email_change(new_email pg_catalog.text, password pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.request_email_change($1, $2)';

	CREATE OR REPLACE FUNCTION oauth_link_url(provider pg_catalog.text, redirect_uri pg_catalog.text, OUT url pg_catalog.text, OUT state pg_catalog.text, OUT browser_secret pg_catalog.text) RETURNS pg_catalog.record
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT * FROM fastauth.oauth_link_url($1, $2)';

	CREATE OR REPLACE FUNCTION link_oauth_account(provider pg_catalog.text, code pg_catalog.text, state pg_catalog.text, browser_secret pg_catalog.text DEFAULT NULL, iss pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.link_oauth_account($1, $2, $3, $4, $5)';

	CREATE OR REPLACE FUNCTION list_oauth_accounts() RETURNS SETOF fastauth.oauth_account_data
		LANGUAGE sql STABLE PARALLEL UNSAFE AS 'SELECT * FROM fastauth.list_oauth_accounts()';

	CREATE OR REPLACE FUNCTION unlink_oauth_account(provider pg_catalog.text) RETURNS pg_catalog.void
		LANGUAGE sql VOLATILE PARALLEL UNSAFE AS 'SELECT fastauth.unlink_oauth_account($1)';
END
$body$;
COMMENT ON FUNCTION fastauth.create_api_functions() IS 'make the functions that PostgREST exposes in the first schema of the search_path; setup_postgrest() calls it';
