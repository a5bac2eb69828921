/*
 * oauth_providers: who else may say who somebody is.  Accounts are keyed by
 * issuer and the provider's own id (S72); for a provider without OpenID Connect
 * issuer is the origin of its authorization endpoint.  Endpoints are NULL where
 * discovery tells them.  client_secret is sealed; of client_auth apple it is the
 * private key that signs one.  trust_email: whether an address that the provider
 * calls verified is taken as proved (S73); trust_domains narrows it to addresses
 * of these domains, '{}' is none of them but what the preset says.
 */
CREATE TABLE fastauth.oauth_providers (
	name pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	preset pg_catalog.text,
	enabled pg_catalog.bool NOT NULL,
	issuer pg_catalog.text NOT NULL,
	client_id pg_catalog.text NOT NULL,
	client_secret pg_catalog.bytea,
	client_auth pg_catalog.text NOT NULL,
	scopes pg_catalog.text[] NOT NULL,
	oidc pg_catalog.bool NOT NULL,
	authorization_endpoint pg_catalog.text,
	token_endpoint pg_catalog.text,
	userinfo_endpoint pg_catalog.text,
	jwks_uri pg_catalog.text,
	trust_email pg_catalog.bool NOT NULL,
	trust_domains pg_catalog.text[],
	id_token_audiences pg_catalog.text[] NOT NULL,
	tenants pg_catalog.text[],
	options pg_catalog.jsonb NOT NULL,
	changed_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT oauth_providers_pkey PRIMARY KEY (name)
);
ALTER TABLE fastauth.oauth_providers ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.oauth_providers', '');

/*
 * oauth_accounts: which account at which issuer is whose.  provider is the name
 * that it came by; the tokens of the provider are sealed, and kept only with
 * store_provider_tokens.
 */
CREATE TABLE fastauth.oauth_accounts (
	id pg_catalog.uuid NOT NULL,
	user_id pg_catalog.uuid NOT NULL,
	provider pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	issuer pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	provider_account_id pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	email pg_catalog.text COLLATE pg_catalog."C",
	email_verified pg_catalog.bool NOT NULL,
	access_token pg_catalog.bytea,
	refresh_token pg_catalog.bytea,
	token_expires_at pg_catalog.timestamptz,
	created_at pg_catalog.timestamptz NOT NULL,
	last_used_at pg_catalog.timestamptz,
	CONSTRAINT oauth_accounts_pkey PRIMARY KEY (id),
	CONSTRAINT oauth_accounts_issuer_provider_account_id_key UNIQUE (issuer, provider_account_id),
	CONSTRAINT oauth_accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES fastauth.users (id) ON DELETE CASCADE
);
CREATE INDEX oauth_accounts_user_id_idx ON fastauth.oauth_accounts (user_id);
ALTER TABLE fastauth.oauth_accounts ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.oauth_accounts', '');
