/* secrets: set_secret() seals them (S34); no function answers one. */
CREATE TABLE fastauth.secrets (
	name pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	value pg_catalog.bytea NOT NULL,
	changed_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT secrets_pkey PRIMARY KEY (name)
);
ALTER TABLE fastauth.secrets ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.secrets', '');
