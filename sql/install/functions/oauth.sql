/* Sign-in and linking by identity providers. */
CREATE TYPE fastauth.oauth_account_data AS (
	provider pg_catalog.text,
	provider_account_id pg_catalog.text,
	user_id pg_catalog.uuid,
	email pg_catalog.text,
	email_verified pg_catalog.bool,
	created_at pg_catalog.timestamptz,
	last_used_at pg_catalog.timestamptz
);
COMMENT ON TYPE fastauth.oauth_account_data IS 'an account at an identity provider that is linked to a user: email and email_verified are what the provider said last';

CREATE FUNCTION fastauth.oauth_authorize_url(provider pg_catalog.text, redirect_uri pg_catalog.text, OUT url pg_catalog.text, OUT state pg_catalog.text, OUT browser_secret pg_catalog.text) RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_oauth_authorize_url';
COMMENT ON FUNCTION fastauth.oauth_authorize_url(pg_catalog.text, pg_catalog.text) IS 'begin to sign in with an identity provider, RFC 6749 section 4.1 with PKCE: send the browser to url, keep browser_secret in it, and call oauth_callback() within ten minutes (rate_limited, provider_not_found, redirect_not_allowed, provider_error, invalid_argument, server_busy)';

CREATE FUNCTION fastauth.oauth_callback(provider pg_catalog.text, code pg_catalog.text, state pg_catalog.text, browser_secret pg_catalog.text, iss pg_catalog.text DEFAULT NULL) RETURNS fastauth.token_pair
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_oauth_callback';
COMMENT ON FUNCTION fastauth.oauth_callback(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'exchange the code that the provider sent the browser back with, and sign in or up; what fails spends the state (rate_limited, provider_not_found, invalid_token, provider_error, user_already_exists, signin_not_allowed, account_inactive, email_not_verified, recorder_unavailable, not_configured, server_busy)';

CREATE FUNCTION fastauth.oauth_error(provider pg_catalog.text, state pg_catalog.text, error pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_oauth_error';
COMMENT ON FUNCTION fastauth.oauth_error(pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'the provider sent the browser back with an error, RFC 6749 section 4.1.2.1: the state is spent (rate_limited, provider_not_found, invalid_argument)';

CREATE FUNCTION fastauth.signin_with_id_token(provider pg_catalog.text, id_token pg_catalog.text, nonce pg_catalog.text) RETURNS fastauth.token_pair
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_signin_with_id_token';
COMMENT ON FUNCTION fastauth.signin_with_id_token(pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'sign in with an ID token that an app got from the provider itself, OpenID Connect Core section 3.1.3.7; good once, for five minutes, with the nonce that the app chose (rate_limited, provider_not_found, provider_error, invalid_token, invalid_argument, user_already_exists, signin_not_allowed, account_inactive, email_not_verified, recorder_unavailable, not_configured, server_busy)';

CREATE FUNCTION fastauth.oauth_link_url(provider pg_catalog.text, redirect_uri pg_catalog.text, OUT url pg_catalog.text, OUT state pg_catalog.text, OUT browser_secret pg_catalog.text) RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_oauth_link_url';
COMMENT ON FUNCTION fastauth.oauth_link_url(pg_catalog.text, pg_catalog.text) IS 'begin to link an account of an identity provider to the current identity, who signed in within reauth_window (not_authenticated, session_revoked, account_inactive, reauthentication_required, rate_limited, provider_not_found, redirect_not_allowed, provider_error, invalid_argument, server_busy)';

CREATE FUNCTION fastauth.link_oauth_account(provider pg_catalog.text, code pg_catalog.text, state pg_catalog.text, browser_secret pg_catalog.text, iss pg_catalog.text DEFAULT NULL) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_link_oauth_account';
COMMENT ON FUNCTION fastauth.link_oauth_account(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text) IS 'exchange the code and link the account, in the session that called oauth_link_url(); the same account again is fine (not_authenticated, session_revoked, account_inactive, reauthentication_required, rate_limited, provider_not_found, invalid_token, provider_error, already_linked, recorder_unavailable, not_configured, server_busy)';

CREATE FUNCTION fastauth.list_oauth_accounts() RETURNS SETOF fastauth.oauth_account_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_list_oauth_accounts';
COMMENT ON FUNCTION fastauth.list_oauth_accounts() IS 'the accounts at identity providers that are linked to the current identity (not_authenticated, session_revoked, account_inactive)';

CREATE FUNCTION fastauth.unlink_oauth_account(provider pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_unlink_oauth_account';
COMMENT ON FUNCTION fastauth.unlink_oauth_account(pg_catalog.text) IS 'unlink the accounts of a provider, and end the sessions that began with it; never the last way to sign in (not_authenticated, session_revoked, account_inactive, reauthentication_required, provider_not_found, last_signin_method)';

CREATE FUNCTION fastauth.create_oauth_account(provider pg_catalog.text, provider_account_id pg_catalog.text, user_id pg_catalog.uuid, email pg_catalog.text DEFAULT NULL) RETURNS fastauth.oauth_account_data
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_create_oauth_account';
COMMENT ON FUNCTION fastauth.create_oauth_account(pg_catalog.text, pg_catalog.text, pg_catalog.uuid, pg_catalog.text) IS 'link an account of a provider that is configured to a user; one that is there already is answered as it is, whoever''s it is (provider_not_found, user_not_found, invalid_email, invalid_argument)';

CREATE FUNCTION fastauth.get_oauth_account(provider pg_catalog.text, provider_account_id pg_catalog.text) RETURNS fastauth.oauth_account_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_oauth_account';
COMMENT ON FUNCTION fastauth.get_oauth_account(pg_catalog.text, pg_catalog.text) IS 'the account of a provider with that id, or NULL (provider_not_found, invalid_argument)';

CREATE FUNCTION fastauth.get_user_oauth_accounts(user_id pg_catalog.uuid) RETURNS SETOF fastauth.oauth_account_data
	LANGUAGE C STABLE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_get_user_oauth_accounts';
COMMENT ON FUNCTION fastauth.get_user_oauth_accounts(pg_catalog.uuid) IS 'the accounts at identity providers that are linked to a user (invalid_argument)';

CREATE FUNCTION fastauth.delete_oauth_account(provider pg_catalog.text, provider_account_id pg_catalog.text) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_delete_oauth_account';
COMMENT ON FUNCTION fastauth.delete_oauth_account(pg_catalog.text, pg_catalog.text) IS 'unlink an account of a provider, whoever''s it is, and end the sessions that its user began with that provider; none is fine, and so is the last way in (provider_not_found, invalid_argument)';

CREATE FUNCTION fastauth.provider_access_token(provider pg_catalog.text) RETURNS pg_catalog.text
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_provider_access_token';
COMMENT ON FUNCTION fastauth.provider_access_token(pg_catalog.text) IS 'a token for the provider''s own API, of the current identity''s account there; renewed when it has expired; kept only with store_provider_tokens (not_authenticated, session_revoked, account_inactive, provider_not_found, provider_error, not_configured, server_busy)';

CREATE FUNCTION fastauth.configure_oauth_provider(name pg_catalog.text, client_id pg_catalog.text, client_secret pg_catalog.text DEFAULT NULL, preset pg_catalog.text DEFAULT NULL, issuer pg_catalog.text DEFAULT NULL,
	scopes pg_catalog.text[] DEFAULT NULL, client_auth pg_catalog.text DEFAULT NULL, authorization_endpoint pg_catalog.text DEFAULT NULL, token_endpoint pg_catalog.text DEFAULT NULL,
	userinfo_endpoint pg_catalog.text DEFAULT NULL, jwks_uri pg_catalog.text DEFAULT NULL, trust_email pg_catalog.bool DEFAULT false, trust_domains pg_catalog.text[] DEFAULT NULL,
	id_token_audiences pg_catalog.text[] DEFAULT NULL, tenants pg_catalog.text[] DEFAULT NULL, options pg_catalog.jsonb DEFAULT '{}', enabled pg_catalog.bool DEFAULT true) RETURNS pg_catalog.void
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_configure_oauth_provider';
COMMENT ON FUNCTION fastauth.configure_oauth_provider(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text[], pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.bool, pg_catalog.text[], pg_catalog.text[], pg_catalog.text[], pg_catalog.jsonb, pg_catalog.bool) IS 'configure an identity provider, by a preset (apple, discord, facebook, github, gitlab, google, linkedin, microsoft, slack, x), by the issuer of OpenID Connect Discovery 1.0, or by three endpoints; the secret is sealed (invalid_argument, not_configured)';

CREATE FUNCTION fastauth.remove_oauth_provider(name pg_catalog.text) RETURNS pg_catalog.bool
	LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'fastauth_remove_oauth_provider';
COMMENT ON FUNCTION fastauth.remove_oauth_provider(pg_catalog.text) IS 'forget how a provider is configured; accounts stay, and are good again when it is configured again; whether there was one (invalid_argument)';

CREATE VIEW fastauth.oauth_providers_overview AS
	SELECT p.name, p.preset, p.enabled, p.issuer, p.client_id, p.client_secret IS NOT NULL AS has_secret, p.client_auth, p.scopes, p.oidc,
		p.authorization_endpoint, p.token_endpoint, p.userinfo_endpoint, p.jwks_uri, p.trust_email, p.trust_domains, p.id_token_audiences, p.tenants, p.options, p.changed_at,
		(SELECT pg_catalog.count(*) FROM fastauth.oauth_accounts a WHERE a.issuer OPERATOR(pg_catalog.=) p.issuer) AS accounts
	FROM fastauth.oauth_providers p;
COMMENT ON VIEW fastauth.oauth_providers_overview IS 'identity providers as they are configured, and how many accounts of each are linked; no secret';
