/* What functions answer.  No function takes or returns a table's row type (S54). */
CREATE TYPE fastauth.token_pair AS (
	access_token pg_catalog.text,
	refresh_token pg_catalog.text,
	token_type pg_catalog.text,
	expires_in pg_catalog.int4
);
COMMENT ON TYPE fastauth.token_pair IS 'what a sign-in answers (RFC 6749 section 5.1): access token, refresh token, token_type bearer, seconds until the access token expires; with session_strategy database: a session token, NULL, session, seconds until it expires unused; both tokens are NULL where they are delivered in cookies';

CREATE TYPE fastauth.user_data AS (
	id pg_catalog.uuid,
	email pg_catalog.text,
	name pg_catalog.text,
	image pg_catalog.text,
	email_verified pg_catalog.bool,
	is_active pg_catalog.bool,
	metadata pg_catalog.jsonb,
	app_metadata pg_catalog.jsonb,
	created_at pg_catalog.timestamptz,
	updated_at pg_catalog.timestamptz
);
COMMENT ON TYPE fastauth.user_data IS 'a user, without anything secret: metadata is the user''s to write, app_metadata only the server''s';

CREATE TYPE fastauth.session_data AS (
	id pg_catalog.uuid,
	user_id pg_catalog.uuid,
	created_at pg_catalog.timestamptz,
	last_used_at pg_catalog.timestamptz,
	expires_at pg_catalog.timestamptz,
	ip_address pg_catalog.inet,
	user_agent pg_catalog.text,
	provider pg_catalog.text,
	data pg_catalog.jsonb
);
COMMENT ON TYPE fastauth.session_data IS 'a session: one sign-in on one device';

CREATE TYPE fastauth.role_data AS (
	name pg_catalog.text,
	permissions pg_catalog.text[],
	includes pg_catalog.text[]
);
COMMENT ON TYPE fastauth.role_data IS 'a role of the application: its own permissions, and the roles that it includes';

CREATE TYPE fastauth.token_data AS (
	user_id pg_catalog.uuid,
	token_type pg_catalog.text,
	expires_at pg_catalog.timestamptz,
	raw_data pg_catalog.jsonb,
	created_at pg_catalog.timestamptz
);
COMMENT ON TYPE fastauth.token_data IS 'a one-time token of the application, without the token';
