/*
 * signing_keys: what tokens are signed and verified with.  The state of a key
 * follows from the clock and these times, so nothing has to be written for a
 * key to be promoted (src/auth/README.md draws it): it signs from signs_at
 * until signs_until, and verifies until verifies_until.  The public part is
 * clear, so that a standby without the master key verifies; a private part or a
 * secret is sealed.  A key that is gone leaves its row: neither its kid nor its
 * thumbprint (RFC 7638; of an imported secret, Argon2id of it) comes back.
 */
CREATE TABLE fastauth.signing_keys (
	kid pg_catalog.text NOT NULL,
	thumbprint pg_catalog.text NOT NULL,
	algorithm pg_catalog.text NOT NULL,
	public_jwk pg_catalog.jsonb,
	private_key pg_catalog.bytea,
	issuer pg_catalog.text,
	created_at pg_catalog.timestamptz NOT NULL,
	signs_at pg_catalog.timestamptz,
	signs_until pg_catalog.timestamptz,
	longest_exp pg_catalog.timestamptz,
	verifies_until pg_catalog.timestamptz,
	CONSTRAINT signing_keys_pkey PRIMARY KEY (kid),
	CONSTRAINT signing_keys_thumbprint_key UNIQUE (thumbprint)
);
ALTER TABLE fastauth.signing_keys ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.signing_keys', '');
