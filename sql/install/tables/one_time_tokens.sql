/*
 * one_time_tokens: what is good for one use: links and codes that were sent to
 * a mailbox, and tokens of the application (create_token).
 *
 * token_hash is the SHA-256 of the type and the token, so that a token of one
 * type is none of another; of a code, which is short, it is that of its
 * challenge, and the code is kept as a keyed hash (S35).  any_type_hash, of the
 * token alone, is there only for the application's, which are deleted without
 * telling their type.  client is who asked: what one asks for does not end what
 * another asked for.
 *
 * What was asked for an address of nobody has a row too, without user_id, so
 * that it takes as long.  address_hash is a keyed hash of the address that it
 * was sent to; sealed_address is that address, which only the token itself
 * opens: a change of e-mail needs it, and an account that is made when a link
 * is used (S63).
 */
CREATE TABLE fastauth.one_time_tokens (
	id pg_catalog.uuid NOT NULL,
	token_hash pg_catalog.bytea NOT NULL,
	any_type_hash pg_catalog.bytea,
	token_type pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
	user_id pg_catalog.uuid,
	address_hash pg_catalog.bytea,
	sealed_address pg_catalog.bytea,
	client pg_catalog.inet,
	challenge_hash pg_catalog.bytea,
	code_hash pg_catalog.bytea,
	raw_data pg_catalog.jsonb,
	created_at pg_catalog.timestamptz NOT NULL,
	expires_at pg_catalog.timestamptz NOT NULL,
	CONSTRAINT one_time_tokens_pkey PRIMARY KEY (id),
	CONSTRAINT one_time_tokens_token_hash_key UNIQUE (token_hash),
	CONSTRAINT one_time_tokens_any_type_hash_key UNIQUE (any_type_hash),
	CONSTRAINT one_time_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES fastauth.users (id) ON DELETE CASCADE
);
CREATE INDEX one_time_tokens_user_id_idx ON fastauth.one_time_tokens (user_id, token_type) WHERE user_id IS NOT NULL;
CREATE INDEX one_time_tokens_address_hash_idx ON fastauth.one_time_tokens (address_hash, token_type) WHERE address_hash IS NOT NULL;
CREATE INDEX one_time_tokens_expires_at_idx ON fastauth.one_time_tokens (expires_at);
ALTER TABLE fastauth.one_time_tokens ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.one_time_tokens', '');
