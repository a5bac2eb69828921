/*
 * refresh_tokens: the chain of a session.  A token is known by its SHA-256 only.
 * A used one stays until it would have expired, so that a replay is noticed.
 * sealed_successor lets the same token be answered with the same successor
 * within the grace period; only who holds the token can open it.
 */
CREATE TABLE fastauth.refresh_tokens (
	token_hash pg_catalog.bytea NOT NULL,
	session_id pg_catalog.uuid NOT NULL,
	predecessor pg_catalog.bytea,
	created_at pg_catalog.timestamptz NOT NULL,
	expires_at pg_catalog.timestamptz NOT NULL,
	used_at pg_catalog.timestamptz,
	sealed_successor pg_catalog.bytea,
	CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash),
	CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES fastauth.sessions (id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_session_id_idx ON fastauth.refresh_tokens (session_id);
/* Rows come in the order of their expiry, or nearly: a block range index is enough for the cleanup and costs the hot path nothing. */
CREATE INDEX refresh_tokens_expires_at_idx ON fastauth.refresh_tokens USING brin (expires_at);
ALTER TABLE fastauth.refresh_tokens ENABLE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('fastauth.refresh_tokens', '');
