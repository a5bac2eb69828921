/*
 * session_store: values that live for a while, by a key.  kind keeps those of
 * the application (app) apart from our own; a key is known by its SHA-256 only,
 * so that who reads this table holds no cookie of anybody (S36).
 */
CREATE TABLE fastauth.session_store (
	kind pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	key_hash pg_catalog.bytea NOT NULL,
	value pg_catalog.jsonb NOT NULL,
	expires_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT session_store_pkey PRIMARY KEY (kind, key_hash)
);
CREATE INDEX session_store_expires_at_idx ON fastauth.session_store (expires_at);
ALTER TABLE fastauth.session_store ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.session_store', '');
